# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look at a stream before a radio sends it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pmt
from gnuradio import gr

from implicitjscc.radio.level import LevelMeter

from .pmt_scalars import to_pmt_dict

_EVENTS = {
    "underflow": "underruns",
    "underflow_in_packet": "underruns",
    "seq_error": "sequence_errors",
    "seq_error_in_burst": "sequence_errors",
    "time_error": "late",
}
_MOST_EVENTS = 64


class radio_limiter(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Clip I and Q to full scale, measure the level, and publish both on ``status``.

    A converter that is driven beyond full scale may wrap round, which is far worse than clipping;
    what is not finite becomes 0. UHD's messages on ``events`` are counted.

    Args:
        rate_hz: of the stream; a status comes twice a second.

    Attributes:
        settings: of the radio, which go into the status; to be replaced, not changed.
    """

    def __init__(self, rate_hz: float) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Radio Limiter", [np.complex64], [np.complex64])
        self.settings: dict[str, Any] = {}
        self.meter = LevelMeter(rail=1.0)
        self.events: Counter[str] = Counter()
        self._period = max(int(rate_hz / 2), 1)
        self._next = self._period
        self.message_port_register_in(pmt.intern("events"))
        self.message_port_register_out(pmt.intern("status"))
        self.set_msg_handler(pmt.intern("events"), self.handle_events)

    def handle_events(self, message: Any) -> None:
        """Count what UHD tells: (uhd_async_msg . {event_code: (underflow ...), ...})."""
        body = pmt.cdr(message) if pmt.is_pair(message) else pmt.PMT_NIL
        if not pmt.is_dict(body):
            return
        codes = pmt.dict_ref(body, pmt.intern("event_code"), pmt.PMT_NIL)
        for _ in range(_MOST_EVENTS):
            if not pmt.is_pair(codes):
                return
            code = pmt.car(codes)
            if pmt.is_symbol(code) and (name := _EVENTS.get(pmt.symbol_to_string(code))):
                self.events[name] += 1
            codes = pmt.cdr(codes)

    def counters(self) -> dict[str, int]:
        """Events so far; all 0 where the driver does not tell."""
        return {name: self.events[name] for name in dict.fromkeys(_EVENTS.values())}

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        samples, out = input_items[0], output_items[0]
        out[:] = samples
        parts = out.view(np.float32)
        if not np.isfinite(parts).all():
            np.nan_to_num(parts, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        self.meter.add(out)
        np.clip(parts, -1.0, 1.0, out=parts)
        if self.meter.samples >= self._next:
            self._next = self.meter.samples + self._period
            status = {**self.settings, **self.meter.read(), **self.counters()}
            self.message_port_pub(pmt.intern("status"), to_pmt_dict(status))
        return int(out.size)
