# SPDX-License-Identifier: GPL-3.0-or-later
"""The last part of a stream, addressed by sample number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class SampleBuffer:
    """Samples ``start`` to ``end`` of a stream.

    Attributes:
        start: first sample that is kept.
        end: samples of the stream so far.
    """

    def __init__(self) -> None:
        self._samples = np.empty(0, np.complex64)
        self.start = 0

    @property
    def end(self) -> int:
        """Samples of the stream so far."""
        return self.start + self._samples.size

    def append(self, samples: NDArray[np.complex64]) -> None:
        """Add what comes next."""
        self._samples = np.concatenate((self._samples, samples))

    def forget_before(self, sample: int) -> None:
        """Drop what lies before a sample of the stream."""
        drop = min(sample, self.end) - self.start
        if drop > 0:
            self._samples = self._samples[drop:].copy()
            self.start += drop

    def piece(self, start: int, length: int) -> NDArray[np.complex64]:
        """``length`` samples from ``start`` on, zeros where there are none."""
        piece = np.zeros(length, np.complex64)
        first, last = max(start, self.start), min(start + length, self.end)
        if first < last:
            piece[first - start : last - start] = self._samples[
                first - self.start : last - self.start
            ]
        return piece

    def existing(self, start: int, length: int) -> tuple[NDArray[np.complex64], int]:
        """The part of a piece that there is, and where it begins."""
        first, last = max(start, self.start), min(start + length, self.end)
        if first >= last:
            return np.empty(0, np.complex64), start
        return self._samples[first - self.start : last - self.start], first
