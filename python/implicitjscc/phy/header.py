# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a content: 48 bytes and a CRC-32, the same in every frame."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from ..content import DESCRIPTION_BYTES, Content
from .frame import MAXIMUM_PAYLOAD_SYMBOLS
from .profile import STANDARD, WaveformProfile
from .profile_file import describe

VERSION = 1
CODED_UNIT = 64  # symbols
_FIELDS = struct.Struct(f">BIIHH{DESCRIPTION_BYTES}s")
_CRC = struct.Struct(">I")
HEADER_BYTES = _FIELDS.size + _CRC.size
HEADER_BITS = 8 * HEADER_BYTES


class HeaderError(Exception):
    """Bytes that are no header of this version and waveform; the message says why in one line."""


class HeaderDamagedError(HeaderError):
    """The CRC does not match."""


class HeaderRefusedError(HeaderError):
    """The CRC matches, but this receiver cannot follow the header."""


class OtherWaveformError(HeaderRefusedError):
    """The header names another waveform's profile.

    Args:
        content_id: of the content that is refused.
        sent: digest of the transmitter's profile.
        own: the receiver's profile.
    """

    def __init__(self, content_id: int, sent: int, own: WaveformProfile) -> None:
        super().__init__(
            f"content {content_id:08x} is sent in waveform {describe(sent)}, this receiver is set "
            f"to {own.name} ({own.digest:04x})"
        )
        self.content_id, self.sent = content_id, sent


@dataclass(frozen=True)
class Header:
    """What a receiver must know of a content.

    Attributes:
        content_id: 32 bits.
        payload_symbols: k.
        description: of the decoder, ``DESCRIPTION_BYTES`` bytes.
        coded_units: of 64 symbols at the end that are not spread over the frames; 0 in waveforms
            that spread nothing.
    """

    content_id: int
    payload_symbols: int
    description: bytes
    coded_units: int = 0

    @classmethod
    def of(cls, content: Content, profile: WaveformProfile) -> Header:
        """The header of a content."""
        units = min(content.coded_symbols // CODED_UNIT, 0xFFFF)
        return cls(
            content.content_id,
            content.symbols.size,
            content.description,
            units if profile.diversity_symbols else 0,
        )

    def to_bytes(self, profile: WaveformProfile = STANDARD) -> bytes:
        """``HEADER_BYTES`` bytes, CRC included."""
        body = _FIELDS.pack(
            VERSION,
            self.content_id,
            self.payload_symbols,
            profile.digest,
            self.coded_units,
            self.description,
        )
        return body + _CRC.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes, profile: WaveformProfile = STANDARD) -> Header:
        """Read and check a header.

        Raises:
            HeaderDamagedError: the CRC does not match.
            OtherWaveformError: the header names another waveform.
            HeaderRefusedError: another version, or a field out of bounds.
        """
        body, (crc,) = data[: _FIELDS.size], _CRC.unpack(data[_FIELDS.size :])
        if zlib.crc32(body) != crc:
            raise HeaderDamagedError("the header's CRC does not match")
        version, content_id, symbols, digest, coded_units, description = _FIELDS.unpack(body)
        if version != VERSION:
            age = "newer" if version > VERSION else "older"
            raise HeaderRefusedError(f"the header's version {version} is {age} than {VERSION}")
        if digest != profile.digest:
            raise OtherWaveformError(content_id, digest, profile)
        if coded_units and not profile.diversity_symbols:
            raise HeaderRefusedError("the header is of a newer version: reserved bits are set")
        if not 1 <= symbols <= MAXIMUM_PAYLOAD_SYMBOLS:
            raise HeaderRefusedError(f"the header names an impossible {symbols} payload symbols")
        return cls(content_id, symbols, description, coded_units)
