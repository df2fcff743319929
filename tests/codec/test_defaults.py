# SPDX-License-Identifier: GPL-3.0-or-later
"""Which levels carry what where the user names none."""

from __future__ import annotations

from typing import Any

import pytest

from implicitjscc.codec.formats import IMAGE8
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
