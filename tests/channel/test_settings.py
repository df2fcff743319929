# SPDX-License-Identifier: GPL-3.0-or-later
"""Nonsense is refused with one line."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from implicitjscc.channel import ChannelSettings
from implicitjscc.errors import ImplicitJsccError


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate_hz": 0.0},
        {"samples_per_symbol": 0},
        {"samples_per_symbol": 2.5},
        {"payload_rms": -1.0},
        {"seed": -1},
        {"seed": True},
        {"clip_db": -30.0},
        {"multipath": "tdl_x"},
        {"multipath": "0 0"},
        {"multipath": "-1 0 0"},
        {"multipath": "0 99999 0"},
        {"multipath": "1000 0 0"},
        {"multipath": "tdl_a", "delay_spread_s": 1e-3},
        {"delay_spread_s": -1e-6},
        {"doppler_hz": 1e5},
        {"sro_ppm": 501.0},
        {"delay_samples": -0.5},
        {"cfo_hz": 1.1e6},
        {"linewidth_hz": -1.0},
        {"loss": 1.01},
        {"loss_length_s": 1e-6},
        {"snr_db": -101.0},
        {"snr_db": "10"},
        {"interference_dbc": 101.0},
        {"interference_duty": -0.1},
        {"iq_gain_db": 21.0},
        {"iq_phase_deg": 90.0},
        {"dc_dbc": math.inf},
        {"dc_spike_bandwidth_hz": 2e6},
        {"agc_step_db": -1.0},
        {"agc_interval_s": 0.0},
        {"bits": 17},
        {"bits": -1},
        {"adc_rms_dbfs": 21.0},
        {"drop_rate": -1.0},
        {"drop_rate": 5000.0},
        {"drop_samples": 1},
    ],
)
def test_a_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ImplicitJsccError) as refusal:
        ChannelSettings(**wrong)
    assert "\n" not in str(refusal.value)
    assert next(iter(wrong)).split("_")[0] in str(refusal.value)


def test_not_a_number_is_refused_everywhere() -> None:
    for field in dataclasses.fields(ChannelSettings):
        if field.name != "multipath":
            wrong: dict[str, Any] = {field.name: math.nan}
            with pytest.raises(ImplicitJsccError, match=field.name):
                ChannelSettings(**wrong)


def test_settings_with_a_change_are_checked_again() -> None:
    settings = ChannelSettings().but(snr_db=3)
    assert settings.snr_db == 3
    with pytest.raises(ImplicitJsccError):
        settings.but(bits=99)
