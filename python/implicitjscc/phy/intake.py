# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples as a source brings them to those that a receiver works on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .decimator import Decimator
from .detector import LARGEST_CFO
from .profile import RECEIVER_SAMPLES_PER_SYMBOL, WaveformProfile
from .reception import ReceiverStats
from .work_budget import WorkBudget

# Full scale is 1; a sample beyond this (a file of another format) would overflow its square.
_LARGEST_SAMPLE = 1e6
_FULL_SCALE = 127 / 128
# No converter goes beyond; drivers divide by 32,767 as well as by 32,768.
_BEYOND_FULL_SCALE = 1.001


class SampleIntake:
    """Checks and counts samples, and takes two of each symbol.

    Args:
        profile: of the waveform, with the source's samples a symbol.
        stats: where samples are counted: all, invalid and clipped ones.
        budget: earns.

    Attributes:
        factor: samples of the source for one of the receiver.
    """

    def __init__(self, profile: WaveformProfile, stats: ReceiverStats, budget: WorkBudget) -> None:
        self.factor = profile.samples_per_symbol // RECEIVER_SAMPLES_PER_SYMBOL
        self._decimator = Decimator(self.factor, (1 + profile.rolloff) / 2 + LARGEST_CFO)
        self._stats, self._budget = stats, budget
        self._restart()

    def push(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """What the next samples of the stream, shape (n,), make complete."""
        return self._earned(self._decimator.push(self._valid(samples)))

    def flush(self) -> NDArray[np.complex64]:
        """The end of the stream; what comes next is a new one."""
        rest = self._earned(self._decimator.flush())
        self._restart()
        return rest

    def _restart(self) -> None:
        self._clipped = 0
        self._clips = True

    def _earned(self, taken: NDArray[np.complex64]) -> NDArray[np.complex64]:
        # Of what is searched: more samples of a symbol bring no more bursts.
        self._budget.earn(taken.size)
        return taken

    def _valid(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        self._stats.samples += samples.size
        parts = np.ascontiguousarray(samples).view(np.float32)
        # Not a number compares as false.
        largest = max(-float(parts.min()), float(parts.max())) if parts.size else 0.0
        if largest < _FULL_SCALE:
            return samples
        with np.errstate(invalid="ignore"):
            magnitude = np.maximum(np.abs(parts[0::2]), np.abs(parts[1::2]))
            valid = magnitude < _LARGEST_SAMPLE
            self._count_clipped(magnitude[valid])
        if largest < _LARGEST_SAMPLE:
            return samples
        self._stats.invalid_samples += int(samples.size - np.count_nonzero(valid))
        return np.where(valid, samples, 0).astype(np.complex64)

    def _count_clipped(self, magnitude: NDArray[np.float32]) -> None:
        """Samples at full scale; none where others show that nothing ends the stream there."""
        if np.any(magnitude > _BEYOND_FULL_SCALE):
            self._stats.clipped_samples -= self._clipped
            self._clipped, self._clips = 0, False
        if self._clips:
            clipped = int(np.count_nonzero(magnitude >= _FULL_SCALE))
            self._clipped += clipped
            self._stats.clipped_samples += clipped
