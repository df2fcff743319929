# SPDX-License-Identifier: GPL-3.0-or-later
"""A bound on the work that a stream can cause, counted in samples and not by the clock.

What a receiver does must depend on its samples only, so no real time is measured: each kind of
work has a price, about its milliseconds on one core of 2020, and every sample earns a little.
"""

from __future__ import annotations

# At two samples a symbol, whatever the source has. The densest stream that is sent, short contents
# without a pause, costs a little less: about 12 ms for each frame of 5,200 samples.
SAMPLES_PER_MS = 400
MOST_SAVED_MS = 2000.0


class WorkBudget:
    """Milliseconds of work that may still be done.

    Attributes:
        refused: how often something was left undone.
    """

    def __init__(self) -> None:
        self._saved_ms = MOST_SAVED_MS
        self.refused = 0

    def earn(self, samples: int) -> None:
        """Samples have come, two of each symbol."""
        self._saved_ms = min(self._saved_ms + samples / SAMPLES_PER_MS, MOST_SAVED_MS)

    def spend(self, cost_ms: float) -> bool:
        """Whether something may be done; if so it is paid for."""
        if self._saved_ms < cost_ms:
            self.refused += 1
            return False
        self._saved_ms -= cost_ms
        return True
