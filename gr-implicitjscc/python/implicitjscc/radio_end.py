# SPDX-License-Identifier: GPL-3.0-or-later
"""What Radio Sink and Radio Source share: a device that is tuned while the flowgraph runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError

from .radio_control import RadioControl, settings_from
from .radio_devices import TRANSMIT
from .radio_limiter import radio_limiter
from .radio_monitor import radio_monitor

_ITEM, _NOTHING = (1, 1, gr.sizeof_gr_complex), (0, 0, 0)


class radio_end(gr.hier_block2):  # noqa: N801 (GNU Radio's convention)
    """One direction of a radio, and the look at its stream; the arguments are in the two classes.

    Attributes:
        title: name of the block.
        direction: one of those of ``radio_devices``.
        control: the device, and the blocks between it and the waveform.
        watch: measures the level and counts troubles; its port ``status`` is this block's.

    Raises:
        ImplicitJsccError: the device, its driver or an argument is not to be had.
    """

    title: str
    direction: str

    def __init__(
        self,
        device: str = "sim:",
        frequency: float = 915e6,
        sample_rate: float = 1e6,
        gain: str | float = "",
        radio_rate: float = 0.0,
        antenna: str = "",
        bandwidth: float = 0.0,
        lo_offset: float | None = None,
        ppm: float = 0.0,
    ) -> None:
        settings = settings_from(
            device, frequency, sample_rate, gain, radio_rate, antenna, bandwidth, lo_offset, ppm
        )
        sends = self.direction == TRANSMIT
        ends = (_ITEM, _NOTHING) if sends else (_NOTHING, _ITEM)
        gr.hier_block2.__init__(self, self.title, *(gr.io_signature(*end) for end in ends))
        self.control = RadioControl(settings, self.direction)
        rate_hz = self.control.device.rate_hz
        self.watch: Any = radio_limiter(rate_hz) if sends else radio_monitor(rate_hz)
        self.watch.settings = self.control.report()
        self.message_port_register_hier_out("status")
        self.msg_connect((self.watch, "status"), (self, "status"))
        self._kept = self._connect_chain()

    def _connect_chain(self) -> list[Any]:
        """Connect the device, the watch and the converters; returns them, since nobody else would
        keep Python's references to them."""
        raise NotImplementedError

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
