# SPDX-License-Identifier: GPL-3.0-or-later
"""The header's code word in slices over the frames of a content.

Every frame carries the information bits, so that one frame is enough where noise is low, and a
slice of the parity bits. A slice takes parity bits from all over the accumulator, by steps of the
golden section, so that whatever neighbouring slices have come, the parity bits between two of them
are few, and no information bit is without a check. The frames that are received complement each
other where noise is high.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import prng
from . import header_code
from .frame import PILOT_SEQUENCES, qpsk
from .header import HEADER_BITS, HEADER_BYTES, Header
from .profile import AIR_SEED, STANDARD, WaveformProfile

# Of the 1,664 parity bits: next to their golden section, without a common divisor.
_PARITY_STEP = 635


def header_symbols(
    header: Header, frame: int, count: int, profile: WaveformProfile = STANDARD
) -> NDArray[np.complex64]:
    """The first header symbols of a frame: its share, then its extra slots.

    Args:
        header: of the content.
        frame: number of the frame.
        count: header symbols of each frame of this content.
        profile: of the waveform.
    """
    information = np.unpackbits(np.frombuffer(header.to_bytes(profile), np.uint8))
    bits = header_code.encode(information)[_slice(frame, count)] ^ _scrambler(frame, count)
    return qpsk((bits[0::2] | bits[1::2] << 1).astype(np.uint32))


def add_log_likelihoods(
    llr: NDArray[np.float64],
    symbols: NDArray[np.complex64],
    noise_variance: float,
    frame: int,
    count: int,
) -> None:
    """Add what the header symbols of a frame tell to the code word's log-likelihood ratios.

    Args:
        llr: shape (2080,), changed in place.
        symbols: shape (n,), the first n <= count header symbols of the frame, of unit gain.
        noise_variance: of the complex noise on them.
        frame: number of the frame.
        count: header symbols of each frame of this content.
    """
    size = symbols.size
    values = np.empty(2 * size)
    values[0::2], values[1::2] = symbols.real, symbols.imag
    values *= (1 - 2.0 * _scrambler(frame, size)) * (2 * np.sqrt(2) / max(noise_variance, 1e-9))
    np.add.at(llr, _slice(frame, count)[: 2 * size], values)


def decode_header(llr: NDArray[np.float64], profile: WaveformProfile = STANDARD) -> Header:
    """The header of accumulated log-likelihood ratios.

    Raises:
        HeaderDamagedError: too little is known yet, or it is wrong.
        HeaderRefusedError: see :class:`Header`.
    """
    bits, _ = header_code.decode(llr)
    return Header.from_bytes(np.packbits(bits[:HEADER_BITS]).tobytes()[:HEADER_BYTES], profile)


def _slice(frame: int, count: int) -> NDArray[np.int64]:
    parity = 2 * count - HEADER_BITS
    first = frame % PILOT_SEQUENCES * parity
    turns = _PARITY_STEP * (first + np.arange(parity))
    positions = HEADER_BITS + turns % header_code.PARITY_BITS
    return np.concatenate((np.arange(HEADER_BITS), positions))


def _scrambler(frame: int, count: int) -> NDArray[np.uint8]:
    # By the whole number, which the pilots tell modulo 64 only: the CRC settles the rest.
    words = prng.words(AIR_SEED, prng.Stream.HEADER_SCRAMBLER, 2 * count, frame)
    return (words & 1).astype(np.uint8)
