# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio blocks for Implicit-JSCC: thin adapters over the library ``implicitjscc``.

Encoder, Transmitter, Receiver and Decoder make a link; Symbol Source and Symbol Sink take the place
of Transmitter and Receiver where the channel is the paper's ideal one. Channel Laboratory is a
simulated radio link; Radio Sink and Radio Source are the radios at the ends of a real one. SigMF
Sink and SigMF Source record a stream and play it again. Digital
Reference is another system over the same channel uses, and Reconstruction Display shows what comes
of it. ``pdu`` and ``source_pdu`` convert what passes between them.
"""

from .channel_laboratory import channel_laboratory
from .decoder import decoder
from .digital_reference import digital_reference
from .encoder import encoder
from .radio_sink import open_radio_sink, radio_sink
from .radio_source import open_radio_source, radio_source
from .radio_status import radio_status
from .receiver import receiver
from .reconstruction_display import reconstruction_display
from .sample_queue_sink import sample_queue_sink
from .sample_queue_source import sample_queue_source
from .sigmf_sink import open_sigmf_sink, sigmf_sink
from .sigmf_source import open_sigmf_source, sigmf_source
from .symbol_sink import symbol_sink
from .symbol_source import symbol_source
from .transmitter import transmitter

__all__ = [
    "channel_laboratory",
    "decoder",
    "digital_reference",
    "encoder",
    "open_radio_sink",
    "open_radio_source",
    "open_sigmf_sink",
    "open_sigmf_source",
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
