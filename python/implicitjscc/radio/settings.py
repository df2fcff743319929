# SPDX-License-Identifier: GPL-3.0-or-later
"""What a radio is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..errors import ImplicitJsccError

RADIO_SCHEMES = ("uhd", "soapy", "osmosdr")
DRY_RUN_SCHEMES = ("file", "zmq", "sim")
# Those that may be empty: the first USRP there is, and no radio at all.
_WITHOUT_PLACE = ("uhd", "sim")
_START_GAIN_DB = 40.0
_LARGEST_PPM = 1000.0


@dataclass(frozen=True)
class RadioSettings:
    """One radio, one direction.

    Attributes:
        device: ``SCHEME:WHERE``.
        frequency_hz: carrier.
        sample_rate_hz: of the waveform, two samples a symbol.
        radio_rate_hz: of the device; None for one that fits.
        gain_db: of the whole chain, or None.
        gains_db: of its stages, by name; what is not named keeps its start value.
        antenna: empty for the device's own choice.
        bandwidth_hz: of the analog filter; None for the device's own choice.
        lo_offset_hz: by how much the oscillator is put below the carrier; None for what suits the
            device.
        ppm: error of the device's oscillator, in 10^-6, that tuning makes up for.

    Raises:
        ImplicitJsccError: a value makes no sense.
    """

    device: str
    frequency_hz: float
    sample_rate_hz: float
    radio_rate_hz: float | None = None
    gain_db: float | None = None
    gains_db: dict[str, float] = field(default_factory=dict)
    antenna: str = ""
    bandwidth_hz: float | None = None
    lo_offset_hz: float | None = None
    ppm: float = 0.0

    def __post_init__(self) -> None:
        scheme, colon, where = self.device.partition(":")
        if not colon or not scheme:
            raise ImplicitJsccError(f"{self.device}: a device is SCHEME:WHERE, as uhd:type=b200")
        if not where and scheme not in _WITHOUT_PLACE:
            raise ImplicitJsccError(f"{self.device}: it does not say where")
        positive = {
            "the frequency": self.frequency_hz,
            "the sample rate": self.sample_rate_hz,
            "the radio's rate": self.radio_rate_hz,
            "the bandwidth": self.bandwidth_hz,
        }
        for what, value in positive.items():
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ImplicitJsccError(f"{what} of {self.device} must be above 0, not {value:g}")
        if not abs(self.ppm) <= _LARGEST_PPM:
            raise ImplicitJsccError(f"an oscillator is not wrong by {self.ppm:g} ppm")
        offset = self.lo_offset_hz
        if offset is not None and not math.isfinite(offset):
            raise ImplicitJsccError("the oscillator's offset must be a finite number")

    @property
    def scheme(self) -> str:
        """Which kind of device."""
        return self.device.partition(":")[0]

    @property
    def where(self) -> str:
        """Which one, in the words of its driver."""
        return self.device.partition(":")[2]

    @property
    def clock(self) -> float:
        """What the device's oscillator does for each cycle that it is asked for."""
        return 1 + self.ppm * 1e-6


def parse_gain(text: str) -> tuple[float | None, dict[str, float]]:
    """``20`` (the whole chain) or ``LNA=16,VGA=20`` (its stages); empty for start values.

    Raises:
        ImplicitJsccError: it is neither.
    """
    whole, stages = None, {}
    for part in text.split(",") if text.strip() else []:
        name, equals, value = part.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or bool(equals) != bool(name.strip()):
            raise ImplicitJsccError(f"the gain {text!r} is neither dB nor NAME=dB,NAME=dB")
        if equals:
            stages[name.strip()] = number
        elif whole is None:
            whole = number
        else:
            raise ImplicitJsccError(f"the gain {text!r} has two values for the whole chain")
    if whole is not None and stages:
        raise ImplicitJsccError(f"the gain {text!r} sets the whole chain and single stages")
    return whole, stages


def start_gain_db(lowest_db: float, highest_db: float) -> float:
    """The gain of a chain that nobody has set: the middle of its range, at most 40 dB."""
    return max(lowest_db, min(_START_GAIN_DB, (lowest_db + highest_db) / 2))
