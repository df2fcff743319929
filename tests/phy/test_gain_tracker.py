# SPDX-License-Identifier: GPL-3.0-or-later
"""Gain that moves within a frame, noise that is not the same everywhere, images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.phy.frame import FrameLayout, chirps, pilot_positions, pilot_symbols
from implicitjscc.phy.front_end import remove_dc_and_iq_imbalance
from implicitjscc.phy.gain_steps import Steps
from implicitjscc.phy.gain_tracker import Gain, track
from implicitjscc.phy.image import image_of, remove_image
from implicitjscc.phy.local_noise import base_variance, burst_variance, local_factors
from implicitjscc.phy.profile import WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver

from .conftest import (
    PAYLOAD_RMS,
    PLAIN,
    awgn,
    impaired,
    laplace_content,
    loss_db,
    receive,
    send,
    turned,
)

PILOTS = 400
POSITIONS = np.concatenate((np.arange(912), pilot_positions(PILOTS)))
SIZE = int(POSITIONS[-1]) + 1


def frame(gain: np.ndarray, noise_variance: np.ndarray | float, seed: int):
    """Received and sent symbols of a frame, and those that are known."""
    rng = np.random.default_rng(seed)
    sent = ((rng.laplace(size=SIZE) + 1j * rng.laplace(size=SIZE)) / 2).astype(np.complex64)
    sent[:912] = np.concatenate((chirps(), pilot_symbols(1, 400) / np.float32(np.sqrt(2))))
    sent[pilot_positions(PILOTS)] = pilot_symbols(2, PILOTS)
    noise = rng.standard_normal((2, SIZE)) * np.sqrt(np.asarray(noise_variance) / 2)
    received = (gain * sent + noise[0] + 1j * noise[1]).astype(np.complex64)
    return received, sent


def tracked(received: np.ndarray, sent: np.ndarray) -> Gain:
    power = received.real**2 + received.imag**2
    return track(POSITIONS, received[POSITIONS], sent[POSITIONS], 3e-4, power=power)


def payload_error(received: np.ndarray, sent: np.ndarray, gain: Gain) -> np.ndarray:
    everything = np.arange(SIZE)
    return np.abs(received / gain.at(everything) - sent)[912:] ** 2


@pytest.mark.parametrize("es_n0_db", [0.0, 20.0])
@pytest.mark.parametrize("linewidth_hz", [0.0, 10.0])
def test_phase_noise_costs_what_a_smoother_cannot_avoid(
    es_n0_db: float, linewidth_hz: float
) -> None:
    noise = 10 ** (-es_n0_db / 10)
    walk = 2 * np.pi * linewidth_hz / 1e6
    rng = np.random.default_rng(8)
    phase = np.cumsum(rng.standard_normal(SIZE) * np.sqrt(walk)) + 2 * np.pi * 1e-4 * np.arange(
        SIZE
    )
    received, sent = frame(np.exp(1j * phase), noise, 4)
    gain = tracked(received, sent)
    error = payload_error(received, sent, gain).mean()
    # Continuous-time smoother, and the walk between pilots.
    expected = noise + 0.5 * np.sqrt(walk * 16 * noise) + walk * 64 / 6
    assert 10 * np.log10(error / expected) == pytest.approx(0, abs=0.2)
    reported = gain.noise_variance_at(np.arange(912, SIZE)).mean()
    assert 10 * np.log10(reported / error) == pytest.approx(0, abs=0.3)
    assert gain.steps.places.size == 0


@pytest.mark.parametrize("period", [32, 80])
def test_the_noise_that_is_reported_with_pilots_at_any_distance(period: int) -> None:
    """Where the walk between pilots counts: 10 Hz at 1 Msymbol/s, 20 dB; mean over frames."""
    profile = WaveformProfile(pilot_period=period)
    positions = np.concatenate((np.arange(912), pilot_positions(1000, profile)))
    size, ratios = int(positions[-1]) + 1, []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        gain = np.exp(1j * np.cumsum(rng.standard_normal(size) * np.sqrt(2 * np.pi * 1e-5)))
        sent = np.exp(2j * np.pi * rng.random(size)).astype(np.complex64)
        sent[pilot_positions(1000, profile)] *= np.sqrt(2)
        noise = rng.standard_normal(2 * size).view(np.complex128) * np.sqrt(0.005)
        received = (gain * sent + noise).astype(np.complex64)
        estimate = track(positions, received[positions], sent[positions], 3e-4)
        error = np.abs(received / estimate.at(np.arange(size)) - sent)[912:] ** 2
        ratios.append(estimate.noise_variance_at(np.arange(912, size)).mean() / error.mean())
    assert 10 * np.log10(np.mean(ratios)) == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize(("es_n0_db", "step_db"), [(20.0, 1.5), (20.0, -6.0), (10.0, 3.0)])
def test_an_agc_step(es_n0_db: float, step_db: float) -> None:
    """Signal and noise change alike, at a place that no pilot marks."""
    scale = np.where(np.arange(SIZE) < 12_345, 1, 10 ** (step_db / 20))
    noise = 10 ** (-es_n0_db / 10)
    received, sent = frame(scale, noise * scale**2, 5)
    gain = tracked(received, sent)
    assert gain.steps.places == pytest.approx([12_345], abs=64)
    error = payload_error(received, sent, gain)
    assert 10 * np.log10(error.mean() / noise) < 0.35
    reported = gain.noise_variance_at(np.arange(912, SIZE))
    assert 10 * np.log10(reported.mean() / error.mean()) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("es_n0_db", [5.0, 20.0])
def test_a_slow_fade(es_n0_db: float) -> None:
    """The noise stays, so that a symbol in the fade has more of it."""
    fade = 1 + 0.6 * np.sin(2 * np.pi * np.arange(SIZE) / 20_000)
    noise = 10 ** (-es_n0_db / 10)
    received, sent = frame(fade, noise, 6)
    gain = tracked(received, sent)
    error = payload_error(received, sent, gain)
    assert gain.steps.places.size == 0
    assert 10 * np.log10(np.mean(error * fade[912:] ** 2) / noise) < 0.3
    reported = gain.noise_variance_at(np.arange(912, SIZE))
    deep = fade[912:] < 0.5
    ratio = reported[deep].mean() / error[deep].mean()
    assert 10 * np.log10(ratio) == pytest.approx(0, abs=1.0)


def test_interference_is_reported_where_it_is_and_harms_nothing_else() -> None:
    noise = np.full(SIZE, 0.01)
    hit = slice(14_000, 16_000)
    noise[hit] = 30.0
    received, sent = frame(np.exp(0.3j) * np.ones(SIZE), noise, 7)
    gain = tracked(received, sent)
    outside = np.ones(SIZE, bool)
    outside[hit.start - 64 : hit.stop + 64] = False
    error = np.abs(received / gain.at(np.arange(SIZE)) - sent) ** 2
    assert 10 * np.log10(error[outside][912:].mean() / 0.01) < 0.2
    reported = gain.noise_variance_at(np.arange(SIZE))
    assert 10 * np.log10(reported[outside].mean() / 0.01) == pytest.approx(0, abs=0.3)
    assert 10 * np.log10(reported[hit].mean() / 30) == pytest.approx(0, abs=2)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_even_noise_has_no_bursts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    error = rng.exponential(size=1200)
    assert base_variance(error) == pytest.approx(1, rel=0.15)
    counts = np.array([64] * 10 + [1] * 560)
    assert np.all(local_factors(error, 1.0, counts) == 1)
    payload = (rng.laplace(size=5000) ** 2 + rng.laplace(size=5000) ** 2) / 4
    assert not burst_variance(payload.astype(np.float32), 1.0).any()


def test_a_short_burst_between_pilots() -> None:
    power = np.ones(5000, np.float32)
    power[1000:1030] += 50
    excess = burst_variance(power, 1.0)
    assert excess[1003:1027] == pytest.approx(50, rel=0.3)
    assert not excess[:900].any()
    assert not excess[1100:].any()


def test_steps_between_places() -> None:
    steps = Steps(np.array([3, 5]), np.array([1.0, 2.0, 4.0]))
    assert steps.at([0, 2, 3, 4, 5, 9]).tolist() == [1, 1, 2, 2, 4, 4]


@pytest.mark.parametrize("image", [0.0, 0.03 + 0.02j])
def test_the_transmitters_image(image: complex) -> None:
    rng = np.random.default_rng(9)
    known = pilot_symbols(0, 1200)
    noise = (rng.standard_normal(1200) + 1j * rng.standard_normal(1200)) * np.sqrt(0.005)
    received = (known + image * known.conj() + noise).astype(np.complex64)
    estimate = image_of(received, known, np.full(1200, 0.01, np.float32))
    assert estimate == pytest.approx(image, abs=0.006)
    left = remove_image((known + image * known.conj()).astype(np.complex64), image)
    np.testing.assert_allclose(left, known, atol=1e-6)


@pytest.mark.parametrize("es_n0_db", [10.0, 20.0])
def test_iq_imbalance_at_both_ends(es_n0_db: float) -> None:
    content = laplace_content(40_000)
    samples = impaired(send(content, None, before=3000), iq_gain_db=0.5, iq_phase_deg=2.0)
    samples = turned(samples, 0.02)
    samples = awgn(samples, es_n0_db, seed=3)
    (reception,) = receive(impaired(samples, iq_gain_db=0.5, iq_phase_deg=-2.0))
    assert loss_db(content, reception, es_n0_db) < 0.15
    reported = 10 * np.log10(np.mean(reception.received.noise_variance)) + es_n0_db
    assert reported == pytest.approx(loss_db(content, reception, es_n0_db), abs=0.3)


@pytest.mark.parametrize("cfo", [0.0, 2e-5, -0.1])
def test_a_dc_spike_as_strong_as_the_payload(cfo: float) -> None:
    """In the idle time before the burst, too."""
    content = laplace_content(40_000)
    samples = send(content, 20.0, cfo=cfo, before=60_000)
    receiver = BurstReceiver()
    (reception,) = receive(samples + np.complex64(PAYLOAD_RMS), receiver)
    assert receiver.stats.preambles == 2
    assert loss_db(content, reception, 20.0) < 0.15


def test_bursts_do_not_spoil_the_front_ends_statistics() -> None:
    rng = np.random.default_rng(2)
    samples = (rng.standard_normal(70_000) + 1j * rng.standard_normal(70_000)).astype(np.complex64)
    spoilt = samples.copy()
    spoilt[9_000:9_500] += 300
    cleaned = remove_dc_and_iq_imbalance(spoilt, 2)
    left = np.delete(cleaned - samples, np.s_[9_000:9_500])
    assert np.abs(left).max() < 0.05


@pytest.mark.parametrize("size", [300, 3000])
@pytest.mark.parametrize("sro_ppm", [-60.0, 60.0])
def test_short_contents_through_the_worst_crystals(size: int, sro_ppm: float) -> None:
    """The sampling offset does not follow from the frequency's."""
    content = laplace_content(size)
    (reception,) = receive(send(content, 20.0, cfo=0.1, sro_ppm=sro_ppm))
    assert abs(loss_db(content, reception, 20.0)) < 0.35 + 3 * 10 / np.log(10) / np.sqrt(size)
    assert reception.sro_ppm == pytest.approx(sro_ppm, abs=5)
    assert reception.cfo_hz == pytest.approx(1e5, abs=5)


def test_a_burst_of_interference_costs_its_own_symbols() -> None:
    content = laplace_content(70_000)
    samples = send(content, 15.0, profile=PLAIN)
    rng = np.random.default_rng(4)
    noise = rng.standard_normal(2 * 4000).view(np.complex128) * (20 * PAYLOAD_RMS)
    samples[30_000:34_000] += noise.astype(np.complex64)
    (reception,) = receive(samples, BurstReceiver(PLAIN))
    received = reception.received
    assert 0.02 < received.lost.mean() < 0.05  # 2,000 symbols of 70,000, and the filters' tails
    assert loss_db(content, reception, 15.0) < 0.25
    assert 10 * np.log10(np.median(received.noise_variance)) == pytest.approx(-15, abs=0.3)


def test_silence_in_place_of_samples_is_not_believed() -> None:
    """A whole frame of a noiseless stream, and a part of another."""
    content = laplace_content(70_000)
    length = 2 * FrameLayout(70_000).frame_symbols
    samples = send(content, None, before=5000, profile=PLAIN)
    samples[5000 + length : 5000 + 2 * length] = 0
    samples[5000 + 2 * length + 20_000 : 5000 + 2 * length + 24_000] = 0
    (reception,) = receive(samples, BurstReceiver(PLAIN))
    received = reception.received
    assert (reception.frames_received, reception.frames_lost) == (2, 1)
    arrived = ~received.lost
    error = np.abs(received.symbols - content.symbols) ** 2
    believed = arrived & (received.noise_variance < 0.1)
    assert 0.6 < believed.mean() < 2 / 3
    assert np.mean(error[believed]) < 0.01
