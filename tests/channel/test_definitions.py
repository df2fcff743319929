# SPDX-License-Identifier: GPL-3.0-or-later
"""Each impairment is what docs/channel.md says that it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from implicitjscc.channel import Channel, ChannelSettings
from implicitjscc.channel.converters import Clipping, Quantiser
from implicitjscc.channel.drops import SampleDrops
from implicitjscc.channel.front_end import DcOffset, DcSpike, IqImbalance
from implicitjscc.channel.noise import Awgn, noise_rms
from implicitjscc.channel.oscillators import FrequencyOffset, PhaseNoise
from implicitjscc.channel.sampling_offset import SamplingOffset
from implicitjscc.channel.slots import BurstInterference, BurstLoss, GainSteps, RandomSlots
from implicitjscc.errors import ImplicitJsccError

from .conftest import band_limited, power, run

ONES = np.ones(200_000, np.complex64)
SILENCE = np.zeros(200_000, np.complex64)


def random(number: int = 0) -> np.random.Generator:
    return np.random.default_rng([11, number])


def tone(frequency: float, times: np.ndarray) -> np.ndarray:
    return np.exp(2j * np.pi * frequency * times).astype(np.complex64)


def test_noise_has_the_power_of_an_es_n0() -> None:
    rms = noise_rms(10.0, 0.5, 2)
    assert rms**2 == pytest.approx(0.25 * 2 / 10)
    noise = run(Awgn(rms, random()), SILENCE)
    assert power(noise) == pytest.approx(rms**2, rel=0.01)
    assert power(noise.real) == pytest.approx(rms**2 / 2, rel=0.015)
    assert abs(np.mean(noise**2)) < 0.01 * rms**2  # circular
    assert abs(np.vdot(noise[1:], noise[:-1])) / noise.size < 0.01 * rms**2  # white


def test_a_frequency_offset_turns_and_goes_on_where_it_was() -> None:
    offset = FrequencyOffset(0.01, phase_rad=1.0)
    first = offset.process(ONES[:1000])
    np.testing.assert_allclose(first, tone(0.01, np.arange(1000)) * np.exp(1j), atol=1e-5)
    offset.cycles_per_sample = -0.02
    second = offset.process(ONES[:1000])
    expected = tone(-0.02, np.arange(1000)) * np.exp(1j * (1 + 2 * np.pi * 10.0))
    np.testing.assert_allclose(second, expected, atol=1e-5)


def test_phase_noise_walks_as_far_as_its_linewidth_says() -> None:
    """The phase's structure function is 2 pi linewidth t."""
    phase = np.unwrap(np.angle(run(PhaseNoise(1e-5, random()), np.repeat(ONES, 5))))
    for lag in (1, 100):
        steps = phase[lag:] - phase[:-lag]
        assert steps.var() == pytest.approx(2 * np.pi * 1e-5 * lag, rel=0.1)


def test_phase_noise_has_a_lorentzian_line() -> None:
    """Half of the power lies within half a linewidth of the carrier."""
    walked = run(PhaseNoise(0.01, random()), np.repeat(ONES, 5))
    frequencies, density = welch(walked, nperseg=4096, return_onesided=False)
    within = density[np.abs(frequencies) <= 0.005].sum() / density.sum()
    assert within == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("sro_ppm", [-500.0, -40.0, 0.0, 10.0, 400.0])
@pytest.mark.parametrize("frequency", [-0.39, 0.05, 0.36])
def test_a_sampling_offset_takes_a_tone_at_other_times(sro_ppm: float, frequency: float) -> None:
    sent = tone(frequency, np.arange(30_000))
    taken = run(SamplingOffset(sro_ppm, delay_samples=3.37), sent)
    times = np.arange(taken.size) / (1 + sro_ppm * 1e-6) - 3.37
    inside = (times > 30) & (times < 29_960)
    np.testing.assert_allclose(taken[inside], tone(frequency, times)[inside], atol=1.2e-4)


def test_a_sampling_offset_may_change_and_end() -> None:
    """Three stretches of time: fast, exact, slow; the times go on."""
    sampling = SamplingOffset(100.0)
    sent = tone(0.1, np.arange(30_000))
    pieces = []
    for number, ppm in enumerate((100.0, 0.0, -100.0)):
        sampling.sro_ppm = ppm
        pieces.append(sampling.process(sent[number * 10_000 : (number + 1) * 10_000]))
    steps = np.concatenate(
        [
            np.full(p.size, 1 / (1 + m * 1e-6))
            for p, m in zip(pieces, (100.0, 0.0, -100.0), strict=True)
        ]
    )
    times = np.cumsum(steps) - steps
    taken = np.concatenate(pieces)
    np.testing.assert_allclose(taken[30:], tone(0.1, times)[30:], atol=3e-4)


def test_a_converter_rounds_and_clips() -> None:
    quantiser = Quantiser(3)
    ramp = np.linspace(-2, 2, 4000)
    levels = run(quantiser, (ramp * (1 + 1j)).astype(np.complex64))
    assert np.array_equal(np.unique(levels.real), np.arange(-4, 4) / 4)
    assert quantiser.clipped == 2 * np.count_nonzero(np.abs(ramp + 0.125) > 1.0)
    signal = band_limited(100_000, rms=0.2)
    error = run(Quantiser(8), signal) - signal
    assert power(error) == pytest.approx(2 * 2 ** (-2 * 7) / 12, rel=0.05)


def test_clipping_limits_the_envelope_and_keeps_the_phase() -> None:
    sent = band_limited(50_000)
    limited = run(Clipping(0.3), sent)
    assert np.abs(limited).max() == pytest.approx(0.3, rel=1e-5)
    np.testing.assert_allclose(np.angle(limited), np.angle(sent), atol=1e-4)
    small = np.abs(sent) < 0.3
    assert np.array_equal(limited[small], sent[small])


def test_iq_imbalance_has_the_image_of_its_formula() -> None:
    gain, phase = 10 ** (0.5 / 20), np.deg2rad(2.0)
    times = np.arange(10_000)
    imbalanced = run(IqImbalance(0.5, 2.0), tone(0.1, times))
    image = abs(np.vdot(tone(-0.1, times), imbalanced)) / times.size
    direct = abs(np.vdot(tone(0.1, times), imbalanced)) / times.size
    factor = gain * np.exp(1j * phase)
    expected = abs(1 - factor) / abs(1 + np.conj(factor))
    assert image / direct == pytest.approx(expected, rel=1e-3)


def test_dc_is_a_constant_of_its_power() -> None:
    constant = run(DcOffset(0.1), SILENCE)
    assert np.ptp(constant.real) == 0
    assert power(constant) == pytest.approx(0.01)


def test_a_dc_spike_has_its_power_and_bandwidth() -> None:
    bandwidth = 1e-3
    spike = run(DcSpike(0.1, bandwidth, random()), np.repeat(SILENCE, 10))
    assert power(spike) == pytest.approx(0.01, rel=0.1)
    frequencies, density = welch(spike, nperseg=16_384, return_onesided=False, detrend=False)
    peak = density[np.abs(frequencies) < bandwidth / 10].mean()
    edge = density[np.abs(np.abs(frequencies) - bandwidth) < bandwidth / 10].mean()
    assert edge / peak == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.7, 1.0])
def test_a_fraction_of_time_is_lost(probability: float) -> None:
    left = run(BurstLoss(probability, RandomSlots(100, random())), ONES)
    lost = left == 0
    assert lost.mean() == pytest.approx(probability, abs=0.03)
    edges = np.flatnonzero(np.diff(lost.astype(int)))
    assert np.unique(np.diff(edges) % 100).size <= 1


def test_more_loss_loses_the_same_and_more() -> None:
    less, more = (
        run(BurstLoss(fraction, RandomSlots(100, random())), ONES) == 0 for fraction in (0.1, 0.4)
    )
    assert np.all(more[less])
    assert more.sum() > less.sum()


def test_noise_stays_where_the_signal_is_lost() -> None:
    channel = Channel(ChannelSettings(loss=1.0, snr_db=0.0))
    through = run(channel, ONES)
    assert power(through) == pytest.approx(2 * 0.25**2, rel=0.02)


def test_interference_is_there_for_its_share() -> None:
    slots = RandomSlots(100, random())
    noise = run(BurstInterference(0.5, 0.3, slots, random(1)), SILENCE)
    there = noise != 0
    assert there.mean() == pytest.approx(0.3, abs=0.03)
    assert power(noise[there]) == pytest.approx(0.25, rel=0.02)


def test_gain_steps_have_three_levels() -> None:
    gains = 20 * np.log10(np.abs(run(GainSteps(6.0, 2.0, RandomSlots(100, random())), ONES)))
    levels, counts = np.unique(np.round(gains, 4), return_counts=True)
    np.testing.assert_allclose(levels, [4, 6, 8], atol=1e-3)
    np.testing.assert_allclose(counts / ONES.size, 1 / 3, atol=0.05)


def test_overruns_remove_whole_blocks() -> None:
    drops = SampleDrops(1 / 2000, 500, random())
    numbers = np.arange(1_000_000).astype(np.complex64)  # exact below 2^24
    arrived = run(drops, numbers).real.astype(int)
    gaps = np.diff(arrived) - 1
    missing = gaps[gaps > 0]
    assert np.all(missing % 500 == 0)
    assert drops.dropped == 1_000_000 - arrived.size
    assert missing.size == pytest.approx(arrived.size / 2000, rel=0.15)


def test_the_converters_level_is_set_for_signal_and_noise() -> None:
    for snr_db in (-5.0, 20.0):
        settings = ChannelSettings(snr_db=snr_db, bits=8, adc_rms_dbfs=-15.0)
        through = run(Channel(settings), band_limited(100_000, rms=0.25))
        assert 10 * np.log10(power(through)) == pytest.approx(-15.0, abs=0.2)


def test_setters_take_effect_and_refuse() -> None:
    channel = Channel(ChannelSettings(sample_rate_hz=1e6))
    before = channel.process(SILENCE)
    channel.set_snr_db(0.0)
    after = channel.process(SILENCE)
    assert power(before) == 0
    assert power(after[10_000:]) == pytest.approx(2 * 0.25**2, rel=0.02)
    channel.set_cfo_hz(1e3)
    channel.set_sro_ppm(5.0)
    channel.set_linewidth_hz(1.0)
    channel.set_multipath("tdl_a")
    channel.set_loss(0.5)
    channel.set_drop_rate(10.0)
    assert channel.settings.but(drop_rate=0.0) == ChannelSettings(
        sample_rate_hz=1e6,
        snr_db=0.0,
        cfo_hz=1e3,
        sro_ppm=5.0,
        linewidth_hz=1.0,
        multipath="tdl_a",
        loss=0.5,
    )
    with pytest.raises(ImplicitJsccError, match="loss"):
        channel.set_loss(1.5)
    assert channel.settings.loss == 0.5
