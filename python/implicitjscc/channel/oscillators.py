# SPDX-License-Identifier: GPL-3.0-or-later
"""What two oscillators that do not agree do to the carrier."""

from __future__ import annotations

import numpy as np

from .impairment import Impairment, Samples, turn


class FrequencyOffset(Impairment):
    """Multiplication by exp(2 j pi f n + j phase).

    Args:
        cycles_per_sample: f; may be changed at any time, the phase goes on from where it is.
        phase_rad: of the first sample.
    """

    def __init__(self, cycles_per_sample: float = 0.0, phase_rad: float = 0.0) -> None:
        self._frequency = cycles_per_sample
        self._phase = phase_rad / (2 * np.pi)
        self._since = 0

    @property
    def cycles_per_sample(self) -> float:
        """f."""
        return self._frequency

    @cycles_per_sample.setter
    def cycles_per_sample(self, value: float) -> None:
        self._phase = (self._phase + self._frequency * self._since) % 1.0
        self._frequency, self._since = value, 0

    def process(self, samples: Samples) -> Samples:
        """Turned samples, shape (n,)."""
        first, self._since = self._since, self._since + samples.size
        if self._frequency == 0:
            if self._phase == 0:
                return samples
            return samples * turn(np.array([self._phase]))[0]
        times = np.arange(first, self._since, dtype=np.float64)
        return samples * turn(self._phase + self._frequency * times)


class PhaseNoise(Impairment):
    """A phase that walks randomly: Wiener, of a Lorentzian line.

    The phase's steps from sample to sample are independent and Gaussian of variance
    2 pi linewidth / sample_rate; the linewidth is the full width at half maximum, that of both
    oscillators together. A. Demir, A. Mehrotra, J. Roychowdhury, "Phase noise in oscillators: a
    unifying theory and numerical methods for characterization", IEEE Trans. Circuits Syst. I 47,
    2000.

    Args:
        linewidth: in cycles a sample, that is linewidth_hz / sample_rate_hz; may be changed at any
            time.
        random: where the steps are drawn from.
    """

    def __init__(self, linewidth: float, random: np.random.Generator) -> None:
        self.linewidth = linewidth
        self._random = random
        self._cycles = 0.0

    def process(self, samples: Samples) -> Samples:
        """Turned samples, shape (n,)."""
        if samples.size == 0 or (self.linewidth == 0 and self._cycles == 0):
            return samples
        if self.linewidth == 0:
            return samples * turn(np.array([self._cycles]))[0]
        steps = self._random.standard_normal(samples.size, dtype=np.float32).astype(np.float64)
        steps *= np.sqrt(2 * np.pi * self.linewidth) / (2 * np.pi)
        steps[0] += self._cycles
        walk = np.cumsum(steps)
        self._cycles = float(walk[-1])
        return samples * turn(walk)
