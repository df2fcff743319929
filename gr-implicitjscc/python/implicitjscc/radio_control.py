# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Radio Sink and the Radio Source share: rate, carrier, gain, report."""

from __future__ import annotations

from typing import Any

import numpy as np
from gnuradio import blocks, filter

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.rates import check_shift, rate_filter, whole_factor
from implicitjscc.radio.settings import RadioSettings, parse_gain

from .radio_devices import RECEIVE, TRANSMIT, RadioDevice, open_device

_ARMS = 128
_ARMS_STOP_BAND_DB = 80


class RadioControl:
    """A device, and the blocks between it and the waveform.

    Attributes:
        device: as it was opened.
        shift_hz: from the oscillator up to the carrier.
        rotator: moves the carrier beside the oscillator, and back.

    Raises:
        ImplicitJsccError: the device cannot be opened or tuned.
    """

    def __init__(self, settings: RadioSettings, direction: str) -> None:
        self.device: RadioDevice = open_device(settings, direction)
        self.rotator = blocks.rotator_cc(0.0)
        self._settings = settings
        self._direction = direction
        self.shift_hz = 0.0
        self._frequency_hz = settings.frequency_hz
        self._oscillator_hz = 0.0
        self._factor = whole_factor(self.device.rate_hz, settings.sample_rate_hz)
        self.tune(settings.frequency_hz)

    def tune(self, frequency_hz: float) -> None:
        """Set the carrier. The rotator makes up for what the oscillator does not do.

        Raises:
            ImplicitJsccError: the radio cannot go there.
        """
        # In units of the device's own clock, which is wrong by ppm.
        carrier_hz = frequency_hz / self._settings.clock
        rate_hz = self.device.rate_hz
        oscillator_hz = self.device.tune(carrier_hz - self.device.shift_hz)
        try:
            check_shift(carrier_hz - oscillator_hz, rate_hz, self._settings.sample_rate_hz)
        except ImplicitJsccError:
            self.device.tune(self._frequency_hz / self._settings.clock - self.device.shift_hz)
            raise
        self._frequency_hz, self._oscillator_hz = frequency_hz, oscillator_hz
        self.shift_hz = carrier_hz - oscillator_hz
        sign = 1 if self._direction == TRANSMIT else -1
        self.rotator.set_phase_inc(sign * 2 * np.pi * self.shift_hz / rate_hz)

    def set_gain(self, gain: str | float) -> None:
        """Set the gain of the whole chain, or of stages: ``LNA=16,VGA=20``.

        Raises:
            ImplicitJsccError: it is no gain, or the radio has no such stage.
        """
        self.device.set_gain(*parse_gain(str(gain)))

    def converters(self) -> list[Any]:
        """The blocks between the waveform's rate and the radio's, in the stream's order."""
        change = self._change_of_rate()
        if self._direction == RECEIVE:
            return [self.rotator, *change]
        return [*change, self.rotator]

    def report(self) -> dict[str, Any]:
        """What is asked for, and what the radio does."""
        return {
            "device": self._settings.device,
            "frequency_hz": self._frequency_hz,
            "oscillator_hz": self._oscillator_hz,
            "radio_rate_hz": self.device.rate_hz,
            **self.device.describe(),
        }

    def _change_of_rate(self) -> list[Any]:
        if self._factor == 1:
            return []
        if self._factor is not None:
            taps = rate_filter(self._factor)
            if self._direction == RECEIVE:
                return [filter.fir_filter_ccf(self._factor, taps.tolist())]
            return [filter.interp_fir_filter_ccf(self._factor, (taps * self._factor).tolist())]
        ratio = self.device.rate_hz / self._settings.sample_rate_hz
        if self._direction == RECEIVE:
            ratio = 1 / ratio
        return [_arbitrary(ratio)]


def _arbitrary(ratio: float) -> Any:
    """A resampler for rates that are no multiple of each other, with linear interpolation between
    128 phases (fred harris, "Multirate Signal Processing for Communication Systems", 2004)."""
    step = min(ratio, 1.0)
    taps = filter.firdes.low_pass_2(
        _ARMS, _ARMS, 0.5 * step, 0.27 * step, _ARMS_STOP_BAND_DB, filter.window.WIN_BLACKMAN_hARRIS
    )
    return filter.pfb_arb_resampler_ccf(ratio, taps, _ARMS)


def settings_from(
    device: str,
    frequency: float,
    sample_rate: float,
    gain: str | float,
    radio_rate: float,
    antenna: str,
    bandwidth: float,
    lo_offset: float | None,
    ppm: float,
) -> RadioSettings:
    """Settings from a block's arguments, in which 0 and the empty text leave a choice open.

    Raises:
        ImplicitJsccError: an argument makes no sense.
    """
    whole, stages = parse_gain(str(gain))
    return RadioSettings(
        device=device,
        frequency_hz=float(frequency),
        sample_rate_hz=float(sample_rate),
        radio_rate_hz=float(radio_rate) or None,
        gain_db=whole,
        gains_db=stages,
        antenna=antenna,
        bandwidth_hz=float(bandwidth) or None,
        lo_offset_hz=None if lo_offset is None else float(lo_offset),
        ppm=float(ppm),
    )
