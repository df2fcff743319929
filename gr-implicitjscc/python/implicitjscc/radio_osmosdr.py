# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios that gr-osmosdr drives, where SoapySDR has no module for them."""

from __future__ import annotations

from typing import Any

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import RadioSettings

from .radio_devices import (
    HACKRF_TAIL,
    RECEIVE,
    TRANSMIT,
    RadioDevice,
    check_stages,
    driver,
    one_line,
    rate_to_ask_for,
)

# RF is the HackRF's amplifier; IF its LNA (or, sending, the VGA); BB the receiver's VGA.
_HACKRF_GAINS_DB = {
    TRANSMIT: {"RF": 0.0, "IF": 20.0},
    RECEIVE: {"RF": 0.0, "IF": 16.0, "BB": 20.0},
}


def open_device(settings: RadioSettings, direction: str) -> OsmosdrDevice:
    """The radio of gr-osmosdr's arguments, as ``hackrf=0``.

    Raises:
        ImplicitJsccError: gr-osmosdr or the device is absent.
    """
    osmosdr = driver("osmosdr", "osmosdr", "gr-osmosdr, or use soapy: instead")
    make = osmosdr.sink if direction == TRANSMIT else osmosdr.source
    try:
        block = make(args=f"numchan=1 {settings.where}")
    except RuntimeError as error:
        raise ImplicitJsccError(f"osmosdr: {one_line(error)}") from error
    return OsmosdrDevice(block, settings, direction)


class OsmosdrDevice(RadioDevice):
    """A radio that is open. The signal is put beside the oscillator digitally."""

    tail = HACKRF_TAIL

    def __init__(self, block: Any, settings: RadioSettings, direction: str) -> None:
        # The single rates in it cannot be read from Python; drivers take what lies between them.
        rates = block.get_sample_rates()
        ranges = [(rates.start(), rates.stop())]
        block.set_sample_rate(rate_to_ask_for(settings, ranges))
        rate_hz = block.get_sample_rate()
        offset = settings.lo_offset_hz
        super().__init__([block], rate_hz, rate_hz / 4 if offset is None else offset)
        self._block = block
        if settings.antenna:
            block.set_antenna(settings.antenna, 0)
        if settings.bandwidth_hz:
            block.set_bandwidth(settings.bandwidth_hz, 0)
        if direction == RECEIVE:
            block.set_gain_mode(False, 0)
        span = block.get_gain_range(0)
        known_db = _HACKRF_GAINS_DB[direction]
        self.start_gains(settings, block.get_gain_names(0), known_db, (span.start(), span.stop()))

    def tune(self, oscillator_hz: float) -> float:
        """Tune; the driver says where it is then."""
        self._block.set_center_freq(oscillator_hz, 0)
        return float(self._block.get_center_freq(0))

    def set_gain(self, whole_db: float | None, stages_db: dict[str, float]) -> None:
        """Set gains; the driver takes the nearest that it has."""
        check_stages("osmosdr", stages_db, self._block.get_gain_names(0))
        if whole_db is not None:
            self._block.set_gain(whole_db, 0)
        for name, value in stages_db.items():
            self._block.set_gain(value, name, 0)

    def describe(self) -> dict[str, Any]:
        """What is set now."""
        block = self._block
        return {
            "gain_db": {name: block.get_gain(name, 0) for name in block.get_gain_names(0)},
            "antenna": block.get_antenna(0),
            "bandwidth_hz": block.get_bandwidth(0),
        }
