# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples that never reach the host."""

from __future__ import annotations

import numpy as np

from .impairment import Impairment, Samples


class SampleDrops(Impairment):
    """Overruns: blocks of samples are missing, and the next sample follows the last one before.

    The gaps between two of them are exponential (a Poisson process).

    Args:
        rate: mean number of overruns a sample that arrives; 0 for none. May be changed at any time.
        length: samples that are missing each time.
        random: where the gaps are drawn from.

    Attributes:
        dropped: samples that are missing so far.
    """

    def __init__(self, rate: float, length: int, random: np.random.Generator) -> None:
        self.dropped = 0
        self._length = length
        self._random = random
        self._left = 0
        self._rate = rate
        self._gap = self._draw()

    @property
    def rate(self) -> float:
        """Mean number of overruns a sample that arrives."""
        return self._rate

    @rate.setter
    def rate(self, value: float) -> None:
        if value != self._rate:
            self._rate = value
            self._gap = self._draw()

    def process(self, samples: Samples) -> Samples:
        """What arrives, shape (m,) with m <= n."""
        if self._left == 0 and self._gap >= samples.size:
            self._gap -= samples.size
            return samples
        arrived, start = [], 0
        while start < samples.size:
            if self._left == 0 and self._gap <= 0:
                self._left, self._gap = self._length, self._draw()
            count = int(min(self._left or self._gap, samples.size - start))
            if self._left:
                self._left -= count
                self.dropped += count
            else:
                self._gap -= count
                arrived.append(samples[start : start + count])
            start += count
        return np.concatenate(arrived) if arrived else samples[:0]

    def _draw(self) -> float:
        if self._rate == 0:
            return np.inf
        return float(np.ceil(self._random.exponential(1 / self._rate)))
