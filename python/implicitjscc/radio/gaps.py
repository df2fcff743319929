# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples that a radio lost, from the times that it gives."""

from __future__ import annotations

# A gap this long is not filled: both ends have lost each other anyway.
LONGEST_FILL_S = 2.0
_LONGEST_S = 1e6


class GapFinder:
    """Follows the marks that a driver sets where its stream begins and where it broke off.

    USRPs mark with the time of the sample, and also when they are tuned: only a time that is not
    the expected one is a gap. Drivers without a clock mark with the rate alone, after an overrun.

    Attributes:
        discontinuities: gaps so far.
        samples_lost: in those whose length is known.
        unknown: gaps of unknown length.
    """

    def __init__(self) -> None:
        self.discontinuities = 0
        self.samples_lost = 0
        self.unknown = 0
        self._reference: tuple[int, tuple[int, float] | None] | None = None

    def restart(self) -> None:
        """A new stream begins; the counters go on."""
        self._reference = None

    def mark(self, offset: int, time: tuple[int, float] | None, rate_hz: float) -> int:
        """Take a mark.

        Args:
            offset: number of the sample, of those that arrived.
            time: its time, whole seconds and the rest; None where the radio has no clock.
            rate_hz: of the radio.

        Returns:
            how many samples are missing before it, as far as that is known and sensible to fill.
        """
        before, self._reference = self._reference, (offset, time)
        if before is None:
            return 0
        if time is None or before[1] is None:
            self.discontinuities += 1
            self.unknown += 1
            return 0
        passed_s = (time[0] - before[1][0]) + (time[1] - before[1][1])
        if abs(passed_s) <= _LONGEST_S:
            missing = round(passed_s * rate_hz) - (offset - before[0])
            if missing == 0:
                return 0
        else:
            missing = -1  # also where the time is no number
        self.discontinuities += 1
        if missing < 0:
            self.unknown += 1
            return 0
        self.samples_lost += missing
        return missing if missing <= LONGEST_FILL_S * rate_hz else 0
