# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it a preamble? The detector's candidates, looked at again with more care.

The detector adds two correlations without their phases, over all offsets that may be. Once the
offsets are known, both chirps add up coherently, and what is left of noise is four times less:
so the detector's threshold can be as low as noise alone allows. Narrow-band signals may look like
chirps even so; a frame's pilots they do not have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .detector import Detection
from .frame import chirps
from .frame_numbers import FrameNumbers
from .front_end import remove_dc_and_iq_imbalance
from .matched_filter import MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile
from .synchronizer import preamble_errors

# Of the energy on a preamble's symbols, the part that the chirps explain.
CHIRP_THRESHOLD = 0.06
_REFINEMENTS = 2
_REACH = 192  # samples around a preamble that its filter uses


class PreambleVerifier:
    """Works on pieces of the stream round one candidate.

    Args:
        profile: of the waveform.

    Attributes:
        preamble_samples: length of a preamble.
        reach: samples around a preamble that :meth:`chirp_metric` uses.
        frame_samples: samples from a preamble's start on that :meth:`frame_numbers` uses.
    """

    reach = _REACH

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._sps = profile.samples_per_symbol
        self._filter = MatchedFilter(profile)
        self._chirps = chirps(profile)
        self._numbers = FrameNumbers(profile)
        self.preamble_samples = profile.preamble_symbols * self._sps
        self.frame_samples = self._numbers.symbols * self._sps

    def chirp_metric(
        self, samples: NDArray[np.complex64], origin: int, candidate: Detection
    ) -> float:
        """The part of the energy on a candidate's symbols that the chirps explain, 0 to 1.

        Args:
            samples: the preamble and ``reach`` around it.
            origin: place of the first sample in the stream.
            candidate: where the preamble may be.
        """
        timing = Timing(candidate.time, float(self._sps), candidate.cfo)
        best = 0.0
        for refinement in range(_REFINEMENTS + 1):
            value = self._values(samples, origin, timing, self._chirps.size)
            energy = float(np.sum(np.abs(value) ** 2))
            peak = float(np.abs(np.vdot(self._chirps, value)) ** 2)
            best = max(best, peak / (self._chirps.size * energy) if energy > 0 else 0.0)
            if refinement == _REFINEMENTS:
                break
            frequency, early = preamble_errors(value, self._chirps, self._sps)
            start = timing.start + float(np.clip(early, -1, 1))
            timing = Timing(start, timing.interval, timing.cfo + frequency)
        return best

    def frame_numbers(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing
    ) -> list[int]:
        """Numbers modulo 64 of a frame whose pilots stand out; none where there is no frame.

        Args:
            samples: the frame's beginning, ``frame_samples`` of it where the stream has them.
            origin: place of the first sample in the stream.
            timing: of the frame, refined on its preamble.
        """
        cleaned = remove_dc_and_iq_imbalance(samples, self._sps)
        return self._numbers.standing_out(
            self._values(cleaned, origin, timing, self._numbers.symbols)
        )

    def _values(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> NDArray[np.complex64]:
        return self._filter.demodulate(samples, origin, timing, symbols).value
