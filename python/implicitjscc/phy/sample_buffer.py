# SPDX-License-Identifier: GPL-3.0-or-later
"""The last part of a stream, addressed by sample number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_CAPACITY = 1 << 16


class SampleBuffer:
    """Samples ``start`` to ``end`` of a stream.

    Appending costs time in proportion to what is appended: the memory is twice what is kept, and
    what is kept moves to its front only when at least as much has been forgotten.

    Attributes:
        start: first sample that is kept.
    """

    def __init__(self) -> None:
        self._memory = np.empty(_LEAST_CAPACITY, np.complex64)
        self._first = 0
        self._size = 0
        self.start = 0

    @property
    def end(self) -> int:
        """Samples of the stream so far."""
        return self.start + self._size

    @property
    def capacity(self) -> int:
        """Samples that the memory has room for."""
        return int(self._memory.size)

    def append(self, samples: NDArray[np.complex64]) -> None:
        """Add what comes next."""
        needed = self._size + samples.size
        if self._first + needed > self._memory.size:
            kept = self._samples
            if self._first < self._size or needed > self._memory.size:
                self._memory = np.empty(max(2 * needed, _LEAST_CAPACITY), np.complex64)
            self._memory[: kept.size] = kept
            self._first = 0
        last = self._first + self._size
        self._memory[last : last + samples.size] = samples
        self._size = needed

    def forget_before(self, sample: int) -> None:
        """Drop what lies before a sample of the stream."""
        drop = min(sample, self.end) - self.start
        if drop <= 0:
            return
        self._first += drop
        self._size -= drop
        self.start += drop
        # A burst's worth of memory is not kept through the silence behind it.
        if self._memory.size > max(8 * self._size, 4 * _LEAST_CAPACITY):
            kept = self._samples
            self._memory = np.empty(max(2 * kept.size, _LEAST_CAPACITY), np.complex64)
            self._memory[: kept.size] = kept
            self._first = 0

    def piece(self, start: int, length: int) -> NDArray[np.complex64]:
        """``length`` samples from ``start`` on, zeros where there are none."""
        existing, first = self.existing(start, length)
        if existing.size == length:
            return existing
        piece = np.zeros(length, np.complex64)
        piece[first - start : first - start + existing.size] = existing
        return piece

    def existing(self, start: int, length: int) -> tuple[NDArray[np.complex64], int]:
        """The part of a piece that there is, and where it begins; valid until the next change."""
        first, last = max(start, self.start), min(start + length, self.end)
        if first >= last:
            return np.empty(0, np.complex64), start
        return self._samples[first - self.start : last - self.start], first

    @property
    def _samples(self) -> NDArray[np.complex64]:
        return self._memory[self._first : self._first + self._size]
