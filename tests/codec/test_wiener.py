# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter for receivers with more noise than designed, and encoding for a range of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from implicitjscc.codec import metrics, sources, wiener
from implicitjscc.codec.decoder import decode
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.planner import plan
from implicitjscc.codec.receivers import Receivers
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.symbol_channel import awgn
from implicitjscc.codec.wiener_layer import filter_maps
from implicitjscc.engine.model import FILTER_SIDES, FilteredNoise
from implicitjscc.errors import ImplicitJsccError

MAPS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-8, 8, width=32),
)
VARIANCES = st.floats(1e-6, 100)
SIDES = st.sampled_from(FILTER_SIDES)


@given(values=MAPS, design=VARIANCES, less=st.floats(0, 1))
def test_the_designs_noise_or_less_changes_nothing(
    values: np.ndarray, design: float, less: float
) -> None:
    variance = np.full(values.shape, design * less, np.float64)
    assert wiener.filter_map(values, variance, design) == pytest.approx(values, abs=1e-5)


@given(values=MAPS, design=VARIANCES, times=st.floats(1, 1e4))
def test_more_noise_pulls_towards_the_neighbourhoods_mean(
    values: np.ndarray, design: float, times: float
) -> None:
    variance = np.full(values.shape, design * times, np.float64)
    filtered = wiener.filter_map(values, variance, design)
    mean = wiener.box_sum(values.astype(np.float64)) / wiener.box_sum(np.ones(values.shape))
    assert (np.abs(filtered - mean) <= np.abs(values - mean) + 1e-5).all()


@given(values=MAPS, noise=VARIANCES, side=SIDES, data=st.data())
def test_lost_values_become_their_neighbours_mean_and_count_for_nobody(
    values: np.ndarray, noise: float, side: int, data: st.DataObject
) -> None:
    lost = data.draw(hnp.arrays(np.bool_, values.shape))
    variance = np.where(lost, np.inf, noise)
    zeros = np.where(lost, 0, values).astype(np.float32)
    filtered = wiener.filter_map(zeros, variance, noise / 4, side)
    count = wiener.box_sum(~lost)
    mean = wiener.box_sum(zeros) / np.maximum(count, 1)
    beside = lost & (count > 0)
    assert filtered[beside] == pytest.approx(mean[beside], abs=1e-5)
    wild = np.where(lost, 1e6, values).astype(np.float32)
    assert np.array_equal(wiener.filter_map(wild, variance, noise / 4, side), filtered)


def test_flat_maps_are_averaged_and_edges_are_kept() -> None:
    """Nothing but noise shrinks towards the mean, by the ratio of the variances."""
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((64, 64)).astype(np.float32)
    variance = np.ones((64, 64))
    assert wiener.filter_map(noise, variance, 0.01).std() < 0.6
    edge = np.zeros((64, 64), np.float32)
    edge[:, 32:] = 20
    filtered = wiener.filter_map(edge + noise, variance, 0.01)
    assert (filtered[:, 32] - filtered[:, 31]).mean() > 18


def test_each_symbol_is_filtered_for_its_own_noise() -> None:
    profile = replace(
        plan(32, 32, 3, IMAGE8, EncoderSettings(snr_db=20)), filter_gain_db=0, filter_side=3
    )
    reals = np.random.default_rng(2).standard_normal(profile.real_symbols).astype(np.float32)
    variance = np.full(reals.size, profile.noise_variance / 2, np.float32)
    assert wiener.scale(reals, variance, profile) is reals
    variance[100:200] = 10
    changed = ~np.isclose(wiener.scale(reals, variance, profile), reals, atol=1e-5)
    assert changed[100:200].mean() > 0.9
    assert not changed[200 + 33 :].any()


@given(values=MAPS, variance=VARIANCES, left=st.floats(0, 2), side=SIDES)
def test_training_goes_through_the_same_filter(
    values: np.ndarray, variance: float, left: float, side: int
) -> None:
    noise = FilteredNoise(variance, left * variance, side)
    layer = filter_maps(torch.from_numpy(values)[None], noise)[0].numpy()
    variances = np.full(values.shape, variance)
    if noise.filtered_variance > 0:
        expected = wiener.filter_map(values, variances, noise.filtered_variance, side)
        assert layer == pytest.approx(expected, abs=1e-4)


def test_uniform_noise_is_left_to_the_engine() -> None:
    profile = plan(32, 32, 3, IMAGE8, EncoderSettings(snr_db=20))
    variance = np.full(profile.real_symbols, 0.3, np.float32)
    noise = wiener.uniform_noise(variance, profile)
    assert noise is not None
    assert noise.variance == pytest.approx(0.3)
    assert noise.filtered_variance == pytest.approx(0.5e-3)
    variance[5] = np.inf
    assert wiener.uniform_noise(variance, profile) is None
    variance[5] = 0.4
    assert wiener.uniform_noise(variance, profile) is None


def test_it_helps_where_there_is_more_noise(
    repeated: EncodedSource, picture: sources.Image
) -> None:
    """Against a receiver that takes the noise for the design's."""
    gains = []
    for seed in range(5):
        received = awgn(repeated.content(), 10, seed)
        design = np.full_like(received.noise_variance, repeated.profile.noise_variance)
        blind = replace(received, noise_variance=design)
        with_it, without = decode(received).source, decode(blind).source
        gains.append(metrics.psnr_db(picture, with_it) - metrics.psnr_db(picture, without))
    assert np.mean(gains) > 0.3


def test_receivers_of_a_range() -> None:
    receivers = Receivers(10, (0, 20))
    generator = torch.Generator().manual_seed(1)
    drawn = [receivers.draw(generator) for _ in range(500)]
    assert 0 <= min(drawn) < 1
    assert 19 < max(drawn) <= 20
    assert receivers.checked_snrs_db == (0, 10, 20)
    assert receivers.weight(3) == 1
    receivers.observe(2, 0.1)
    receivers.observe(18, 0.001)
    assert receivers.weight(3) == pytest.approx(10)
    assert receivers.weight(20) == pytest.approx(1000)
    again = torch.Generator().manual_seed(1)
    assert [receivers.draw(again) for _ in range(3)] == drawn[:3]


def test_one_receiver_draws_nothing() -> None:
    receivers = Receivers(7)
    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    assert receivers.draw(generator) == 7
    assert torch.equal(before, generator.get_state())
    receivers.observe(7, 0.01)
    assert receivers.weight(7) == 1


def test_a_range_is_reproducible_and_says_so(picture: sources.Image) -> None:
    settings = EncoderSettings(steps=3, snr_db=10, snr_range_db=(0, 20))
    first, second = encode(picture, settings), encode(picture, settings)
    assert np.array_equal(first.symbols(), second.symbols())
    assert first.figures["snr_range_db"] == [0, 20]
    assert first.profile.snr_db == 10


def test_all_receivers_of_a_range_read_the_decoder(picture: sources.Image) -> None:
    encoded = encode(picture, EncoderSettings(steps=20, snr_db=10, snr_range_db=(0, 20)))
    for snr_db in (0, 10, 20):
        assert decode(awgn(encoded.content(), snr_db, 1)).decoder == "exact"
    assert Receivers(10).code_snr_db == 10
    assert Receivers(10, (9, 20)).code_snr_db == 10


@pytest.mark.parametrize("limits", [(20, 0), (5, 5), (-30, 10), (0, 70), (11, 20)])
def test_impossible_ranges(limits: tuple[float, float]) -> None:
    with pytest.raises(ImplicitJsccError, match="must rise"):
        EncoderSettings(snr_db=10, snr_range_db=limits)
