# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel's estimate, the equaliser made of it, and the receiver through echoes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import fftfreq

from implicitjscc.phy.channel_estimator import ChannelEstimate, ChannelEstimator, sparse_fit
from implicitjscc.phy.equaliser import Equaliser
from implicitjscc.phy.frame import chirps, pilot_symbols
from implicitjscc.phy.matched_filter import BLOCK, MatchedFilter, Timing
from implicitjscc.phy.pulse import root_raised_cosine
from implicitjscc.phy.transmitter import modulate

from .conftest import PAYLOAD_RMS, awgn, impaired, laplace_content, loss_db, receive, send, turned
from .echoes import Echoes, random_echoes

FILTERS = MatchedFilter()
ESTIMATOR = ChannelEstimator()
EQUALISER = Equaliser(FILTERS, 2)
KNOWN = np.concatenate((chirps(), pilot_symbols(3, 400) / np.float32(np.sqrt(2))))
BAND = np.abs(fftfreq(BLOCK)) < 0.25


def training(echoes: Echoes, es_n0_db: float, seed: int, phase: np.ndarray | None = None):
    """Samples at the known symbols' times and between."""
    spread = np.zeros(2 * KNOWN.size + 200, np.complex64)
    spread[100 : 100 + 2 * KNOWN.size : 2] = KNOWN
    taps = root_raised_cosine(0.25, 16, 2)
    samples = echoes.apply(np.convolve(spread, taps, mode="same").astype(np.complex64))
    samples = samples[100 : 100 + 2 * KNOWN.size]
    if phase is not None:
        samples = samples * np.exp(1j * phase)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((2, samples.size)) * np.sqrt(10 ** (-es_n0_db / 10) / 2)
    return (samples + noise[0] + 1j * noise[1]).astype(np.complex64)


def true_channel(echoes: Echoes, es_n0_db: float) -> ChannelEstimate:
    """Taps of a band-limited channel, as far as they count."""
    response = echoes.response(2 * fftfreq(BLOCK))
    window = np.clip((1 - np.abs(2 * fftfreq(BLOCK))) / 0.3, 0, 1)  # beyond the pulse's band
    impulse = np.roll(np.fft.ifft(response * window), 200)[:600]
    return ChannelEstimate(impulse, -200.0, 10 ** (-es_n0_db / 10), 0.0, 0.0)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), es_n0_db=st.sampled_from([5.0, 20.0, 30.0]))
def test_the_estimate_is_as_good_as_its_noise_allows(seed: int, es_n0_db: float) -> None:
    echoes = random_echoes(seed)
    estimate = ESTIMATOR.estimate(training(echoes, es_n0_db, seed), KNOWN)
    noise = 10 ** (-es_n0_db / 10)
    assert 10 * np.log10(estimate.noise_variance / noise) == pytest.approx(0, abs=0.7)
    # Least squares over all 33 taps would have 33 / 880 of the noise on two samples a symbol.
    error = estimate.response(BLOCK) - echoes.response(2 * fftfreq(BLOCK))
    assert np.mean(np.abs(error[BAND]) ** 2) < 1.5 * noise * 33 / 880 + 1e-5


def test_a_wandering_phase_does_not_blur_the_estimate() -> None:
    echoes = random_echoes(5)
    rng = np.random.default_rng(1)
    steps = np.sqrt(2 * np.pi * 10 / 2e6)
    phase = np.cumsum(rng.standard_normal(2 * KNOWN.size) * steps)
    estimate = ESTIMATOR.estimate(training(echoes, 25.0, 2, phase), KNOWN)
    truth = echoes.response(2 * fftfreq(BLOCK))[BAND]
    error = estimate.response(BLOCK)[BAND]
    error = error * np.exp(-1j * np.angle(np.vdot(truth, error))) - truth
    assert 10 * np.log10(np.mean(np.abs(error) ** 2)) < -32


@pytest.mark.parametrize("late", [-0.3, 0.0, 0.2])
def test_a_single_paths_delay_is_measured_whatever_the_phase_does(late: float) -> None:
    path = Echoes(np.ones(1, complex), np.array([late / 2]))
    phase = 0.5 * np.sin(np.arange(2 * KNOWN.size) / 300)
    estimate = ESTIMATOR.estimate(training(path, 25.0, 3, phase), KNOWN)
    assert estimate.late == pytest.approx(late, abs=0.03)


def test_the_estimate_bears_silence_and_a_burst() -> None:
    silent = ESTIMATOR.estimate(np.zeros(2 * KNOWN.size, np.complex64), KNOWN)
    assert np.isfinite(silent.response(BLOCK)).all()
    echoes = random_echoes(5)
    samples = training(echoes, 20.0, 2)
    samples[600:700] += 100
    estimate = ESTIMATOR.estimate(samples, KNOWN)
    error = estimate.response(BLOCK) - echoes.response(2 * fftfreq(BLOCK))
    assert np.mean(np.abs(error[BAND]) ** 2) < 1e-3


def test_a_sparse_fit_shrinks_what_is_not_there() -> None:
    rng = np.random.default_rng(7)
    columns = (rng.standard_normal((400, 30)) + 1j * rng.standard_normal((400, 30))) / np.sqrt(2)
    truth = np.zeros(30, complex)
    truth[[4, 11]] = 1, 0.5j
    noise = (rng.standard_normal(400) + 1j * rng.standard_normal(400)) * np.sqrt(0.5)
    observed = columns @ truth + noise
    gram, matched = columns.conj().T @ columns, columns.conj().T @ observed
    mean, variance, _ = sparse_fit(gram, matched, float(np.vdot(observed, observed).real), 400)
    assert variance == pytest.approx(1, rel=0.2)
    plain = np.linalg.solve(gram, matched)
    assert np.sum(np.abs(mean - truth) ** 2) < 0.5 * np.sum(np.abs(plain - truth) ** 2)


@pytest.mark.parametrize("es_n0_db", [0.0, 10.0, 20.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_equaliser_is_the_bound_where_the_channel_is_known(seed: int, es_n0_db: float) -> None:
    """Unit gain, and the bound's signal to noise and interference, by its spectrum."""
    echoes = random_echoes(seed)
    known = true_channel(echoes, es_n0_db)
    response = EQUALISER.response(known)
    assert response is not None
    folded = (FILTERS.response * echoes.response(2 * fftfreq(BLOCK)) * response).reshape(2, -1)
    overall = folded.sum(axis=0) / 2
    gain = np.mean(overall)
    assert gain == pytest.approx(1, abs=2e-3)
    interference = np.mean(np.abs(overall) ** 2) - abs(gain) ** 2
    noise = known.noise_variance * np.mean(np.abs(response) ** 2)
    loss = 10 * np.log10(interference + noise) + es_n0_db
    assert loss == pytest.approx(echoes.least_loss_db(es_n0_db), abs=0.02)


@pytest.mark.parametrize("late", [0.0, 0.3])
def test_a_flat_channel_needs_no_equaliser(late: float) -> None:
    flat = Echoes(np.array([0.7j]), np.array([late / 2]))
    for seed, es_n0_db in enumerate((0.0, 10.0, 20.0)):
        assert EQUALISER.response(ESTIMATOR.estimate(training(flat, es_n0_db, seed), KNOWN)) is None
    assert flat.least_loss_db(10.0) == pytest.approx(-10 * np.log10(0.49), abs=0.01)


@pytest.mark.parametrize("interval", [2.0, 2.00012])
def test_the_filters_delay_and_drift(interval: float) -> None:
    """All symbols of a long pass, at times that no block begins at."""
    rng = np.random.default_rng(3)
    symbols = np.exp(2j * np.pi * rng.random(5000)).astype(np.complex64)
    spread = np.zeros(2 * symbols.size, np.complex64)
    spread[::2] = symbols
    samples = np.convolve(spread, root_raised_cosine(0.25, 16, 2)).astype(np.complex64)
    samples = np.pad(samples, BLOCK)
    if interval != 2:
        samples = impaired(samples, sro_ppm=(interval / 2 - 1) * 1e6)
    start = (BLOCK + 32) * interval / 2
    output = FILTERS.demodulate(samples, 100, Timing(start + 100, interval, 0.0), symbols.size)
    error = output.value[50:-50] - symbols[50:-50]
    assert 10 * np.log10(np.mean(np.abs(error) ** 2)) < -38


@pytest.mark.parametrize("es_n0_db", [0.0, 20.0])
def test_echoes_cost_hardly_more_than_their_bound(es_n0_db: float) -> None:
    content = laplace_content(70_000)
    distances = []
    for seed in (2, 11):
        echoes = random_echoes(seed)
        samples = np.pad(modulate(content, payload_rms=PAYLOAD_RMS).samples, (5000, 3000))
        samples = turned(echoes.apply(samples), 0.03)
        samples = impaired(samples, linewidth_hz=1.0, seed=seed)
        (reception,) = receive(awgn(samples, es_n0_db, seed=seed))
        loss = loss_db(content, reception, es_n0_db)
        distances.append(loss - echoes.least_loss_db(es_n0_db))
        reported = 10 * np.log10(np.mean(reception.received.noise_variance)) + es_n0_db
        assert reported == pytest.approx(loss, abs=0.3)
    assert np.mean(distances) < 0.35
    assert max(distances) < 0.6


def test_a_header_through_strong_echoes() -> None:
    content = laplace_content(300)
    echoes = Echoes(np.array([1, 0.85j, -0.6], np.complex128) / 1.45, np.array([0.0, 2.3, 9.1]))
    samples = echoes.apply(send(content, None))
    (reception,) = receive(awgn(samples, 10.0, seed=4))
    assert not reception.received.lost.any()
