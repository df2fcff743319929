# SPDX-License-Identifier: GPL-3.0-or-later
"""Profile files: what is written is read back, and nothing else is accepted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implicitjscc.codec import profile_file
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.errors import ImplicitJsccError

GOOD: dict[str, Any] = {
    "snr_db": 10.0,
    "snr_range_db": (0.0, 20.0),
    "bandwidth_ratio": Fraction(11, 48),
    "level_channels": (0, 5, 1, 1),
    "hidden_dim": 18,
    "repetition_lsm": 7,
    "power_db": 6.0,
    "noise_matrix": False,
}
CODED: dict[str, Any] = {"parameters": "coded", "parameter_bits": 5.0}


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    profile_file.save(path, {**GOOD, "repetition_redu": None}, {"candidates": [1, 2]})
    assert profile_file.load(path) == (GOOD, {"candidates": [1, 2]})
    assert EncoderSettings(**profile_file.load(path)[0]).hidden_dim == 18
    assert list(tmp_path.iterdir()) == [path]
    profile_file.save(path, CODED, {})
    assert profile_file.load(path) == (CODED, {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "x"}, "not an Implicit-JSCC profile"),
        ({"format_version": "1"}, "no version"),
        ({"format_version": 2}, "newer"),
        ({"settings": []}, "no JSON object"),
        ({"settings": {"colour": 3}}, "unknown setting 'colour'"),
        ({"settings": {"hidden_dim": 12.5}}, "hidden_dim is not an integer"),
        ({"settings": {"hidden_dim": True}}, "hidden_dim is not an integer"),
        ({"settings": {"hidden_dim": 99}}, "from 1 to 64"),
        ({"settings": {"level_channels": "1,1"}}, "list of integers"),
        ({"settings": {"level_channels": [1, 0]}}, "the last above 0"),
        ({"settings": {"bandwidth_ratio": "1/0"}}, "string like"),
        ({"settings": {"bandwidth_ratio": 0.2}}, "string like"),
        ({"settings": {"snr_range_db": [20, 0]}}, "must rise"),
        ({"settings": {"snr_db": 99}}, "design SNR"),
        ({"settings": {"noise_matrix": 1}}, "true or false"),
        ({"settings": {"parameter_bits": "5"}}, "parameter_bits is not a number"),
        ({"settings": {"parameter_bits": 3.9}}, "from 4 to 10"),
        ({"settings": {"parameter_bits": 5, "power_db": 3}}, "no bits"),
    ],
)
def test_what_makes_no_sense_says_why(tmp_path: Path, change: dict, reason: str) -> None:
    path = tmp_path / "p.json"
    whole = {"format": "implicitjscc-profile", "format_version": 1, "settings": {}, **change}
    path.write_text(json.dumps(whole))
    with pytest.raises(ImplicitJsccError, match=reason) as refused:
        profile_file.load(path)
    assert "\n" not in str(refused.value)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    with pytest.raises(ImplicitJsccError):
        profile_file.load(path)


def test_deep_json_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ImplicitJsccError, match="not JSON"):
        profile_file.load(path)
    with pytest.raises(ImplicitJsccError, match="no such file"):
        profile_file.load(tmp_path / "absent.json")
