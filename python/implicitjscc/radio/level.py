# SPDX-License-Identifier: GPL-3.0-or-later
"""How loud a stream is, and how often it meets the rails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The largest value of an 8-bit converter is 127/128, of one that was scaled by a hair less.
RAIL = 0.99
_FLOOR_DBFS = -200.0


class LevelMeter:
    """Level since the last reading, and clipped samples since the beginning; full scale is 1.

    Args:
        rail: a sample whose I or Q is beyond it counts as clipped.

    Attributes:
        samples, clipped: so far.
    """

    def __init__(self, rail: float = RAIL) -> None:
        self.samples = 0
        self.clipped = 0
        self._rail = rail
        self._energy = 0.0
        self._peak = 0.0
        self._count = 0
        self._whole_energy = 0.0
        self._whole_peak = 0.0

    def add(self, samples: NDArray[np.complex64]) -> None:
        """Take samples."""
        if not samples.size:
            return
        parts = np.abs(np.ascontiguousarray(samples).view(np.float32))
        peak = float(parts.max())
        if not peak <= self._rail:
            self.clipped += int(np.count_nonzero((parts.reshape(-1, 2) > self._rail).any(axis=1)))
        energy = float(np.dot(parts, parts))
        self._energy += energy
        self._whole_energy += energy
        self._peak = max(self._peak, peak)
        self._whole_peak = max(self._whole_peak, peak)
        self._count += samples.size
        self.samples += samples.size

    def read(self) -> dict[str, float | int]:
        """Level and peak since the last reading, in dBFS."""
        reading = self._figures(self._energy, self._count, self._peak)
        self._energy, self._peak, self._count = 0.0, 0.0, 0
        return reading

    def whole(self) -> dict[str, float | int]:
        """Level and peak since the beginning, in dBFS."""
        return self._figures(self._whole_energy, self.samples, self._whole_peak)

    def _figures(self, energy: float, count: int, peak: float) -> dict[str, float | int]:
        return {
            "level_dbfs": _dbfs(energy / count if count else 0.0),
            "peak_dbfs": _dbfs(peak**2),
            "clipped_samples": self.clipped,
        }


def _dbfs(power: float) -> float:
    return float(10 * np.log10(power)) if power > 0 else _FLOOR_DBFS
