# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio blocks for Implicit-JSCC: thin adapters over the library ``implicitjscc``.

Encoder, Transmitter, Receiver and Decoder make a link; Symbol Source and Symbol Sink take the place
of Transmitter and Receiver where the channel is the paper's ideal one. Channel Laboratory is a
simulated radio link; Radio Sink and Radio Source are the radios at the ends of a real one. SigMF
Sink and SigMF Source record a stream and play it again. Digital
Reference is another system over the same channel uses, and Reconstruction Display shows what comes
of it. Control Server lets other programs watch and command. The ``open_`` functions make the same
blocks for a program that ends with one line where one cannot be made. ``pdu`` and ``source_pdu``
convert what passes between them.
"""

from .channel_laboratory import channel_laboratory
from .control_server import control_server
from .decoder import decoder
from .digital_reference import digital_reference
from .encoder import encoder
from .factories import (
    open_channel_laboratory,
    open_control_server,
    open_decoder,
    open_digital_reference,
    open_encoder,
    open_radio_sink,
    open_radio_source,
    open_radio_status,
    open_receiver,
    open_reconstruction_display,
    open_sigmf_sink,
    open_sigmf_source,
    open_symbol_sink,
    open_symbol_source,
    open_transmitter,
)
from .radio_sink import radio_sink
from .radio_source import radio_source
from .radio_status import radio_status
from .receiver import receiver
from .reconstruction_display import reconstruction_display
from .sample_queue_sink import sample_queue_sink
from .sample_queue_source import sample_queue_source
from .sigmf_sink import sigmf_sink
from .sigmf_source import sigmf_source
from .symbol_sink import symbol_sink
from .symbol_source import symbol_source
from .transmitter import transmitter

__all__ = [
    "channel_laboratory",
    "control_server",
    "decoder",
    "digital_reference",
    "encoder",
    "open_channel_laboratory",
    "open_control_server",
    "open_decoder",
    "open_digital_reference",
    "open_encoder",
    "open_radio_sink",
    "open_radio_source",
    "open_radio_status",
    "open_receiver",
    "open_reconstruction_display",
    "open_sigmf_sink",
    "open_sigmf_source",
    "open_symbol_sink",
    "open_symbol_source",
    "open_transmitter",
    "radio_sink",
    "radio_source",
    "radio_status",
    "receiver",
    "reconstruction_display",
    "sample_queue_sink",
    "sample_queue_source",
    "sigmf_sink",
    "sigmf_source",
    "symbol_sink",
    "symbol_source",
    "transmitter",
]
