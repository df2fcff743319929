# SPDX-License-Identifier: GPL-3.0-or-later
"""Find preambles in a stream: normalised correlation with an up- and a down-chirp.

A frequency offset moves the two peaks in opposite directions by as much, so that their distance
tells the offset and their mean the time. Normalised by the energy under the template, the
statistic does not depend on the level. The threshold is that of white noise, of which 10^8 samples
gave no candidate; OFDM and our own payload at 20 dB gave about 100 and 400. Candidates are no
more than that: verification.py looks at each again, and none of those passed it
(benchmarks/detection.py, docs/waveform.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, ifft
from scipy.ndimage import maximum_filter1d

from .frame import chirps
from .profile import STANDARD, WaveformProfile
from .pulse import root_raised_cosine

THRESHOLD = 0.062
LARGEST_CFO = 0.1  # cycles a symbol
_CFO_MARGIN = 1.05
_FFT = 1 << 13  # short: a burst is found as soon as this many samples have come
# Digital silence has no energy to normalise by: this much of the block's mean is added.
_ENERGY_FLOOR = 1e-3
_SMALLEST_ENERGY = 1e-20


@dataclass(frozen=True)
class Detection:
    """A preamble.

    Attributes:
        time: of the first symbol, in samples of the stream.
        cfo: carrier frequency offset, cycles a symbol.
        metric: between the threshold and 2.
    """

    time: float
    cfo: float
    metric: float


class ChirpDetector:
    """Searches block after block on a grid that does not depend on how samples arrive.

    Args:
        profile: of the waveform.
        threshold: of the metric.

    Attributes:
        threshold: as given.
        before: samples before a block that its search needs.
        block: samples that one search advances by.
        after: samples behind a block that its search needs.
    """

    def __init__(self, profile: WaveformProfile = STANDARD, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        sps = profile.samples_per_symbol
        self._chirp = profile.chirp_symbols * sps
        self._shift = int(np.ceil(_CFO_MARGIN * LARGEST_CFO * profile.chirp_symbols * sps))
        taps = root_raised_cosine(profile.rolloff, profile.span_symbols, sps)
        self._centre = taps.size // 2
        up, down = (np.convolve(_stretch(half, sps), taps) for half in np.split(chirps(profile), 2))
        self._template = up.size
        self._template_energy = float(np.sum(np.abs(up) ** 2))
        self._guard = 4 * self._shift
        self.before = self._guard
        self.after = self._guard + self._chirp + 2 * self._shift + self._template
        self.block = _FFT - self.before - self.after
        self._spectra = [np.conj(fft(half, _FFT)).astype(np.complex64) for half in (up, down)]

    def search(self, samples: NDArray[np.complex64], start: int) -> list[Detection]:
        """Preambles whose peak lies in one block.

        Args:
            samples: the stream from ``start - before`` on, ``before + block + after`` of them,
                zeros where the stream has not begun or has ended.
            start: of the block, in samples of the stream.

        Returns:
            detections in order of time.
        """
        spectrum = fft(samples, _FFT)
        valid = _FFT - self._template + 1
        weight = np.float32(1 / self._template_energy) / self._sliding_energy(samples)
        up, down = (_power(ifft(spectrum * template)[:valid]) for template in self._spectra)
        up *= weight
        down *= weight
        count = self.block + 2 * self._guard
        # Almost always there is nothing, and that is soon known.
        if float(up[:count].max()) + float(down[self._chirp - 2 * self._shift :].max()) <= (
            self.threshold
        ):
            return []
        highest = maximum_filter1d(down, 4 * self._shift + 1, mode="constant")
        statistic = up[:count] + highest[self._chirp : self._chirp + count]
        if float(statistic.max()) <= self.threshold:
            return []
        peaks = statistic == maximum_filter1d(statistic, 2 * self._guard + 1, mode="constant")
        peaks[: self._guard] = peaks[self._guard + self.block :] = False
        return [
            self._measure(int(peak), start - self.before, up, down, float(statistic[peak]))
            for peak in np.flatnonzero(peaks & (statistic > self.threshold))
        ]

    def _sliding_energy(self, samples: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Energy under the template at each position."""
        total = np.empty(samples.size + 1)
        total[0] = 0.0
        np.cumsum(_power(samples), dtype=np.float64, out=total[1:])
        energy = (total[self._template :] - total[: -self._template]).astype(np.float32)
        floor = _ENERGY_FLOOR * total[-1] / samples.size * self._template
        return np.maximum(energy, np.float32(floor + _SMALLEST_ENERGY))

    def _measure(
        self,
        peak: int,
        origin: int,
        up: NDArray[np.float32],
        down: NDArray[np.float32],
        metric: float,
    ) -> Detection:
        first = max(peak + self._chirp - 2 * self._shift, 0)
        last = peak + self._chirp + 2 * self._shift + 1
        up_time = _interpolate(up, peak)
        down_time = _interpolate(down, first + int(np.argmax(down[first:last])))
        cfo = (down_time - up_time - self._chirp) / (2 * self._chirp)
        time = origin + self._centre + (up_time + down_time - self._chirp) / 2
        return Detection(time, cfo, metric)


def _interpolate(values: NDArray[np.float32], peak: int) -> float:
    """Place of a peak, to a fraction of a sample, by a parabola."""
    if not 0 < peak < values.size - 1:
        return float(peak)
    left, middle, right = (float(v) for v in values[peak - 1 : peak + 2])
    curvature = left - 2 * middle + right
    return peak + (0.5 * (left - right) / curvature if curvature < 0 else 0.0)


def _power(values: NDArray[np.complex64]) -> NDArray[np.float32]:
    return np.asarray(values.real**2 + values.imag**2)


def _stretch(symbols: NDArray[np.complex64], sps: int) -> NDArray[np.complex128]:
    stretched = np.zeros(symbols.size * sps - sps + 1, np.complex128)
    stretched[::sps] = symbols
    return stretched
