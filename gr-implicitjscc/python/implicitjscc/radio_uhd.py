# SPDX-License-Identifier: GPL-3.0-or-later
"""USRPs, by UHD."""

from __future__ import annotations

from typing import Any

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import RadioSettings, start_gain_db

from .radio_devices import TRANSMIT, RadioDevice, check_stages, driver, one_line

_TAIL = 4096


def open_device(settings: RadioSettings, direction: str) -> UhdDevice:
    """The USRP of an address as ``type=b200,serial=...``; empty for the first one found.

    Raises:
        ImplicitJsccError: UHD or the device is absent.
    """
    uhd = driver("uhd", "gnuradio.uhd", "gr-uhd, a part of GNU Radio")
    stream = uhd.stream_args(cpu_format="fc32", otw_format="sc16", channels=[0])
    make = uhd.usrp_sink if direction == TRANSMIT else uhd.usrp_source
    try:
        block = make(settings.where, stream)
    except RuntimeError as error:
        text = one_line(error)
        if "No devices found" in text:
            text = (
                f"no USRP answers to {settings.where!r}; uhd_find_devices lists those that are "
                "there, and permissions come with UHD's udev rules"
            )
        raise ImplicitJsccError(f"uhd: {text}") from error
    return UhdDevice(block, settings, uhd, direction)


class UhdDevice(RadioDevice):
    """A USRP that is open. Its own DSP moves the oscillator out of the band."""

    tail = _TAIL

    def __init__(self, block: Any, settings: RadioSettings, uhd: Any, direction: str) -> None:
        asked_hz = settings.radio_rate_hz or settings.sample_rate_hz
        block.set_samp_rate(asked_hz)
        super().__init__([block], block.get_samp_rate())
        if direction == TRANSMIT:
            self.event_port = "async_msgs"
        self._block = block
        self._uhd = uhd
        offset = settings.lo_offset_hz
        self._lo_offset_hz = self.rate_hz if offset is None else offset
        if settings.antenna:
            known = block.get_antennas(0)
            if settings.antenna not in known:
                raise ImplicitJsccError(
                    f"uhd: has no antenna {settings.antenna}, only {', '.join(known)}"
                )
            block.set_antenna(settings.antenna, 0)
        if settings.bandwidth_hz:
            block.set_bandwidth(settings.bandwidth_hz, 0)
        if settings.gain_db is None and not settings.gains_db:
            gains = block.get_gain_range(0)
            block.set_gain(start_gain_db(gains.start(), gains.stop()), 0)
        else:
            self.set_gain(settings.gain_db, settings.gains_db)

    def tune(self, oscillator_hz: float) -> float:
        """Tune with an offset; UHD says where the centre of the stream is then."""
        self._block.set_center_freq(self._uhd.tune_request(oscillator_hz, self._lo_offset_hz), 0)
        return float(self._block.get_center_freq(0))

    def set_gain(self, whole_db: float | None, stages_db: dict[str, float]) -> None:
        """Set gains; UHD takes the nearest that it has."""
        check_stages("uhd", stages_db, self._block.get_gain_names(0))
        if whole_db is not None:
            self._block.set_gain(whole_db, 0)
        for name, value in stages_db.items():
            self._block.set_gain(value, name, 0)

    def describe(self) -> dict[str, Any]:
        """What is set now."""
        return {
            "gain_db": self._block.get_gain(0),
            "antenna": self._block.get_antenna(0),
            "bandwidth_hz": self._block.get_bandwidth(0),
            "lo_offset_hz": self._lo_offset_hz,
        }
