# SPDX-License-Identifier: GPL-3.0-or-later
"""Where overfitting starts, for pyramids of every shape."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec import sources
from implicitjscc.codec.decomposition import decompose, halve
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.network import bicubic_kernel, upsample_pyramid
from implicitjscc.codec.planner import parameter_power, plan
from implicitjscc.codec.power_allocation import allocate
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.start import source_start
from implicitjscc.codec.training import Trainer

from .conftest import smooth_picture

LEVELS = [
    (1,),
    (3, 0, 1),
    (0, 3, 1, 1, 1, 1, 1),
    (0, 5, 1, 1, 1, 1, 1),
    (1, 2, 1, 1),
    (1, 0, 0, 0, 4),
    (0, 0, 1),
]
MAPS = st.lists(st.tuples(st.floats(1e-6, 1.0), st.integers(1, 10_000)), min_size=1, max_size=8)


def roomy(level_channels: tuple[int, ...], snr_db: float = 10.0) -> EncoderSettings:
    """Settings with enough channel uses for any of the pyramids."""
    return EncoderSettings(
        snr_db=snr_db, steps=3, level_channels=level_channels, repetition_lsm=2, repetition_redu=2
    )


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("shape", [(40, 53, 3), (33, 32, 1)])
def test_every_pyramid_starts_trains_and_decodes(
    levels: tuple[int, ...], shape: tuple[int, int, int]
) -> None:
    image = smooth_picture(*shape)
    encoded = encode(image, roomy(levels, 20))
    assert encoded.profile.level_channels == levels
    assert encoded.reals.size == encoded.profile.real_symbols
    assert np.isfinite(encoded.figures["psnr_db"])


@pytest.mark.parametrize("levels", [(1, 1, 1, 1, 1), (0, 3, 1, 1), (1, 2, 1), (0, 5, 1)])
def test_the_start_shows_the_picture(levels: tuple[int, ...]) -> None:
    picture = smooth_picture(64, 80)
    chosen = roomy(levels, 50)
    profile = plan(64, 80, 3, IMAGE8, chosen)
    trainer = Trainer(picture, profile, chosen.recipe, parameter_power(profile, chosen))
    assert trainer.psnr_db(draws=2, seed=1) > 22


@pytest.mark.parametrize("levels", LEVELS)
def test_upsampled_maps_add_up_to_the_components(levels: tuple[int, ...]) -> None:
    """What the maps of a component say together is that component at its finest map's level."""
    picture = smooth_picture(48, 64)
    values = torch.from_numpy(picture.pixels / 255.0).float().permute(2, 0, 1)
    components = values - values.mean((1, 2), keepdim=True)
    profile = plan(48, 64, 3, IMAGE8, roomy(levels, 40))
    spread = decompose(components, profile, 0.7)
    level_of = [level for level, maps in enumerate(levels) for _ in range(maps)]
    for component in {c for c in spread.components if c is not None}:
        planes = [torch.zeros(1, *size) for size in profile.level_sizes]
        finest = len(levels)
        for level, owner, plane in zip(level_of, spread.components, spread.maps, strict=True):
            if owner == component:
                assert plane is not None
                planes[level] = plane.unsqueeze(0)
                finest = min(finest, level)
        total = upsample_pyramid(planes[finest:], bicubic_kernel()).sum(0)
        wanted = components[component : component + 1]
        for _ in range(finest):
            wanted = halve(wanted)
        assert torch.allclose(total, wanted[0], atol=1e-5)


def test_free_maps_are_small_and_the_decoder_ignores_them() -> None:
    picture = smooth_picture(48, 64)
    source = torch.from_numpy(picture.pixels / 255.0).float().permute(2, 0, 1)
    profile = plan(48, 64, 3, IMAGE8, roomy((0, 5, 1), 20))
    start = source_start(profile, source, 0.7, torch.Generator().manual_seed(1))
    spread = decompose(source - source.mean((1, 2), keepdim=True), profile, 0.7)
    free = [index for index, component in enumerate(spread.components) if component is None]
    assert len(free) >= 2, "three colours cannot use five maps of one level"
    assert start.reals.numel() == profile.real_symbols
    assert torch.isfinite(start.reals).all()


@given(maps=MAPS, noise=st.floats(1e-4, 10.0), energy=st.floats(0.1, 1e5))
@settings(max_examples=200, deadline=None)
def test_power_allocation_is_the_best(
    maps: list[tuple[float, int]], noise: float, energy: float
) -> None:
    """It spends all energy, and moving some of it from one map to another never helps."""
    variances, sizes = [m[0] for m in maps], [m[1] for m in maps]
    found = allocate(variances, sizes, energy, noise)
    spent = sum(n * a for n, a in zip(sizes, found.powers, strict=True))
    assert spent == pytest.approx(energy, rel=1e-6)
    assert min(found.powers) >= 0

    def error(powers: list[float]) -> float:
        return sum(s * noise / (a + noise) for s, a in zip(variances, powers, strict=True))

    assert found.error == pytest.approx(error(found.powers))
    for giver in range(len(maps)):
        for taker in range(len(maps)):
            moved = list(found.powers)
            part = 0.05 * moved[giver] * sizes[giver]
            moved[giver] -= part / sizes[giver]
            moved[taker] += part / sizes[taker]
            assert error(moved) >= found.error * (1 - 1e-9)


def test_the_middle_levels_of_a_small_source_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    profile = plan(16, 16, 3, IMAGE8, EncoderSettings(level_channels=(1, 0, 0, 1, 0, 0, 2)))
    assert profile.level_channels == (1, 0, 0, 1)
    assert "left out" in caplog.text


def test_a_start_is_the_same_for_one_seed(picture: sources.Image) -> None:
    source = torch.from_numpy(picture.pixels / 255.0).float().permute(2, 0, 1)
    height, width, channels = picture.pixels.shape
    profile = plan(height, width, channels, IMAGE8, EncoderSettings(snr_db=0))
    first, second = (
        source_start(profile, source, 0.7, torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(first.reals, second.reals)
