# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the Channel Laboratory: what holds the channel, and what knows when the stream ends."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from gnuradio import gr

from implicitjscc.channel import Channel, ChannelSettings

WORK_DONE = -1
_CHUNK = 1 << 15
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.5e-3, 8e-3


class end_of_stream(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Reads the same stream and knows when it has ended.

    A block that still holds samples when its input ends is not asked again (in 3.10.5 nothing tells
    it), unless it asks for no input; then it must learn of the end from somebody else.
    """

    def __init__(self) -> None:
        gr.sync_block.__init__(self, "Channel Laboratory End", [np.complex64], None)
        self.ended = threading.Event()
        self.items = 0

    def start(self) -> bool:
        """Called by the scheduler, before any block works."""
        self.ended.clear()
        self.items = 0
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        self.ended.set()
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        self.items += len(input_items[0])
        return len(input_items[0])


class channel_core(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Pushes samples through a :class:`Channel`; their number changes on the way."""

    def __init__(self, settings: ChannelSettings, end: end_of_stream) -> None:
        gr.basic_block.__init__(self, "Channel Laboratory Core", [np.complex64], [np.complex64])
        self.set_tag_propagation_policy(gr.TPP_DONT)
        self.failures = 0
        self.channel = Channel(settings)
        self._end = end
        self._restart()

    def _restart(self) -> None:
        self._ready, self._sent, self._taken = np.empty(0, np.complex64), 0, 0
        self._flushed = False
        self._wait_s = _SHORTEST_WAIT_S

    def start(self) -> bool:
        """Called by the scheduler; each run begins anew, with the settings as they are now."""
        self.channel = Channel(self.channel.settings)
        self._restart()
        return True

    def forecast(self, noutput_items: int, ninputs: int) -> list[int]:
        """Nothing is needed: see :class:`end_of_stream`."""
        return [0] * ninputs

    def general_work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        if self._sent == self._ready.size:
            if self._flushed:
                return WORK_DONE
            self._refill(input_items[0][:_CHUNK])
        count = min(out.size, self._ready.size - self._sent)
        out[:count] = self._ready[self._sent : self._sent + count]
        self._sent += count
        return int(count)

    def _refill(self, items: Any) -> None:
        try:
            if items.size:
                self._wait_s = _SHORTEST_WAIT_S
                # Consumed, its place in the buffer belongs to the block before, which writes there.
                taken = items.copy()
                self._taken += taken.size
                self.consume(0, int(taken.size))
                self._ready, self._sent = self.channel.process(taken), 0
            elif self._end.ended.wait(self._wait_s):
                if self._taken == self._end.items:
                    self._flushed = True
                    self._ready, self._sent = self.channel.flush(), 0
            else:
                self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
        except Exception as error:
            # A flowgraph must survive whatever the samples are; the log says what happened.
            self.failures += 1
            self._ready, self._sent = np.empty(0, np.complex64), 0
            self.logger.error(f"the channel failed: {type(error).__name__}: {error}")
