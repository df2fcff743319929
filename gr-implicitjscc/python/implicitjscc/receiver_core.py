# SPDX-License-Identifier: GPL-3.0-or-later
"""The sink inside the Receiver: takes samples from the scheduler, demodulates beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from implicitjscc.phy.receiver import BurstReceiver, Reception

from .sample_queue import SampleQueue
from .stream_marks import StreamMarks

WORK_DONE = -1
_LEAST_BATCH = 1 << 15
_BATCH_WAIT_S = 0.2


class receiver_core(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Buffer samples and push them through a :class:`BurstReceiver` in a thread of its own.

    Attributes:
        ended: set while no run is under way: every reception has been delivered.
    """

    def __init__(
        self,
        make: Callable[[], BurstReceiver],
        deliver: Callable[[Reception], None],
        contents: int,
        idle_flush_s: float,
        deliver_partial: Callable[[Reception], None],
        progress_frames: int,
        marks: StreamMarks,
    ) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Receiver Core", [np.complex64], None)
        self.failures = 0
        self.received = 0
        self.ended = threading.Event()
        self._make = make
        self._deliver = deliver
        self._contents = contents
        self._idle_flush_s = idle_flush_s
        self._deliver_partial = deliver_partial
        self._progress_frames = progress_frames
        self._frames_shown = 0
        self._phy = make()
        self._marks = marks
        self._queue = SampleQueue(_LEAST_BATCH)
        self._closed = True
        self._idle = True
        self._thread: threading.Thread | None = None
        # Nothing is ever sent on this port: through it the scheduler tells the relay of the end.
        self.message_port_register_out(pmt.intern("end"))

    @property
    def stats(self) -> dict[str, Any]:
        """The counters of the physical layer, and ``failures`` of this block."""
        return {**self._phy.stats.as_dict(), "failures": self.failures}

    def start(self) -> bool:
        """Called by the scheduler."""
        self._phy = self._make()
        self._marks.restart()
        self._queue.open()
        self._closed, self._idle, self.received = False, True, 0
        self._frames_shown = 0
        self.ended.clear()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> bool:
        """Called by the scheduler; returns when everything is demodulated and delivered."""
        self._closed = True
        self._queue.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.ended.set()
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler; when the thread lags it holds the flowgraph back."""
        if self._enough:
            return WORK_DONE
        items = input_items[0]
        taken = self._queue.put(items, self._marks.cuts(self, items.size))
        return int(items.size) if taken else 0

    @property
    def _enough(self) -> bool:
        return 0 < self._contents <= self.received

    def _run(self) -> None:
        waited_s = 0.0
        while True:
            chunks, closed = self._queue.take(_BATCH_WAIT_S)
            waited_s = 0.0 if chunks else waited_s + _BATCH_WAIT_S
            if chunks:
                self._idle = False
                self._push(chunks)
            elif not self._idle and 0 < self._idle_flush_s <= waited_s:
                self._idle = True
                self.logger.warn(f"no samples for {self._idle_flush_s:g} s; the stream has stopped")
                self._process(self._phy.flush)
            if closed:
                self._process(self._phy.flush)
                return

    def _push(self, chunks: list[NDArray[np.complex64] | None]) -> None:
        for chunk in chunks:
            if chunk is None:
                self._phy.note_discontinuity()
            else:
                self._process(self._phy.push, chunk)

    def _process(self, step: Callable[..., list[Reception]], *samples: Any) -> None:
        if self._enough:
            return
        try:
            for reception in step(*samples):
                if self._enough:
                    return
                self._deliver(reception)
                self.received += 1
                self._frames_shown = 0
            if self._progress_frames and not self._closed:
                self._show_partial()
        except Exception as error:
            # A flowgraph must survive whatever the samples are; the log says what happened.
            self.failures += 1
            self.logger.error(f"demodulation failed: {type(error).__name__}: {error}")

    def _show_partial(self) -> None:
        partial = self._phy.partial(self._frames_shown + self._progress_frames)
        if partial is not None:
            self._frames_shown = partial.frames_received
            self._deliver_partial(partial)
