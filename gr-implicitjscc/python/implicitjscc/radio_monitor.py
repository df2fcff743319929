# SPDX-License-Identifier: GPL-3.0-or-later
"""The first look at what a radio received."""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
from gnuradio import gr

from implicitjscc.radio.gaps import GapFinder
from implicitjscc.radio.level import LevelMeter

from .pmt_scalars import to_pmt_dict
from .stream_marks import DISCONTINUITY, driver_marks


class radio_monitor(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Measure the level, find where samples were lost, and publish both on ``status``.

    Where the radio tells how many were lost (UHD does, by its stream tags ``rx_time``), zeros take
    their place: what follows keeps its time, and only what was lost is lost. Where it only tells
    that some were (SoapySDR), or so many that zeros make no sense, the gap is counted and the first
    sample behind it gets the tag ``discontinuity``, by which a receiver knows.

    Args:
        rate_hz: of the stream; a status comes twice a second.

    Attributes:
        settings: of the radio, which go into the status; to be replaced, not changed.
    """

    def __init__(self, rate_hz: float) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Radio Monitor", [np.complex64], [np.complex64])
        self.settings: dict[str, Any] = {}
        self.meter = LevelMeter()
        self.gaps = GapFinder()
        self._rate_hz = float(rate_hz)
        self._period = max(int(rate_hz / 2), 1)
        self._next = self._period
        self._zeros = 0
        self._marked = -1
        self._key = pmt.intern(DISCONTINUITY)
        self.set_tag_propagation_policy(gr.TPP_DONT)
        self.message_port_register_out(pmt.intern("status"))

    def start(self) -> bool:
        """Called by the scheduler."""
        self.gaps.restart()
        self._zeros, self._marked = 0, -1
        return True

    def forecast(self, noutput_items: int, ninputs: int) -> list[int]:
        """Called by the scheduler; zeros need no input."""
        return [0 if self._zeros else 1] * ninputs

    def counters(self) -> dict[str, int]:
        """Gaps so far."""
        return {
            "discontinuities": self.gaps.discontinuities,
            "samples_lost": self.gaps.samples_lost,
            "discontinuities_of_unknown_length": self.gaps.unknown,
        }

    def general_work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        count = 0
        if not self._zeros:
            count = self._until_next_mark(min(input_items[0].size, out.size))
        if self._zeros:
            count = min(self._zeros, out.size)
            out[:count] = 0
            self._zeros -= count
            return int(count)
        samples = input_items[0][:count]
        out[:count] = samples
        self.consume(0, count)
        self.meter.add(samples)
        if self.meter.samples >= self._next:
            self._next = self.meter.samples + self._period
            status = {**self.settings, **self.meter.read(), **self.counters()}
            self.message_port_pub(pmt.intern("status"), to_pmt_dict(status))
        return int(count)

    def _until_next_mark(self, count: int) -> int:
        """Take notice of a mark on the first sample; how many samples lie before the next one."""
        start = self.nitems_read(0)
        marks = driver_marks(self.get_tags_in_window(0, 0, count))
        if start in marks and self._marked != start:
            self._marked = start
            before = self.gaps.discontinuities
            self._zeros = self.gaps.mark(start, marks[start], self._rate_hz)
            if self.gaps.discontinuities > before and not self._zeros:
                self.add_item_tag(0, self.nitems_written(0), self._key, pmt.PMT_T)
        later = [offset for offset in marks if offset > start]
        return later[0] - start if later else count
