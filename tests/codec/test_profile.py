# SPDX-License-Identifier: GPL-3.0-or-later
"""The description that travels in the header: complete, bounded, never changing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec.formats import (
    ARRAY_DTYPES,
    IMAGE8,
    IMAGE16,
    SAMPLE_FORMATS,
    ArrayFormat,
    AudioFormat,
    SourceFormat,
    span_above,
)
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import BRIGHTNESS_BITS, MAXIMUM_PAYLOAD_BITS, CodecProfile
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.content import DESCRIPTION_BYTES
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.ldpc_profiles import LOWEST_RATE

AUDIO_GOLDEN = "2100011170022222222018abe00000000016f060c183060c183060c0015888407ce000"
ARRAY_GOLDEN = "810021002c042222222018abe000000000007060c183060c183060c1872c0001120001"
GOLDEN_REPETITION = "01012c01c3031111111024972f7ab6fbbc015e3d7cfe041850e2458c00000000000000"
GOLDEN_CODED = "05012c01c3031111111024972f7ab6fbbed015b3000000000000000000000000000000"
GOLDEN_FILTERED = "05012c01c3031111111024972f7ab6fbbed015b3000000000000000e00000000000000"


def example(strategy: str = "repetition") -> CodecProfile:
    settings = EncoderSettings(
        snr_db=-3.25,
        seed=0xDEADBEEF,
        hidden_dim=18,
        level_channels=(1,) * 7,
        parameters=strategy,
    )
    profile = plan(300, 451, 3, IMAGE8, settings)
    if strategy == "coded":
        return replace(profile, fineness=45, payload_bits=5555, filter_gain_db=0, filter_side=3)
    return replace(profile, scale_codes=tuple(range(60, 71)))


def test_golden_bytes() -> None:
    assert example().to_bytes().hex() == GOLDEN_REPETITION
    assert example("coded").to_bytes().hex() == GOLDEN_CODED
    filtered = replace(example("coded"), filter_gain_db=20, filter_side=7)
    assert filtered.to_bytes().hex() == GOLDEN_FILTERED


def test_golden_bytes_of_the_other_kinds() -> None:
    """Only the kind, the size and the last 57 bits differ in their layout."""
    repeated = EncoderSettings(parameters="repetition")
    audio = plan(1, 70_000, 2, AudioFormat(44_100, "pcm24", 1000), repeated)
    assert audio.to_bytes().hex() == AUDIO_GOLDEN
    array_format = ArrayFormat("int16", -300.0, 1024.0, channel_axis=True)
    array = plan(33, 44, 4, array_format, repeated)
    assert array.to_bytes().hex() == ARRAY_GOLDEN


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_round_trip(strategy: str) -> None:
    profile = example(strategy)
    assert CodecProfile.from_bytes(profile.to_bytes(), profile.channel_uses) == profile


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(16, 300), st.integers(16, 300)),
    samples=st.sampled_from([(1, IMAGE8), (3, IMAGE8), (1, IMAGE16)]),
    hidden_dim=st.integers(1, 64),
    snr_db=st.integers(-2000, 6000).map(lambda n: n / 100),
    noise_matrix=st.booleans(),
    preset=st.sampled_from(["standard", "paper"]),
    parameters=st.sampled_from(STRATEGIES),
)
def test_round_trip_of_whatever_is_planned(
    size: tuple[int, int], samples: tuple[int, SourceFormat], preset: str, **options: Any
) -> None:
    settings = EncoderSettings(preset=preset, **options)
    profile = plan(*size, *samples, settings)
    data = profile.to_bytes()
    assert len(data) == DESCRIPTION_BYTES
    assert CodecProfile.from_bytes(data, profile.channel_uses) == profile


AUDIO_FORMATS = st.builds(
    AudioFormat,
    st.integers(1, (1 << 24) - 1),
    st.sampled_from(SAMPLE_FORMATS),
    st.integers(1, 1 << 16),
)
ARRAY_FORMATS = st.builds(
    lambda dtype, low, span, shape: ArrayFormat(dtype, low, span_above(span), **shape),
    st.sampled_from(ARRAY_DTYPES),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.floats(0, 1e38),
    st.sampled_from([{}, {"one_dimensional": True}, {"channel_axis": True}]),
)


@st.composite
def profiles(draw: st.DrawFn) -> CodecProfile:
    """Whatever may be planned, of every kind."""
    source_format: SourceFormat = draw(
        st.one_of(st.just(IMAGE8), st.just(IMAGE16), AUDIO_FORMATS, ARRAY_FORMATS)
    )
    height = 1 if source_format.dimensions == 1 else draw(st.integers(1, 300))
    width = draw(st.integers(16, 100_000 if height == 1 else 300))
    if source_format.dimensions == 2:
        width = min(width, 0xFFFF)
    channels = draw(st.integers(1, 32).filter(source_format.allows))
    strategy = draw(st.sampled_from(STRATEGIES))
    chosen = EncoderSettings(snr_db=3.0, parameters=strategy)
    profile = plan(height, width, channels, source_format, chosen)
    if strategy == "coded":
        marks = draw(st.integers(0, (1 << BRIGHTNESS_BITS) - 1))
        return replace(profile, fineness=draw(st.integers(0, 63)), brightness=marks)
    codes = draw(st.lists(st.integers(0, 127), min_size=11, max_size=11))
    return replace(profile, scale_codes=tuple(codes))


@settings(max_examples=150, deadline=None)
@given(profiles())
def test_round_trip_of_every_kind(profile: CodecProfile) -> None:
    data = profile.to_bytes()
    assert len(data) == DESCRIPTION_BYTES
    assert CodecProfile.from_bytes(data, profile.channel_uses) == profile


@settings(max_examples=300, deadline=None)
@given(profiles(), st.lists(st.integers(0, 279), min_size=1, max_size=3, unique=True))
def test_flipped_bits_are_refused_or_give_another_bounded_profile(
    profile: CodecProfile, bits: list[int]
) -> None:
    flipped = bytearray(profile.to_bytes())
    for bit in bits:
        flipped[bit // 8] ^= 0x80 >> bit % 8
    try:
        other = CodecProfile.from_bytes(bytes(flipped), profile.channel_uses)
    except ImplicitJsccError:
        return
    assert other != profile
    assert other.height * other.width <= 1 << 23
    assert other.to_bytes() == bytes(flipped)


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
        {"format": IMAGE16},
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
