# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream as pieces for another thread."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from gnuradio import gr
from numpy.typing import NDArray

from .sample_queue import SampleQueue
from .stream_marks import told_cuts


class sample_queue_sink(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Keep samples until they are taken.

    Who takes them too slowly holds the flowgraph back, and then the radio, which says so: what is
    lost, is lost where it is counted.

    Attributes:
        after_gap: whether samples are missing before those that ``take`` gave last.
    """

    def __init__(self) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Sample Queue Sink", [np.complex64], None)
        self.after_gap = False
        self._queue = SampleQueue()
        self._taken: deque[NDArray[np.complex64] | None] = deque()

    @property
    def ended(self) -> bool:
        """Whether the stream is over and all of it was taken."""
        return self._queue.ended and not self._taken

    def start(self) -> bool:
        """Called by the scheduler."""
        self._queue.open()
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._queue.close()
        return True

    def take(self, timeout_s: float) -> NDArray[np.complex64] | None:
        """What has come up to the next gap, or None where nothing comes within the time."""
        if not self._taken:
            self._taken.extend(self._queue.take(timeout_s)[0])
        self.after_gap = False
        while self._taken:
            piece = self._taken.popleft()
            if piece is not None:
                return piece
            self.after_gap = True
        return None

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        samples = input_items[0]
        return int(samples.size) if self._queue.put(samples, told_cuts(self, samples.size)) else 0
