# SPDX-License-Identifier: GPL-3.0-or-later
"""Echoes, fading, and the equaliser's bound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j0

from implicitjscc.channel import Channel, ChannelSettings, impair
from implicitjscc.channel.bounds import equaliser_loss_db, folded_spectrum
from implicitjscc.channel.fading import PathGains
from implicitjscc.channel.impairment import Source, generator
from implicitjscc.channel.profiles import NAMES, Paths, paths_of, rms_delay_spread
from implicitjscc.phy.pulse import root_raised_cosine

from .conftest import band_limited, power, run

LENGTH = 20_000


def random(number: int = 0) -> np.random.Generator:
    return np.random.default_rng([13, number])


def test_explicit_paths_of_whole_delays() -> None:
    """In symbols of two samples."""
    sent = band_limited(LENGTH)
    through = run(Channel(ChannelSettings(multipath="0 0 0; 1.5 -6 90")), sent)
    assert through.size == LENGTH + 3
    expected = np.zeros(LENGTH + 3, complex)
    expected[:LENGTH] = sent
    expected[3:] += 1j * 10 ** (-6 / 20) * sent
    np.testing.assert_allclose(through, expected, atol=1e-6)


def test_a_path_between_samples() -> None:
    tone = np.exp(2j * np.pi * 0.3 * np.arange(LENGTH)).astype(np.complex64)
    through = run(Channel(ChannelSettings(multipath="3.2 -3 45")), tone)
    expected = 10 ** (-3 / 20) * np.exp(1j * np.pi / 4) * np.exp(-2j * np.pi * 0.3 * 6.4) * tone
    np.testing.assert_allclose(through[50 : LENGTH - 50], expected[50:-50], atol=2e-4)


def test_two_echoes_are_of_the_stated_strength_and_delay() -> None:
    for seed in range(20):
        paths = paths_of("two_echoes", 2.0, 0.0, random(seed))
        assert paths is not None
        powers = np.abs(paths.specular) ** 2
        np.testing.assert_allclose(10 * np.log10(powers / powers[0]), [0, -6, -10], atol=1e-9)
        assert powers.sum() == pytest.approx(1)
        assert paths.delays[0] == 0
        assert np.all((paths.delays[1:] >= 0.6) & (paths.delays[1:] <= 8))


@pytest.mark.parametrize(
    ("name", "taps"), [("tdl_a", 23), ("tdl_b", 23), ("tdl_c", 24), ("tdl_d", 13), ("tdl_e", 14)]
)
def test_tapped_delay_lines_have_the_delay_spread_asked_for(name: str, taps: int) -> None:
    paths = paths_of(name, 2.0, 7.0, random())
    assert paths is not None
    assert paths.delays.size == taps
    assert rms_delay_spread(paths) == pytest.approx(7.0, rel=0.01)
    total = np.sum(paths.scattered**2) + np.sum(np.abs(paths.specular) ** 2)
    assert total == pytest.approx(1)
    assert name in NAMES


def test_the_mean_power_over_many_channels_is_one() -> None:
    gains = []
    for seed in range(300):
        paths = paths_of("tdl_c", 2.0, 1.0, random(seed))
        assert paths is not None
        gains.append(PathGains(paths, 0.0, random(1000 + seed)).at(np.zeros(1))[:, 0])
    assert np.mean(np.sum(np.abs(gains) ** 2, axis=1)) == pytest.approx(1, rel=0.06)


def test_fading_is_rayleigh_with_jakes_correlation() -> None:
    count, doppler = 400, 1e-3
    paths = Paths(np.zeros(count), np.zeros(count, complex), np.ones(count), np.zeros(count))
    gains = PathGains(paths, doppler, random()).at(np.arange(0.0, 4000.0, 50.0))
    assert np.mean(np.abs(gains) ** 2) == pytest.approx(1, rel=0.05)
    assert np.mean(np.abs(gains) ** 4) == pytest.approx(2, rel=0.1)  # Rayleigh; a constant has 1
    for lag in (2, 5, 8, 15):
        measured = np.mean(gains[:, lag:] * gains[:, :-lag].conj())
        assert measured == pytest.approx(j0(2 * np.pi * doppler * 50 * lag), abs=0.06)


@pytest.mark.parametrize("doppler_hz", [0.5, 20.0, 300.0])
def test_a_moving_channel_is_the_sum_of_its_paths_at_each_sample(doppler_hz: float) -> None:
    settings = ChannelSettings(
        sample_rate_hz=1e6, multipath="tdl_a", delay_spread_s=1e-6, doppler_hz=doppler_hz, seed=6
    )
    frequency, times = 0.21, np.arange(9_000.0)
    sent = np.exp(2j * np.pi * frequency * times).astype(np.complex64)
    through = run(Channel(settings), sent)
    paths = settings.paths()
    assert paths is not None
    gains = PathGains(paths, doppler_hz / 1e6, generator(6, Source.FADING)).at(times)
    response = np.exp(-2j * np.pi * frequency * paths.delays) @ gains
    np.testing.assert_allclose(through[60:8_900], (response * sent)[60:8_900], atol=1e-3)


def test_the_same_seed_is_the_same_channel_again() -> None:
    sent = band_limited(LENGTH)
    settings = ChannelSettings(multipath="two_echoes", seed=9)
    channel = Channel(settings.but(multipath="none"))
    channel.set_multipath("two_echoes")
    assert np.array_equal(run(channel, sent), run(Channel(settings), sent))
    other = run(Channel(settings.but(seed=10)), sent)[:LENGTH]
    assert power(other - run(Channel(settings), sent)[:LENGTH]) > 1e-3


def test_a_flat_channel_loses_nothing() -> None:
    assert equaliser_loss_db(ChannelSettings(snr_db=10.0), 0.25) == pytest.approx(0, abs=1e-3)
    weak = ChannelSettings(snr_db=10.0, multipath="0 -3 20")
    assert equaliser_loss_db(weak, 0.25) == pytest.approx(3, abs=1e-3)
    np.testing.assert_allclose(folded_spectrum(ChannelSettings(), 0.25, 64), 1.0, atol=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("snr_db", [0.0, 15.0])
def test_a_long_equaliser_comes_up_to_the_bound(seed: int, snr_db: float) -> None:
    """Of half a symbol's spacing, solved for the pulse as the laboratory's channel leaves it."""
    settings = ChannelSettings(multipath="two_echoes", seed=seed)
    pulse = np.pad(root_raised_cosine(0.25, 60, 2), 20).astype(np.complex64)
    left = impair(pulse, settings)
    window, padded = 300, np.pad(left, 1200)
    start = 1200 + left.size // 2 - window
    symbols = start + 2 * np.arange(-400, 401)  # those whose pulses reach into the window
    received = np.stack([padded[place : place + 2 * window] for place in symbols])
    covariance = received.T @ received.conj() + 10 ** (-snr_db / 10) * np.eye(2 * window)
    wanted = padded[start : start + 2 * window]
    gain = np.real(wanted.conj() @ np.linalg.solve(covariance, wanted))
    loss = snr_db - 10 * np.log10(gain / (1 - gain))
    assert loss == pytest.approx(equaliser_loss_db(settings.but(snr_db=snr_db), 0.25), abs=0.02)
