# SPDX-License-Identifier: GPL-3.0-or-later
"""The description that travels in the header: complete, bounded, never changing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import MAXIMUM_PAYLOAD_BITS, CodecProfile
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.content import DESCRIPTION_BYTES
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.ldpc_profiles import LOWEST_RATE

GOLDEN_REPETITION = "01012c01c3031111111024972f7ab6fbbc015e3d7cfe041850e2458c00000000000000"
GOLDEN_CODED = "05012c01c3031111111024972f7ab6fbbed015b3000000000000000000000000000000"


def example(strategy: str = "repetition") -> CodecProfile:
    settings = EncoderSettings(snr_db=-3.25, seed=0xDEADBEEF, hidden_dim=18, parameters=strategy)
    profile = plan(300, 451, 3, 8, settings)
    if strategy == "coded":
        return replace(profile, fineness=45, payload_bits=5555)
    return replace(profile, scale_codes=tuple(range(60, 71)))


def test_golden_bytes() -> None:
    assert example().to_bytes().hex() == GOLDEN_REPETITION
    assert example("coded").to_bytes().hex() == GOLDEN_CODED


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_round_trip(strategy: str) -> None:
    profile = example(strategy)
    assert CodecProfile.from_bytes(profile.to_bytes(), profile.channel_uses) == profile


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(16, 300), st.integers(16, 300)),
    samples=st.sampled_from([(1, 8), (3, 8), (1, 16)]),
    hidden_dim=st.integers(1, 64),
    snr_db=st.integers(-2000, 6000).map(lambda n: n / 100),
    noise_matrix=st.booleans(),
    preset=st.sampled_from(["standard", "paper"]),
    parameters=st.sampled_from(STRATEGIES),
)
def test_round_trip_of_whatever_is_planned(
    size: tuple[int, int], samples: tuple[int, int], preset: str, **options: Any
) -> None:
    settings = EncoderSettings(preset=preset, **options)
    profile = plan(*size, *samples, settings)
    data = profile.to_bytes()
    assert len(data) == DESCRIPTION_BYTES
    assert CodecProfile.from_bytes(data, profile.channel_uses) == profile


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=35, max_size=35), st.integers(0, 1 << 33))
def test_forged_descriptions_are_refused_or_bounded(data: bytes, uses: int) -> None:
    data = bytes([data[0] & 0x07]) + data[1:]  # else nearly all are of an unknown kind
    try:
        profile = CodecProfile.from_bytes(data, uses)
    except ImplicitJsccError:
        return
    assert profile.height * profile.width <= 1 << 23
    if profile.strategy == "coded":
        assert profile.code_bits <= MAXIMUM_PAYLOAD_BITS / LOWEST_RATE


@pytest.mark.parametrize(
    "change",
    [
        {"height": 60_000, "width": 60_000},
        {"height": 2048, "width": 4096, "level_channels": (1, 0) + (15,) * 6},
        {"channels": 0},
        {"channels": 2},
        {"kind": "image16"},
        {"hidden_dim": 0},
        {"level_channels": ()},
        {"level_channels": (1,) * 9},
        {"channel_uses": 10},
        {"channel_uses": 1 << 40},
        {"repetition_lsm": 4000},
        {"repetition_lsm": 0},
        {"payload_bits": 5000},
        {"fineness": 20},
        {"strategy": "coded"},
        {"strategy": "telepathy"},
    ],
)
def test_impossible_fields(change: dict) -> None:
    with pytest.raises(ImplicitJsccError, match=r"impossible|cannot carry"):
        replace(example(), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"fineness": 64},
        {"payload_bits": 0},
        {"payload_bits": 500},
        {"payload_bits": 1 << 20},
        {"bits_per_symbol": 3},
        {"repetition_lsm": 1},
        {"level_channels": (15,) * 8, "hidden_dim": 64},
        {"scale_codes": tuple(range(60, 71))},
        {"channel_uses": example("coded").symbol_uses + 500},
        {"strategy": "repetition"},
    ],
)
def test_impossible_fields_of_coded_parameters(change: dict) -> None:
    with pytest.raises(ImplicitJsccError, match="impossible"):
        replace(example("coded"), **change)


def test_what_a_newer_version_would_send() -> None:
    data = bytearray(example().to_bytes())
    data[0] = 0xF0
    with pytest.raises(ImplicitJsccError, match="newer version"):
        CodecProfile.from_bytes(bytes(data), example().channel_uses)
