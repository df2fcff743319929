# SPDX-License-Identifier: GPL-3.0-or-later
"""When the frames of one burst come, by the preambles that were found so far."""

from __future__ import annotations

import numpy as np

from .frame import FrameLayout
from .matched_filter import Timing

# What crystals do, and how well a preamble tells the time.
_DRIFT_PRIOR_STD = 25e-6
_TIME_STD = 0.02  # samples


class BurstTimes:
    """Frames' times in segments between which samples are missing, or are too many.

    Args:
        layout: of the content.

    Attributes:
        measured_interval: samples a symbol as a frame alone tells, until two preambles do.
    """

    def __init__(self, layout: FrameLayout) -> None:
        self._layout = layout
        self._segments: list[dict[int, float]] = [{}]
        self._cfo = 0.0
        self.measured_interval: float | None = None

    def note(self, frame: int, timing: Timing) -> None:
        """A frame's preamble was found where it was due."""
        self._segments[-1][frame] = timing.start
        self._cfo = timing.cfo

    def note_after_cut(self, frame: int, timing: Timing) -> None:
        """A frame's preamble was found elsewhere: from here on another clock's reading holds."""
        self._segments.append({})
        self.note(frame, timing)

    def knows(self, frame: int) -> bool:
        """Whether a frame's preamble was found."""
        return any(frame in starts for starts in self._segments)

    def begins_segment(self, frame: int) -> bool:
        """Whether a frame's preamble is the first one behind a cut."""
        return len(self._segments) > 1 and frame == min(self._segments[-1])

    @property
    def last(self) -> int:
        """The latest frame whose preamble was found."""
        return max(self._segments[-1], default=-1)

    @property
    def knows_drift(self) -> bool:
        """Whether two preambles of one segment have told the sampling offset."""
        return any(len(starts) > 1 for starts in self._segments)

    def of(self, frame: int) -> Timing:
        """When a frame comes: where its preamble is, or where its neighbours' tell."""
        interval = self.interval
        for starts in self._segments:
            if frame in starts:
                return Timing(starts[frame], interval, self._cfo)
        return self.by_segment(frame)

    def by_segment(self, frame: int) -> Timing:
        """When a frame comes by the latest segment, whatever is known of it from before."""
        interval = self.interval
        length = self._layout.frame_symbols * interval
        starts = [start + (frame - n) * length for n, start in self._segments[-1].items()]
        return Timing(float(np.mean(starts)), interval, self._cfo)

    @property
    def interval(self) -> float:
        """Samples a symbol: one slope through each segment's times, held by what crystals do."""
        nominal = self._layout.profile.samples_per_symbol
        if not self.knows_drift:
            return self.measured_interval or float(nominal)
        length = self._layout.frame_symbols * nominal
        squares = products = 0.0
        for starts in self._segments:
            if len(starts) < 2:
                continue
            numbers = np.array(list(starts), dtype=np.float64)
            times = np.array(list(starts.values()))
            centred = (numbers - numbers.mean()) * length
            squares += float(np.sum(centred**2))
            products += float(np.sum(centred * (times - times.mean() - centred)))
        return nominal * (1 + products / (squares + (_TIME_STD / _DRIFT_PRIOR_STD) ** 2))
