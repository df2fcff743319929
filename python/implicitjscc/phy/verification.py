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
from scipy.fft import fft

from .detector import Detection
from .frame import (
    PILOT_SEQUENCES,
    body_start,
    chirps,
    extra_header_slots,
    pilot_positions,
    pilot_symbols,
)
from .front_end import remove_dc_and_iq_imbalance
from .matched_filter import MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile
from .synchronizer import preamble_errors

# Of the energy on a preamble's symbols, the part that the chirps explain.
CHIRP_THRESHOLD = 0.06
# Power of a sum of pilots over that of as many symbols of noise.
PILOT_THRESHOLD = 14.0
SHORT_PILOT_THRESHOLD = 8.0
_REFINEMENTS = 2
_REACH = 192  # samples around a preamble that its filter uses
_MOST_PILOTS = 128
_BINS = 512
_PILOT_RANGE = 0.05  # cycles from pilot to pilot that the preamble's frequency may be wrong by


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
        # What lies behind a short frame's last pilot says nothing about it.
        slots = profile.pilot_period - 1
        self._pilots = min(_MOST_PILOTS, max(profile.payload_symbols, profile.least_slots) // slots)
        self._places = pilot_positions(self._pilots, profile)
        self._short = extra_header_slots(1, profile) // (profile.pilot_period - 1) + 2
        sequences = [pilot_symbols(n, self._pilots, profile) for n in range(PILOT_SEQUENCES)]
        self._conjugates = np.stack(sequences).conj() / np.float32(profile.pilot_amplitude)
        self._symbols = body_start(profile) + self._pilots * profile.pilot_period
        self.preamble_samples = profile.preamble_symbols * self._sps
        self.frame_samples = self._symbols * self._sps

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

        0 is among them also where only as many pilots stand out as the shortest frame has.

        Args:
            samples: the frame's beginning, ``frame_samples`` of it where the stream has them.
            origin: place of the first sample in the stream.
            timing: of the frame, refined on its preamble.
        """
        cleaned = remove_dc_and_iq_imbalance(samples, self._sps)
        value = self._values(cleaned, origin, timing, self._symbols)
        received = value[self._places]
        power = float(np.mean(np.abs(received) ** 2))
        if not power > 0:
            return []
        spectra = self._spectra(received * self._conjugates)
        strengths = spectra.max(axis=1) / (power * self._pilots)
        number = int(np.argmax(strengths))
        numbers = [number] if strengths[number] > PILOT_THRESHOLD else []
        if 0 not in numbers and self._short_metric(received) > SHORT_PILOT_THRESHOLD:
            numbers.append(0)
        return numbers

    def _values(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> NDArray[np.complex64]:
        return self._filter.demodulate(samples, origin, timing, symbols).value

    def _short_metric(self, received: NDArray[np.complex64]) -> float:
        few = received[: self._short]
        power = float(np.mean(np.abs(few) ** 2))
        if not power > 0:
            return 0.0
        spectrum = self._spectra((few * self._conjugates[0, : self._short])[None])
        return float(spectrum.max()) / (power * self._short)

    def _spectra(self, products: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Periodograms near frequency 0, one a row."""
        spectra = fft(products, _BINS, axis=1)
        bins = int(_PILOT_RANGE * _BINS)
        near = np.concatenate((spectra[:, : bins + 1], spectra[:, -bins:]), axis=1)
        return np.asarray(np.abs(near) ** 2)
