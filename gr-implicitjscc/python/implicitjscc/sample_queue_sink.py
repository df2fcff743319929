# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream as pieces for another thread."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
from gnuradio import gr
from numpy.typing import NDArray

_MOST_SAMPLES = 1 << 22  # 32 MiB, two seconds at 2 Msamples/s
_WAIT_S = 0.05


class sample_queue_sink(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Keep samples until they are taken.

    Who takes them too slowly holds the flowgraph back, and then the radio, which says so: what is
    lost, is lost where it is counted.
    """

    def __init__(self) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Sample Queue Sink", [np.complex64], None)
        self._pieces: deque[NDArray[np.complex64]] = deque()
        self._count = 0
        self._ended = False
        self._changed = threading.Condition()

    @property
    def ended(self) -> bool:
        """Whether the stream is over and all of it was taken."""
        with self._changed:
            return self._ended and not self._pieces

    def start(self) -> bool:
        """Called by the scheduler."""
        self._ended = False
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        return True

    def take(self, timeout_s: float) -> NDArray[np.complex64] | None:
        """All that has come, or None where nothing comes within the time."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._ended, timeout_s)
            if not self._pieces:
                return None
            pieces = list(self._pieces)
            self._pieces.clear()
            self._count = 0
            self._changed.notify_all()
        return np.concatenate(pieces)

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        samples = input_items[0]
        with self._changed:
            if not self._changed.wait_for(lambda: self._count < _MOST_SAMPLES, _WAIT_S):
                return 0
            self._pieces.append(samples.copy())
            self._count += samples.size
            self._changed.notify_all()
        return int(samples.size)
