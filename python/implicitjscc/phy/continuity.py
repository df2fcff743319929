# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a frame is there: as far from a preamble as its pilots stay coherent.

Where a radio has dropped or inserted samples, the symbols behind that point lie elsewhere than
the preamble before it tells, and the pilots' places hold something else. The point is where the
likelihood of "coherent before, random behind" is largest: a cumulative sum (E. S. Page,
"Continuous inspection schemes", Biometrika 41, 1954).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frame import FrameLayout, chirps, pilot_symbols
from .matched_filter import MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile

_REFERENCE = 8  # pilots that tell the phase of the next one
_LEAST_EVIDENCE = 6.0  # half of the pilots' number, where there is no noise
_LEAST_GUARD, _MOST_GUARD = 2, 16
_CLOSING_PILOTS, _CLOSING_COHERENCE = 96, 0.35  # of noise: once in 10^5
_FADING_PILOTS = 128  # that tell by themselves whether they are coherent, one with the next
_LEAST_AGREEMENT = 0.3
_SILENCE = 1e-3  # of a pilot's amplitude
_PREAMBLE_PARTS = 16
_LEAST_PREAMBLE = 0.08  # power of a preamble over the pilots', noise included
_ZERO_RUN = 256
_MOST_ZEROS = 0.5


class Continuity:
    """Looks at pilots of frames whose layout is known.

    Args:
        profile: of the waveform.
    """

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._profile = profile
        self._filter = MatchedFilter(profile)
        self._chirps = chirps(profile)

    def until(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        layout: FrameLayout,
        frame: int,
    ) -> int:
        """Symbols of a frame, from its preamble on, that the timing holds for.

        Args:
            samples: a piece of the stream with the frame.
            origin: place of its first sample in the stream.
            timing: of the frame's first symbol.
            layout: of the content.
            frame: its number.
        """
        value = self._values(samples, origin, timing, layout.frame_symbols)
        places = layout.pilot_positions()
        pilots = value[places] * self._pilots(frame, layout).conj()
        coherent = _coherent(pilots, self._amplitude(value[: self._chirps.size]))
        if coherent == places.size:
            return layout.frame_symbols
        return int(places[coherent - 1]) + 1 if coherent else 0

    def since(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        following: Timing,
        layout: FrameLayout,
        frame: int,
    ) -> int:
        """First symbol of a frame from which on the following preamble's timing holds.

        Args:
            samples: a piece of the stream with the frame and the preamble behind it.
            origin: place of its first sample in the stream.
            following: timing of the next frame.
            layout: of the content.
            frame: number of the frame before that.
        """
        length = layout.frame_symbols
        timing = Timing(following.start - length * following.interval, *_rates(following))
        value = self._values(samples, origin, timing, length + self._chirps.size)
        places = layout.pilot_positions()
        pilots = value[places] * self._pilots(frame, layout).conj()
        coherent = _coherent(pilots[::-1], self._amplitude(value[length:]))
        # What lies before the first pilot nobody has looked at.
        return int(places[-coherent]) if coherent else length

    def missing_preamble(self, samples: NDArray[np.complex64], origin: int, timing: Timing) -> int:
        """Symbols at the beginning of a preamble that are not there.

        Arguments are those of :meth:`until`.
        """
        value = self._values(samples, origin, timing, self._chirps.size)
        products = (value * self._chirps.conj()).reshape(_PREAMBLE_PARTS, -1)
        strengths = np.abs(products.mean(axis=1))
        weak = strengths < 0.5 * np.median(strengths[_PREAMBLE_PARTS // 2 :])
        parts = int(np.argmin(weak)) if not weak.all() else 0
        # The part in which the cut lies may be strong enough.
        return (parts + 1) * products.shape[1] if parts else 0

    def closes(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        layout: FrameLayout,
        frame: int,
    ) -> bool:
        """Whether a frame's last pilots are where its timing says; cheap, and now and then wrong.

        Arguments are those of :meth:`until`.
        """
        places = layout.pilot_positions()[-_CLOSING_PILOTS:]
        first = int(places[0])
        begin = Timing(timing.time_of(first), *_rates(timing))
        value = self._values(samples, origin, begin, int(places[-1]) - first + 1)
        known = self._pilots(frame, layout)[-places.size :]
        received = value[places - first] * known.conj()
        energy = float(np.sum(np.abs(received) ** 2))
        # A slope of the phase is left in the frequency: neighbours are compared.
        steps = np.vdot(received[:-1], received[1:])
        return float(np.abs(steps)) > _CLOSING_COHERENCE * energy > 0

    def _values(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> NDArray[np.complex64]:
        return self._filter.demodulate(samples, origin, timing, symbols).value

    def _pilots(self, frame: int, layout: FrameLayout) -> NDArray[np.complex64]:
        known = pilot_symbols(frame, layout.pilots, self._profile)
        return known / np.float32(self._profile.pilot_amplitude**2)

    def _amplitude(self, preamble: NDArray[np.complex64]) -> float:
        halves = (preamble * self._chirps.conj()).reshape(8, -1).mean(axis=1)
        return float(np.sqrt(np.mean(np.abs(halves) ** 2)))


def zero_runs(samples: NDArray[np.complex64]) -> list[tuple[int, int]]:
    """First and last + 1 of each long run of exact zeros: samples that were never taken.

    None where zeros are frequent also outside such runs, as in a very weak recording of few bits.
    """
    zero = samples == 0
    if np.count_nonzero(zero) < _ZERO_RUN:
        return []
    edges = np.flatnonzero(np.diff(zero, prepend=False, append=False))
    runs = edges.reshape(-1, 2)
    lengths = runs[:, 1] - runs[:, 0]
    long = lengths >= _ZERO_RUN
    others = samples.size - int(lengths[long].sum())
    if int(lengths[~long].sum()) > _MOST_ZEROS * others:
        return []
    return [(int(first), int(last)) for first, last in runs[long]]


def _rates(timing: Timing) -> tuple[float, float]:
    return timing.interval, timing.cfo


def _coherent(pilots: NDArray[np.complex64], amplitude: float) -> int:
    """How many of the first pilots share a slowly wandering phase, less a guard."""
    if not amplitude**2 > _LEAST_PREAMBLE * float(np.mean(np.abs(pilots) ** 2)):
        return 0
    count = np.minimum(np.arange(1, pilots.size + 1), _REFERENCE)
    total = np.cumsum(pilots.astype(np.complex128))
    total[_REFERENCE:] -= total[:-_REFERENCE].copy()
    before = np.concatenate((pilots[:1], (total / count)[:-1]))
    agreement = (pilots * before.conj()).real / amplitude**2
    agreement[0] = 1.0
    # Of strong interference: it must not outweigh all the rest.
    evidence = np.cumsum(np.clip(agreement, -4, 4) - 0.5)
    best = int(np.argmax(evidence))
    if evidence[best] < min(_LEAST_EVIDENCE, 0.25 * pilots.size):
        return 0
    # In a fade they are weak, and coherent all the same.
    best += _agreeing(pilots[best:])
    if best == pilots.size - 1:
        return pilots.size
    spread = float(np.var(agreement[: best + 1]))
    guard = int(np.clip(_LEAST_GUARD + 4 * spread, _LEAST_GUARD, _MOST_GUARD))
    return max(best + 1 - guard, 0)


def _agreeing(pilots: NDArray[np.complex64]) -> int:
    """How many of the first pilots there are, by rows whose neighbours agree in any amplitude.

    Of 128 random ones so much agreement has a chance of 10^-5. Half of the last such row may be
    random, unless the frame ends with it.
    """
    if pilots.size <= _FADING_PILOTS:
        return 0
    size = np.abs(pilots)
    phases = np.where(size > _SILENCE * size[0], pilots / np.maximum(size, 1e-30), 0)
    steps = phases[1:] * phases[:-1].conj()
    total = np.cumsum(np.concatenate((np.zeros(1, np.complex128), steps)))
    agreed = np.abs(total[_FADING_PILOTS:] - total[:-_FADING_PILOTS])
    rows = np.flatnonzero(agreed > _LEAST_AGREEMENT * _FADING_PILOTS)
    # One that begins with what has been found is no evidence of more.
    rows = rows[rows > 0]
    if not rows.size:
        return 0
    last = int(rows[-1]) + _FADING_PILOTS
    return last if last == pilots.size - 1 else last - _FADING_PILOTS // 2
