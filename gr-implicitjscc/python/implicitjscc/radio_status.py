# SPDX-License-Identifier: GPL-3.0-or-later
"""A radio's level and troubles as lines of the log."""

from __future__ import annotations

import time
from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError

from . import pdu

_LEVELS = ("level_dbfs", "peak_dbfs")


class radio_status(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Log what a Radio Sink or Radio Source publishes on ``status``.

    A line comes with the first status, then after each period, and at once, as a warning, when a
    counter (clipped samples, underruns, discontinuities, ...) has grown.

    Args:
        period_s: time between lines; 0 for warnings only.

    Raises:
        ImplicitJsccError: the period is negative.
    """

    def __init__(self, period_s: float = 5.0) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Radio Status", None, None)
        if not period_s >= 0:
            raise ImplicitJsccError("the period of the radio's status is not negative")
        self._period_s = float(period_s)
        self._due_s = 0.0
        self._counters: dict[str, Any] = {}
        self.message_port_register_in(pmt.intern("status"))
        self.set_msg_handler(pmt.intern("status"), self.handle_status)

    def start(self) -> bool:
        """Called by the scheduler."""
        self._due_s, self._counters = 0.0, {}
        return True

    def handle_status(self, message: Any) -> None:
        """Log it, where there is a reason."""
        if not pmt.is_dict(message):
            return
        status = pdu.scalars(message)
        levels = [status.get(name) for name in _LEVELS]
        if not all(isinstance(level, (int, float)) for level in levels):
            return
        counters = {key: value for key, value in status.items() if isinstance(value, int) and value}
        line = f"level {levels[0]:.1f} dBFS, peak {levels[1]:.1f} dBFS"
        for key, value in counters.items():
            line += f", {value} {key.replace('_', ' ')}"
        if counters != self._counters:
            self._counters = counters
            self.logger.warn(line)
        elif self._period_s and time.monotonic() >= self._due_s:
            self.logger.info(line)
        else:
            return
        self._due_s = time.monotonic() + self._period_s
