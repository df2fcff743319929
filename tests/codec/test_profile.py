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
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.content import DESCRIPTION_BYTES
from implicitjscc.errors import ImplicitJsccError

AUDIO_GOLDEN = "2100011170022222222018abe00000000016f060c183060c183060c0015888407ce000"
ARRAY_GOLDEN = "810021002c042222222018abe000000000007060c183060c183060c1872c0001120001"
GOLDEN = "01012c01c3031111111024972f7ab6fbbc015e3d7cfe041850e2458c00000000000000"


def example() -> CodecProfile:
    profile = plan(
        300, 451, 3, IMAGE8, EncoderSettings(snr_db=-3.25, seed=0xDEADBEEF, hidden_dim=18)
    )
    return replace(profile, scale_codes=tuple(range(60, 71)))


def test_golden_bytes() -> None:
    assert example().to_bytes().hex() == GOLDEN


def test_golden_bytes_of_the_other_kinds() -> None:
    """Only the kind, the size and the last 57 bits differ in their layout."""
    audio = plan(1, 70_000, 2, AudioFormat(44_100, "pcm24", 1000), EncoderSettings())
    assert audio.to_bytes().hex() == AUDIO_GOLDEN
    array_format = ArrayFormat("int16", -300.0, 1024.0, channel_axis=True)
    array = plan(33, 44, 4, array_format, EncoderSettings())
    assert array.to_bytes().hex() == ARRAY_GOLDEN


def test_round_trip() -> None:
    profile = example()
    assert CodecProfile.from_bytes(profile.to_bytes(), profile.channel_uses) == profile


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(16, 300), st.integers(16, 300)),
    samples=st.sampled_from([(1, IMAGE8), (3, IMAGE8), (1, IMAGE16)]),
    hidden_dim=st.integers(1, 64),
    snr_db=st.integers(-2000, 6000).map(lambda n: n / 100),
    noise_matrix=st.booleans(),
    preset=st.sampled_from(["standard", "paper"]),
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
    profile = plan(height, width, channels, source_format, EncoderSettings(snr_db=3.0))
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
    try:
        profile = CodecProfile.from_bytes(data, uses)
    except ImplicitJsccError:
        return
    assert profile.height * profile.width <= 1 << 23


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
    ],
)
def test_impossible_fields(change: dict) -> None:
    with pytest.raises(ImplicitJsccError, match=r"impossible|cannot carry"):
        replace(example(), **change)


def test_what_a_newer_version_would_send() -> None:
    data = bytearray(example().to_bytes())
    data[0] = 0xF0
    with pytest.raises(ImplicitJsccError, match="newer version"):
        CodecProfile.from_bytes(bytes(data), example().channel_uses)
