# SPDX-License-Identifier: GPL-3.0-or-later
"""Receptions of one content over a link that loses: what they are worth together, as a picture."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.codec.decoder import decode
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.metrics import psnr_db
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.simulation import simulate
from implicitjscc.codec.sources import Image
from implicitjscc.phy.combiner import Combiner
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.profile import WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PROFILE = WaveformProfile(payload_symbols=16_896)
SAMPLE_RATE_HZ = 1e6
_LOSS_AND_DROPS = {"loss": 0.2, "drop_rate": 20.0}
_INTERFERENCE = {"interference_dbc": 10.0, "interference_duty": 0.2}


@pytest.fixture(scope="module")
def picture() -> Image:
    y, x = np.mgrid[0:144, 0:192]
    waves = [np.sin(x / (9 + c)) * np.cos(y / (7 + 2 * c)) for c in range(3)]
    values = 128 + 70 * np.stack(waves, axis=2)
    values[(x // 24 + y // 24) % 2 == 0] += 40
    return Image(np.clip(values, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def encoded(picture: Image) -> EncodedSource:
    """More channel uses than so small a picture needs: four frames."""
    ratio = Fraction(4, 5)
    settings = EncoderSettings(steps=40, snr_db=10, parameters="coded", bandwidth_ratio=ratio)
    return encode(picture, settings)


@pytest.mark.parametrize(
    ("channel", "seed"),
    [
        *((_LOSS_AND_DROPS, seed) for seed in (1, 4, 6)),
        *(({"loss": 0.5}, seed) for seed in (1, 3, 5, 6)),
        *(({"drop_rate": 30.0}, seed) for seed in (1, 4)),
        *((_INTERFERENCE, seed) for seed in (1, 4)),
    ],
)
def test_one_more_reception_never_costs(
    channel: dict[str, Any], seed: int, picture: Image, encoded: EncodedSource
) -> None:
    samples = np.pad(modulate(encoded.content(), PROFILE).samples, (4096, 16_384))
    settings = ChannelSettings(sample_rate_hz=SAMPLE_RATE_HZ, snr_db=10, seed=seed, **channel)
    receiver, combiner = BurstReceiver(PROFILE, SAMPLE_RATE_HZ), Combiner()
    receptions = receiver.push(impair(np.tile(samples, 3), settings)) + receiver.flush()
    assert len(receptions) >= 2
    best, exact = 0.0, False
    for reception in receptions:
        _, together, _ = combiner.add(reception)
        shown = decode(together.received)
        found = psnr_db(picture, shown.source)
        assert found > best - 0.5
        assert shown.decoder == "exact" or not exact
        best, exact = max(best, found), exact or shown.decoder == "exact"
    assert exact
    assert combiner.stats.conflicts == 0


def test_half_of_the_frames_leave_a_picture_and_the_next_turn_makes_it_whole(
    picture: Image, encoded: EncodedSource
) -> None:
    profile = dataclasses.replace(PROFILE, payload_symbols=8448)
    content = encoded.content()
    length = 2 * FrameLayout(content.symbols.size, profile).frame_symbols
    whole = np.pad(modulate(content, profile).samples, (4096, 16_384))
    half = whole.copy()
    for frame in (0, 2, 3, 6):
        half[4096 + frame * length : 4096 + (frame + 1) * length] = 0
    settings = ChannelSettings(sample_rate_hz=SAMPLE_RATE_HZ, snr_db=10, seed=1)
    receiver, combiner = BurstReceiver(profile, SAMPLE_RATE_HZ), Combiner()
    receptions = receiver.push(impair(np.concatenate((half, whole)), settings)) + receiver.flush()
    first, second = (combiner.add(reception)[1] for reception in receptions)
    assert (first.frames_received, first.frames_lost) == (4, 4)
    assert (second.frames_received, second.frames_lost) == (8, 0)
    poor, good = decode(first.received), decode(second.received)
    assert poor.decoder == good.decoder == "exact"
    assert psnr_db(picture, poor.source) > 20
    assert psnr_db(picture, good.source) > simulate(encoded, picture, 10, 2).psnr_db
