# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that fix a waveform. Both ends need the same ones; their digest is in the header."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

# Seed of everything pseudo-random on the air: both ends know it ("IJSC").
AIR_SEED = 0x494A5343


@dataclass(frozen=True)
class WaveformProfile:
    """One waveform.

    Attributes:
        name: for people.
        samples_per_symbol: of the baseband stream.
        rolloff: of the root-raised-cosine pulse.
        span_symbols: the pulse's length on each side of its centre.
        chirp_symbols: length of each of the two chirps of a preamble.
        header_symbols: header symbols in each frame.
        least_header_symbols: in one content, whatever the number of its frames.
        payload_symbols: the most of one frame.
        least_slots: a shorter body is filled up to so many, for its pilots' sake.
        pilot_period: one of so many body symbols is a pilot.
        pilot_boost_db: power of a pilot over that of a payload symbol.
    """

    name: str = "standard"
    samples_per_symbol: int = 2
    rolloff: float = 0.25
    span_symbols: int = 16
    chirp_symbols: int = 256
    header_symbols: int = 400
    least_header_symbols: int = 2048
    payload_symbols: int = 33_792
    least_slots: int = 1008
    pilot_period: int = 64
    pilot_boost_db: float = 3.0

    @property
    def digest(self) -> int:
        """16 bits that differ for profiles that differ in anything but their name."""
        values = dataclasses.asdict(self)
        del values["name"]
        text = ",".join(f"{key}={value!r}" for key, value in sorted(values.items()))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2], "big")

    @property
    def preamble_symbols(self) -> int:
        """Both chirps."""
        return 2 * self.chirp_symbols

    @property
    def pilot_amplitude(self) -> float:
        """Of a pilot, where a payload symbol's rms is 1."""
        return float(10 ** (self.pilot_boost_db / 20))


STANDARD = WaveformProfile()
