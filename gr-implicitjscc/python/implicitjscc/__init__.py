# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio blocks for Implicit-JSCC: thin adapters over the library ``implicitjscc``.

Encoder, Transmitter, Receiver and Decoder make a link; Symbol Source and Symbol Sink take the place
of Transmitter and Receiver where the channel is the paper's ideal one. Channel Laboratory is a
simulated radio link. ``pdu`` and ``source_pdu`` convert what passes between them.
"""

from .channel_laboratory import channel_laboratory
from .decoder import decoder
from .encoder import encoder
from .receiver import receiver
from .symbol_sink import symbol_sink
from .symbol_source import symbol_source
from .transmitter import transmitter

__all__ = [
    "channel_laboratory",
    "decoder",
    "encoder",
    "receiver",
    "symbol_sink",
    "symbol_source",
    "transmitter",
]
