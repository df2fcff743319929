# SPDX-License-Identifier: GPL-3.0-or-later
"""Which levels carry what where the user names none."""

from __future__ import annotations

from typing import Any

import pytest

from implicitjscc.codec.formats import IMAGE8, AudioFormat
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.codec.settings import EncoderSettings

ONES = (1,) * 7


def planned(height: int, width: int, channels: int = 3, **settings: Any) -> CodecProfile:
    return plan(height, width, channels, IMAGE8, EncoderSettings(**settings))


def test_a_wider_decoder_fits_at_low_snr() -> None:
    found = planned(512, 768, snr_db=0)
    plain = planned(512, 768, snr_db=0, level_channels=ONES)
    assert found.level_channels == (1, 0, 4, 1, 1, 1, 1)
    assert found.channel_uses == plain.channel_uses, "at the same bandwidth ratio"
    assert found.hidden_dim > plain.hidden_dim


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        ((512, 768), {"snr_db": 10}),
        ((512, 768), {"snr_db": 10, "snr_range_db": (0.0, 20.0)}),
        ((512, 768), {"snr_db": 0, "parameters": "repetition"}),
        ((512, 768, 1), {"snr_db": 0}),
        ((128, 128), {"snr_db": 0}),
        ((512, 768), {"snr_db": 0, "preset": "paper"}),
    ],
)
def test_elsewhere_each_level_has_one_map(size: tuple[int, ...], settings: dict[str, Any]) -> None:
    assert planned(*size, **settings).level_channels == ONES


def test_what_the_user_names_goes_first() -> None:
    assert planned(512, 768, snr_db=0, level_channels=(1, 1)).level_channels == (1, 1)


@pytest.mark.parametrize("side", [182, 256, 400])
def test_it_takes_no_more_channel_uses(side: int) -> None:
    """Where the ratio is raised for the decoder's sake, too."""
    found = planned(side, side, snr_db=0, hidden_dim=12)
    plain = planned(side, side, snr_db=0, hidden_dim=12, level_channels=ONES)
    assert found.channel_uses <= plain.channel_uses


def planned_audio(length: int, channels: int = 1, **settings: Any) -> CodecProfile:
    return plan(1, length, channels, AudioFormat(16_000), EncoderSettings(**settings))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_audio_spends_the_second_octave_on_the_next_ones(channels: int) -> None:
    found = planned_audio(32_000, channels, snr_db=11)
    assert found.level_channels == tuple(n * channels for n in (1, 0, 2, 3, 1, 1, 1))
    assert found.symbol_uses == 31_750 * channels, "those of one map a level"
    assert found.channel_uses == 37_750 * channels


@pytest.mark.parametrize(
    ("length", "channels", "settings"),
    [
        (8_000, 1, {}),
        (32_000, 8, {}),  # more maps a level than a header holds
        (32_000, 1, {"snr_db": 0}),
        (32_000, 1, {"snr_db": 25}),
        (32_000, 1, {"parameters": "repetition"}),
        (32_000, 1, {"preset": "paper"}),
    ],
)
def test_other_audio_has_one_map_a_level(
    length: int, channels: int, settings: dict[str, Any]
) -> None:
    assert planned_audio(length, channels, **settings).level_channels == (channels,) * 7
