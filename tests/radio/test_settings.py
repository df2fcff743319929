# SPDX-License-Identifier: GPL-3.0-or-later
"""What a radio is asked for."""

from __future__ import annotations

import math
from typing import Any

import pytest

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import RadioSettings, parse_gain, start_gain_db


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (None, {})),
        ("  ", (None, {})),
        ("20", (20.0, {})),
        ("-3.5", (-3.5, {})),
        ("LNA=16,VGA=20", (None, {"LNA": 16.0, "VGA": 20.0})),
        (" LNA = 16 , VGA = 20 ", (None, {"LNA": 16.0, "VGA": 20.0})),
    ],
)
def test_gains(text, expected):
    assert parse_gain(text) == expected


@pytest.mark.parametrize(
    "text", ["loud", "nan", "LNA=", "=3", "3,4", "LNA=16,20", "LNA=inf", ",", "1e999"]
)
def test_no_gains(text):
    with pytest.raises(ImplicitJsccError, match="gain"):
        parse_gain(text)


def test_a_device_has_a_scheme_and_a_place():
    settings = RadioSettings("uhd:type=b200,serial=3:4", 915e6, 1e6)
    assert (settings.scheme, settings.where) == ("uhd", "type=b200,serial=3:4")
    assert RadioSettings("uhd:", 915e6, 1e6).where == ""
    assert RadioSettings("sim:", 915e6, 1e6, ppm=-20).clock == pytest.approx(1 - 20e-6)


@pytest.mark.parametrize(
    "changed",
    [
        {"device": "hackrf"},
        {"device": "soapy:"},
        {"device": ":x"},
        {"frequency_hz": 0},
        {"frequency_hz": math.nan},
        {"sample_rate_hz": -1e6},
        {"radio_rate_hz": math.inf},
        {"bandwidth_hz": 0},
        {"lo_offset_hz": math.nan},
        {"ppm": 5000},
        {"ppm": math.nan},
    ],
)
def test_settings_that_make_no_sense(changed):
    good: dict[str, Any] = {"device": "uhd:", "frequency_hz": 915e6, "sample_rate_hz": 1e6}
    RadioSettings(**good)
    with pytest.raises(ImplicitJsccError):
        RadioSettings(**{**good, **changed})


def test_start_gains_are_middling_and_never_above_40_db():
    assert start_gain_db(0, 76) == 38
    assert start_gain_db(0, 89.8) == 40
    assert start_gain_db(0, 31.5) == 15.75
    assert start_gain_db(50, 60) == 50
