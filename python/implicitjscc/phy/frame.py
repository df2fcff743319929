# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything lies in a frame, and the symbols that both ends know.

A frame is an up-chirp, a down-chirp, a share of the header, and a body of slots with a pilot every
``pilot_period`` symbols, first and last included. The pilots' places do not depend on what a
receiver does not know before it has read the header.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import prng
from .profile import AIR_SEED, STANDARD, WaveformProfile

MAXIMUM_PAYLOAD_SYMBOLS = 8_000_000
PILOT_SEQUENCES = 64


@dataclass(frozen=True)
class FrameLayout:
    """The frames of a content of ``payload_symbols`` channel symbols.

    Raises:
        ValueError: no symbols, or more than ``MAXIMUM_PAYLOAD_SYMBOLS``.
    """

    payload_symbols: int
    profile: WaveformProfile = STANDARD

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not 1 <= self.payload_symbols <= MAXIMUM_PAYLOAD_SYMBOLS:
            raise ValueError(f"{self.payload_symbols} payload symbols are out of bounds")

    @property
    def frames(self) -> int:
        """F."""
        return -(-self.payload_symbols // self.profile.payload_symbols)

    @property
    def payload_slots(self) -> int:
        """P, payload slots of each frame; those of the last ones may hold filler."""
        return -(-self.payload_symbols // self.frames)

    @property
    def extra_header_slots(self) -> int:
        """E, the first slots of the body where few frames leave little header."""
        return extra_header_slots(self.frames, self.profile)

    @property
    def slots(self) -> int:
        """Body symbols that are no pilots."""
        return max(self.extra_header_slots + self.payload_slots, self.profile.least_slots)

    @property
    def body_symbols(self) -> int:
        """Slots, pilots between them, and the closing pilot."""
        return self.slots + self.pilots

    @property
    def pilots(self) -> int:
        """Pilots of one frame."""
        return -(-self.slots // (self.profile.pilot_period - 1)) + 1

    @property
    def frame_symbols(self) -> int:
        """Length of a frame."""
        return body_start(self.profile) + self.body_symbols

    def slot_positions(self) -> NDArray[np.int64]:
        """Shape (slots,), in symbols from the frame's start."""
        return slot_positions(np.arange(self.slots), self.profile)

    def pilot_positions(self) -> NDArray[np.int64]:
        """Shape (pilots,), in symbols from the frame's start."""
        positions = pilot_positions(self.pilots, self.profile)
        positions[-1] = self.frame_symbols - 1
        return positions


def extra_header_slots(frames: int, profile: WaveformProfile = STANDARD) -> int:
    """Header symbols beyond the share, in each of so many frames."""
    return max(0, -(-profile.least_header_symbols // frames) - profile.header_symbols)


def body_start(profile: WaveformProfile = STANDARD) -> int:
    """Symbols before the body: preamble and header share."""
    return profile.preamble_symbols + profile.header_symbols


def slot_positions(
    slots: NDArray[np.int64], profile: WaveformProfile = STANDARD
) -> NDArray[np.int64]:
    """Positions of slots by their number, in symbols from the frame's start."""
    return body_start(profile) + 1 + slots + slots // (profile.pilot_period - 1)


def pilot_positions(count: int, profile: WaveformProfile = STANDARD) -> NDArray[np.int64]:
    """Positions of the first pilots of a body that is long enough."""
    return body_start(profile) + np.arange(count, dtype=np.int64) * profile.pilot_period


def chirps(profile: WaveformProfile = STANDARD) -> NDArray[np.complex64]:
    """Up-chirp and down-chirp, each a centred Zadoff-Chu sequence of root 1 and -1."""
    centred = np.arange(profile.chirp_symbols) - (profile.chirp_symbols - 1) / 2
    up = np.exp(1j * np.pi * centred**2 / profile.chirp_symbols)
    return np.concatenate((up, up.conj())).astype(np.complex64)


def pilot_symbols(
    frame: int, count: int, profile: WaveformProfile = STANDARD
) -> NDArray[np.complex64]:
    """The first pilots of a frame, read-only; which of the 64 sequences tells its number mod 64."""
    return _pilot_sequence(frame % PILOT_SEQUENCES, count, profile.pilot_amplitude)


@functools.lru_cache(maxsize=4 * PILOT_SEQUENCES)
def _pilot_sequence(index: int, count: int, amplitude: float) -> NDArray[np.complex64]:
    words = prng.words(AIR_SEED, prng.Stream.PILOTS, count, index)
    pilots = qpsk(words) * np.float32(amplitude)
    pilots.flags.writeable = False
    return pilots


def filler_symbols(frame: int, count: int) -> NDArray[np.complex64]:
    """What empty slots of a frame hold."""
    return qpsk(prng.words(AIR_SEED, prng.Stream.FILLER, count, frame))


def qpsk(words: NDArray[np.uint32]) -> NDArray[np.complex64]:
    """Unit-power QPSK of the two lowest bits of each word: bit 0 for I, bit 1 for Q, 0 is +."""
    in_phase = 1 - 2 * (words & 1).astype(np.float32)
    quadrature = 1 - 2 * (words >> 1 & 1).astype(np.float32)
    return ((in_phase + 1j * quadrature) * np.sqrt(0.5)).astype(np.complex64)
