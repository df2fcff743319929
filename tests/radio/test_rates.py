# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates, filters and offsets between the waveform and a radio."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import freqz

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.rates import (
    check_shift,
    choose_radio_rate,
    half_band_hz,
    rate_filter,
    whole_factor,
)

HACKRF = [(1e6 * mega, 1e6 * mega) for mega in range(1, 21)]


@pytest.mark.parametrize(
    ("sample_rate_hz", "expected_hz"),
    [
        (1e6, 2e6),
        (2e6, 4e6),
        (1.5e6, 3e6),
        (50e3, 2e6),
        (750e3, 3e6),
        (1.3e6, 3e6),  # no multiple near
    ],
)
def test_rates_of_a_hackrf(sample_rate_hz, expected_hz):
    assert choose_radio_rate(sample_rate_hz, HACKRF, 2, 2e6) == pytest.approx(expected_hz)


def test_rates_of_other_radios():
    assert choose_radio_rate(1e6, [], 2) == 2e6
    assert choose_radio_rate(1e6, [(0.5e6, 0.9e6), (3e6, 8e6)], 1) == 3e6
    assert choose_radio_rate(1e6, [(0.1e6, 5e6)], 1) == 1e6
    with pytest.raises(ImplicitJsccError, match="no rate"):
        choose_radio_rate(3e6, [(1e6, 5e6)], 2)


def test_factors():
    assert whole_factor(4e6, 1e6) == 4
    assert whole_factor(1e6 * (1 + 1e-9), 1e6) == 1
    assert whole_factor(2e6 * (1 + 1e-6), 1e6) is None
    assert whole_factor(2.5e6, 1e6) is None
    for rate_hz in (0.9e6, 1e9):
        with pytest.raises(ImplicitJsccError, match="samples/s"):
            whole_factor(rate_hz, 1e6)


@pytest.mark.parametrize("factor", [2, 3, 8, 40])
def test_a_filter_keeps_the_signal_and_stops_its_images(factor):
    edge = half_band_hz(1.0) / factor
    _, passed = freqz(rate_filter(factor), worN=np.linspace(0, edge, 500), fs=1)
    assert np.abs(np.abs(passed) - 1).max() < 2e-4
    _, stopped = freqz(rate_filter(factor), worN=np.linspace(1 / factor - edge, 0.5, 2000), fs=1)
    assert 20 * np.log10(np.abs(stopped).max()) < -78


def test_a_quarter_of_the_rate_is_room_enough_and_half_is_not():
    check_shift(0.5e6, 2e6, 1e6)
    check_shift(-0.5e6, 2e6, 1e6)
    check_shift(0.0, 1e6, 1e6)
    # The whole signal clears zero frequency.
    assert half_band_hz(1e6) < 0.5e6
    with pytest.raises(ImplicitJsccError, match="from the carrier"):
        check_shift(0.7e6, 2e6, 1e6)
