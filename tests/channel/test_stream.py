# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stream was cut never matters, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.channel import Channel, ChannelSettings
from implicitjscc.channel.converters import Clipping, Quantiser
from implicitjscc.channel.drops import SampleDrops
from implicitjscc.channel.front_end import DcOffset, DcSpike, IqImbalance
from implicitjscc.channel.impairment import Impairment, Source, generator
from implicitjscc.channel.multipath import Multipath
from implicitjscc.channel.noise import Awgn
from implicitjscc.channel.oscillators import FrequencyOffset, PhaseNoise
from implicitjscc.channel.profiles import paths_of
from implicitjscc.channel.sampling_offset import SamplingOffset
from implicitjscc.channel.slots import BurstInterference, BurstLoss, GainSteps, RandomSlots

from .conftest import band_limited, run


def random(number: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64([5, number]))


def slots() -> RandomSlots:
    return RandomSlots(300, random())


def echoes(profile: str, doppler: float = 0.0) -> Multipath:
    return Multipath(paths_of(profile, 2, 3.0, random()), doppler, random(1))


STAGES: dict[str, Callable[[], Impairment]] = {
    "awgn": lambda: Awgn(0.1, random()),
    "frequency offset": lambda: FrequencyOffset(0.0123, 0.4),
    "phase noise": lambda: PhaseNoise(1e-4, random()),
    "phase": lambda: FrequencyOffset(0.0, 0.4),
    "sampling offset": lambda: SamplingOffset(-73.0, 0.3),
    "delay": lambda: SamplingOffset(0.0, 41.7),
    "no multipath": lambda: Multipath(None, 0.0, random()),
    "two echoes": lambda: echoes("two_echoes"),
    "fading": lambda: echoes("tdl_c", 1e-4),
    "clipping": lambda: Clipping(0.2),
    "quantiser": lambda: Quantiser(5),
    "iq imbalance": lambda: IqImbalance(0.5, 2.0),
    "dc offset": lambda: DcOffset(0.02),
    "dc spike": lambda: DcSpike(0.02, 1e-3, random()),
    "loss": lambda: BurstLoss(0.4, slots()),
    "interference": lambda: BurstInterference(0.3, 0.4, slots(), random(1)),
    "gain steps": lambda: GainSteps(3.0, 2.0, slots()),
    "drops": lambda: SampleDrops(1 / 400, 100, random()),
}
EVERYTHING = ChannelSettings(
    sample_rate_hz=1e6,
    seed=3,
    clip_db=6.0,
    multipath="tdl_a",
    delay_spread_s=2e-6,
    doppler_hz=30.0,
    sro_ppm=31.0,
    delay_samples=5.3,
    cfo_hz=12_345.0,
    phase_deg=20.0,
    linewidth_hz=10.0,
    loss=0.2,
    loss_length_s=1e-3,
    snr_db=15.0,
    interference_dbc=0.0,
    interference_duty=0.1,
    iq_gain_db=0.5,
    iq_phase_deg=2.0,
    dc_dbc=-20.0,
    dc_spike_dbc=-25.0,
    agc_step_db=1.0,
    agc_interval_s=2e-3,
    bits=8,
    drop_rate=200.0,
    drop_samples=300,
)
LENGTH = 12_000
cuts = st.lists(st.integers(0, LENGTH), max_size=12)


@pytest.mark.parametrize("name", STAGES)
def test_each_impairment_is_free_of_cuts(name: str) -> None:
    samples = band_limited(LENGTH)
    whole = run(STAGES[name](), samples)

    @settings(max_examples=8, deadline=None, derandomize=True)
    @given(cuts)
    def pieces_give_the_same(places: list[int]) -> None:
        kept = samples.copy()
        assert np.array_equal(run(STAGES[name](), samples, places), whole)
        assert np.array_equal(samples, kept)

    pieces_give_the_same()


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 30_000), max_size=12))
def test_the_whole_channel_is_free_of_cuts(places: list[int]) -> None:
    samples = band_limited(30_000)
    assert np.array_equal(
        run(Channel(EVERYTHING), samples, places), run(Channel(EVERYTHING), samples)
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 25_000), st.floats(-500, 500), st.floats(0, 300))
def test_no_sample_is_lost(length: int, sro_ppm: float, delay: float) -> None:
    through = run(Channel(ChannelSettings(sro_ppm=sro_ppm, delay_samples=delay)), np.ones(length))
    assert through.dtype == np.complex64
    assert abs(through.size - (length + delay) * (1 + sro_ppm * 1e-6)) <= 1
    if length:
        assert abs(through[int((delay + length - 1) * (1 + sro_ppm * 1e-6))]) > 0.05


def test_a_channel_without_impairments_is_a_wire() -> None:
    samples = band_limited(20_001)
    assert np.array_equal(run(Channel(ChannelSettings()), samples, [77, 9_000]), samples)


def test_a_seed_gives_the_same_again_and_another_one_does_not() -> None:
    samples = band_limited(20_000)
    first = run(Channel(EVERYTHING), samples)
    assert np.array_equal(first, run(Channel(EVERYTHING), samples))
    other = run(Channel(EVERYTHING.but(seed=4)), samples)
    shared = min(first.size, other.size)
    assert not np.allclose(first[:shared], other[:shared], atol=0.05)
    draws = {source: generator(1, source).random() for source in Source}
    assert len(set(draws.values())) == len(Source)


@pytest.mark.filterwarnings("error")
def test_a_bad_sample_spoils_its_neighbours_only() -> None:
    samples = band_limited(60_000)
    samples[[20_000, 20_100]] = np.nan, np.inf
    settings = EVERYTHING.but(drop_rate=0.0, sro_ppm=0.0)
    bad = ~np.isfinite(run(Channel(settings), samples))
    assert bad.any()
    assert not bad[:15_000].any()
    assert not bad[25_000:].any()


def test_memory_stays_bounded() -> None:
    channel = Channel(EVERYTHING)
    samples = band_limited(50_000)
    for _ in range(20):
        channel.process(samples)
        kept = channel._waiting.size + sum(
            stage._buffer.size for stage in (channel._multipath, channel._sampling)
        )
        assert kept < 15_000
