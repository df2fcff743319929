# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the waveform and the radio: which rate, which filter, how far from the centre."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiserord

from ..errors import ImplicitJsccError
from ..phy.profile import STANDARD

_STOP_BAND_DB = 80.0
_MOST_FACTOR = 256
# Rates this close to a multiple are one: 0.05 ppm is far below what a receiver follows.
_EXACT = 5e-8
# What both ends' oscillators may be apart, as a fraction of the symbol rate.
_LARGEST_CFO = 0.1

Ranges = Sequence[tuple[float, float]]


def half_band_hz(sample_rate_hz: float) -> float:
    """How far from its carrier the signal may reach, its frequency offset included."""
    symbol_rate_hz = sample_rate_hz / STANDARD.samples_per_symbol
    return float(((1 + STANDARD.rolloff) / 2 + _LARGEST_CFO) * symbol_rate_hz)


def choose_radio_rate(
    sample_rate_hz: float, ranges: Ranges, least_factor: int, least_hz: float = 0.0
) -> float:
    """A rate that the radio has: the waveform's least multiple, else the least that holds it.

    Args:
        sample_rate_hz: of the waveform.
        ranges: lowest and highest rate of each range of the radio, the same for a single rate;
            empty where it does not say.
        least_factor: of the waveform's rate.
        least_hz: below which the radio is of no use.

    Raises:
        ImplicitJsccError: there is no such rate.
    """
    least_hz = max(least_hz, least_factor * sample_rate_hz)
    first = math.ceil(least_hz / sample_rate_hz * (1 - _EXACT))
    # A multiple costs the least to filter, but not at any rate.
    for factor in range(first, min(2 * first, _MOST_FACTOR) + 1):
        rate_hz = factor * sample_rate_hz
        if not ranges or any(low <= rate_hz <= high for low, high in ranges):
            return rate_hz
    above = [max(low, least_hz) for low, high in ranges if high >= least_hz]
    if not above:
        raise ImplicitJsccError(f"the radio has no rate of {least_hz:g} samples/s or more")
    return min(above)


def whole_factor(radio_rate_hz: float, sample_rate_hz: float) -> int | None:
    """The radio's rate as a multiple of the waveform's; None where it is none.

    Raises:
        ImplicitJsccError: the radio is slower than the waveform, or absurdly faster.
    """
    ratio = radio_rate_hz / sample_rate_hz
    if ratio < 1 - 1e-3 or ratio > _MOST_FACTOR:
        raise ImplicitJsccError(
            f"the radio runs at {radio_rate_hz:g} samples/s, the waveform at {sample_rate_hz:g}; "
            f"1 to {_MOST_FACTOR} times as many are needed"
        )
    nearest = round(ratio)
    return nearest if nearest >= 1 and abs(ratio / nearest - 1) < _EXACT else None


def check_shift(shift_hz: float, radio_rate_hz: float, sample_rate_hz: float) -> None:
    """Refuse a carrier that does not fit beside the oscillator.

    Raises:
        ImplicitJsccError: part of the signal would lie outside of the radio's band.
    """
    largest_hz = radio_rate_hz / 2 - half_band_hz(sample_rate_hz)
    if abs(shift_hz) > largest_hz:
        raise ImplicitJsccError(
            f"the radio's oscillator is {abs(shift_hz):g} Hz from the carrier; at "
            f"{radio_rate_hz:g} samples/s at most {max(largest_hz, 0):g} Hz are possible"
        )


def rate_filter(factor: int) -> NDArray[np.float64]:
    """Low-pass of gain 1 at ``factor`` times the waveform's rate, 80 dB down where images lie.

    Kaiser's window design (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh
    window function", ISCAS 1974).
    """
    edge = half_band_hz(1.0)
    count, beta = kaiserord(_STOP_BAND_DB, 2 * (1 - 2 * edge) / factor)
    return np.asarray(firwin(count | 1, 1 / factor, window=("kaiser", beta)), np.float64)
