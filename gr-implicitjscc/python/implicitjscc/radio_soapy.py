# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios that SoapySDR drives: HackRF and many others."""

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

# Safe with 40 dB between the two; AMP is the HackRF's 14 dB amplifier.
_HACKRF_GAINS_DB = {
    TRANSMIT: {"AMP": 0.0, "VGA": 20.0},
    RECEIVE: {"AMP": 0.0, "LNA": 16.0, "VGA": 20.0},
}


def open_device(settings: RadioSettings, direction: str) -> SoapyDevice:
    """The radio of SoapySDR's arguments, as ``driver=hackrf``.

    Raises:
        ImplicitJsccError: gr-soapy, the driver's module or the device is absent.
    """
    soapy = driver("soapy", "gnuradio.soapy", "gr-soapy, a part of GNU Radio")
    make = soapy.sink if direction == TRANSMIT else soapy.source
    try:
        block = make(settings.where, "fc32", 1, "", "", [""], [""])
    except RuntimeError as error:
        text = one_line(error)
        if "no match" in text:
            text = (
                f"no radio answers to {settings.where!r}: is it plugged in, free, and its "
                "SoapySDR module installed (soapysdr-module-hackrf)? "
                "SoapySDRUtil --find lists what is there"
            )
        raise ImplicitJsccError(f"soapy: {text}") from error
    return SoapyDevice(block, settings, direction)


class SoapyDevice(RadioDevice):
    """A radio that is open. The signal is put beside the oscillator digitally."""

    tail = HACKRF_TAIL

    def __init__(self, block: Any, settings: RadioSettings, direction: str) -> None:
        ranges = [(r.minimum(), r.maximum()) for r in block.get_sample_rate_range(0)]
        block.set_sample_rate(0, rate_to_ask_for(settings, ranges))
        rate_hz = block.get_sample_rate(0)
        offset = settings.lo_offset_hz
        super().__init__([block], rate_hz, rate_hz / 4 if offset is None else offset)
        self._block = block
        if settings.antenna:
            block.set_antenna(0, settings.antenna)
        if settings.bandwidth_hz:
            block.set_bandwidth(0, settings.bandwidth_hz)
        if direction == RECEIVE and block.has_gain_mode(0):
            block.set_gain_mode(0, False)  # it would move within a frame
        span = block.get_gain_range(0)
        known_db = _HACKRF_GAINS_DB[direction]
        self.start_gains(settings, block.list_gains(0), known_db, (span.minimum(), span.maximum()))

    def tune(self, oscillator_hz: float) -> float:
        """Tune; the driver says where it is then."""
        spans = [(r.minimum(), r.maximum()) for r in self._block.get_frequency_range(0)]
        if spans and not any(low <= oscillator_hz <= high for low, high in spans):
            told = ", ".join(f"{low / 1e6:g} to {high / 1e6:g} MHz" for low, high in spans)
            raise ImplicitJsccError(
                f"soapy: cannot tune to {oscillator_hz / 1e6:g} MHz, only {told}"
            )
        self._block.set_frequency(0, oscillator_hz)
        return float(self._block.get_frequency(0))

    def set_gain(self, whole_db: float | None, stages_db: dict[str, float]) -> None:
        """Set gains; values beyond a stage's range become its limit."""
        check_stages("soapy", stages_db, self._block.list_gains(0))
        if whole_db is not None:
            span = self._block.get_gain_range(0)
            self._block.set_gain(0, min(max(whole_db, span.minimum()), span.maximum()))
        for name, value in stages_db.items():
            span = self._block.get_gain_range(0, name)
            self._block.set_gain(0, name, min(max(value, span.minimum()), span.maximum()))

    def describe(self) -> dict[str, Any]:
        """What is set now."""
        block = self._block
        return {
            "gain_db": {name: block.get_gain(0, name) for name in block.list_gains(0)},
            "antenna": block.get_antenna(0),
            "bandwidth_hz": block.get_bandwidth(0),
        }
