# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that fix a waveform. Both ends need the same ones; their digest is in the header."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

# The receiver's own rate; streams of more samples a symbol are decimated to it.
RECEIVER_SAMPLES_PER_SYMBOL = 2
# A header must end before so many pilots of the first frame's body have passed.
_HEADER_PILOTS = 120
# What a receiver needs to tell nearly all frames from noise at Es/N0 of 0 dB, with pilots of 3 dB:
# pilots of the shortest frame, and of one of the most payload (docs/waveform.md).
_LEAST_SHORTEST, _LEAST_FULL = 16, 32
_BOUNDS = {
    "samples_per_symbol": (2, 16),
    "rolloff": (0.05, 0.6),
    "span_symbols": (4, 16),
    "chirp_symbols": (96, 512),  # shorter ones do not stand out of noise
    "header_symbols": (208, 4096),  # the header's 416 bits at least
    "least_header_symbols": (208, 16_384),
    "payload_symbols": (1024, 131_072),
    "least_slots": (16, 16_384),
    "pilot_period": (8, 512),
    "pilot_boost_db": (-3.0, 12.0),
    "spreading_symbols": (0, 1024),
    "diversity_symbols": (0, 1024),
}
_CHIRP_STEP = 16  # symbols that a receiver sums up
_LATER = ("spreading_symbols", "diversity_symbols")

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
        spreading_symbols: payload symbols of one frame that a Walsh-Hadamard block spreads; 0 for
            none.
        diversity_symbols: symbols of a content that a block spreads over its frames; 0 for none.

    Raises:
        ValueError: a number is out of its bounds, or they contradict each other.
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
    spreading_symbols: int = 256
    diversity_symbols: int = 32

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name, (least, most) in _BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be from {least:g} to {most:g}")
        for name in ("samples_per_symbol", *_LATER):
            if getattr(self, name) & (getattr(self, name) - 1):
                raise ValueError(f"{name} must be a power of two")
            if getattr(self, name) == 1:
                raise ValueError(f"{name} must be 0 for none, or at least 2")
        if self.chirp_symbols % _CHIRP_STEP:
            raise ValueError(f"chirp_symbols must be a multiple of {_CHIRP_STEP}")
        room = _HEADER_PILOTS * (self.pilot_period - 1)
        if self.least_header_symbols - self.header_symbols > room:
            raise ValueError(
                f"least_header_symbols must not be above {self.header_symbols + room} with these "
                "header_symbols and this pilot_period"
            )
        longest = 1 + min(
            (self._shortest_slots - 1) // (_LEAST_SHORTEST - 1), self._full_slots // _LEAST_FULL
        )
        if self.pilot_period > longest:
            raise ValueError(
                f"pilot_period must not be above {longest}: a receiver needs {_LEAST_FULL} pilots "
                f"in a frame of the most payload_symbols, and {_LEAST_SHORTEST} in the shortest"
            )

    @property
    def digest(self) -> int:
        """16 bits that differ for profiles of different signals on the air.

        The name is none of them, nor is the number of samples that an end takes of a symbol.
        """
        values = dataclasses.asdict(self)
        del values["name"]
        values["samples_per_symbol"] = RECEIVER_SAMPLES_PER_SYMBOL
        for name in _LATER:
            if not values[name]:
                del values[name]  # digests of profiles without it are older than it
        text = ",".join(f"{key}={value!r}" for key, value in sorted(values.items()))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2], "big")

    def at(self, samples_per_symbol: int) -> WaveformProfile:
        """The same signal with another number of samples a symbol."""
        return dataclasses.replace(self, samples_per_symbol=samples_per_symbol)

    @property
    def preamble_symbols(self) -> int:
        """Both chirps."""
        return 2 * self.chirp_symbols

    @property
    def shortest_frame_pilots(self) -> int:
        """Pilots of the shortest frame, but for the closing one."""
        return -(-self._shortest_slots // (self.pilot_period - 1))

    @property
    def full_frame_pilots(self) -> int:
        """Pilots of a frame of the most payload, but for the closing one."""
        return self._full_slots // (self.pilot_period - 1)

    @property
    def _shortest_slots(self) -> int:
        extra = max(self.least_header_symbols - self.header_symbols, 0)
        return max(extra + 1, self.least_slots)

    @property
    def _full_slots(self) -> int:
        return max(self.payload_symbols, self.least_slots)

    @property
    def pilot_amplitude(self) -> float:
        """Of a pilot, where a payload symbol's rms is 1."""
        return float(10 ** (self.pilot_boost_db / 20))


STANDARD = WaveformProfile()
