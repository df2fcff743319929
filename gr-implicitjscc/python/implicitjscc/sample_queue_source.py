# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts from another thread as a stream without pauses."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
from gnuradio import gr
from numpy.typing import NDArray

WORK_DONE = -1
_MOST_WAITING = 2


class sample_queue_source(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Emit bursts one after the other, zeros between them, and end when it is closed.

    A burst that has begun is always whole: a radio that hears zeros within it would lose it.

    Attributes:
        bursts: that were emitted to their end.
        samples: emitted, of bursts.
        produced: emitted, zeros included.
    """

    def __init__(self) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Sample Queue Source", None, [np.complex64])
        self.bursts = 0
        self.samples = 0
        self.produced = 0
        self._waiting: deque[NDArray[np.complex64]] = deque()
        self._position = 0
        self._closed = False
        self._tail = 0
        self._changed = threading.Condition()

    def put(self, samples: NDArray[np.complex64], timeout_s: float) -> bool:
        """Queue a burst; False where there was no room for it within the time."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._waiting) < _MOST_WAITING, timeout_s):
                return False
            self._waiting.append(samples)
            return True

    def drop_waiting(self) -> None:
        """Forget what has not begun."""
        with self._changed:
            while len(self._waiting) > (1 if self._position else 0):
                self._waiting.pop()
            self._changed.notify_all()

    def close(self, tail: int) -> None:
        """End the stream after what is queued and so many zeros."""
        with self._changed:
            self._tail, self._closed = tail, True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        with self._changed:
            if not self._waiting:
                return self._emit_zeros(out)
            burst = self._waiting[0]
            count = min(out.size, burst.size - self._position)
            out[:count] = burst[self._position : self._position + count]
            self._position += count
            self.samples += count
            self.produced += count
            if self._position == burst.size:
                self._waiting.popleft()
                self._position = 0
                self.bursts += 1
                self._changed.notify_all()
        return int(count)

    def _emit_zeros(self, out: NDArray[np.complex64]) -> int:
        count = out.size
        if self._closed:
            count = min(count, self._tail)
            self._tail -= count
        out[:count] = 0
        self.produced += count
        return count if count else WORK_DONE
