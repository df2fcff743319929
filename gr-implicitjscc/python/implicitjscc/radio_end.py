# SPDX-License-Identifier: GPL-3.0-or-later
"""What Radio Sink and Radio Source share: a device that is tuned while the flowgraph runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import RadioSettings

from .radio_control import RadioControl
from .radio_devices import TRANSMIT
from .radio_limiter import radio_limiter
from .radio_monitor import radio_monitor

_ITEM, _NOTHING = (1, 1, gr.sizeof_gr_complex), (0, 0, 0)


class radio_end(gr.hier_block2):  # noqa: N801 (GNU Radio's convention)
    """One direction of a radio, and the look at its stream.

    Args:
        name: of the block.
        settings: of the device.
        direction: one of those of ``radio_devices``.

    Attributes:
        control: the device, and the blocks between it and the waveform.
        watch: measures the level and counts troubles; its port ``status`` is this block's.

    Raises:
        ImplicitJsccError: the device, its driver or a setting is not to be had.
    """

    def __init__(self, name: str, settings: RadioSettings, direction: str) -> None:
        ends = (_ITEM, _NOTHING) if direction == TRANSMIT else (_NOTHING, _ITEM)
        gr.hier_block2.__init__(self, name, *(gr.io_signature(*end) for end in ends))
        self.control = RadioControl(settings, direction)
        rate_hz = self.control.device.rate_hz
        self.watch: Any = (
            radio_limiter(rate_hz) if direction == TRANSMIT else radio_monitor(rate_hz)
        )
        self.watch.settings = self.control.report()
        self.message_port_register_hier_out("status")
        self.msg_connect((self.watch, "status"), (self, "status"))

    def set_frequency(self, frequency: float) -> None:
        """Tune while running; what the radio refuses is logged."""
        self._try(self.control.tune, frequency)

    def set_gain(self, gain: str | float) -> None:
        """Set gains while running; what the radio refuses is logged."""
        self._try(self.control.set_gain, gain)

    def report(self) -> dict[str, Any]:
        """The radio as it is set, its levels since the beginning and its counters."""
        return {**self.control.report(), **self.watch.meter.whole(), **self.watch.counters()}

    def _try(self, change: Callable[[Any], None], value: Any) -> None:
        try:
            change(value)
        except (ImplicitJsccError, RuntimeError, ValueError, TypeError, IndexError) as error:
            self.watch.logger.error(str(error))
        else:
            self.watch.settings = self.control.report()
