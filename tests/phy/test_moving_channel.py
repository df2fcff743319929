# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels that move within a frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.channel.bounds import equaliser_loss_db
from implicitjscc.phy.moving_equaliser import MovingEqualiser
from implicitjscc.phy.profile import STANDARD, WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.reception import Reception
from implicitjscc.phy.tap_tracker import Motion, TapTracker
from implicitjscc.phy.transmitter import modulate

from .conftest import PAYLOAD_RMS, PLAIN, awgn, laplace_content, loss_db, receive, send
from .echoes import random_echoes

BEFORE = 5000
STILL, WALKING = Motion(1e-6, 1e-9), Motion(3e-5, 1e-9)


@dataclass(frozen=True)
class Outcome:
    """Of a burst through a moving channel.

    Attributes:
        more_db: loss beyond that of the equaliser which knows the channel at each moment.
        variance_error_db: of the noise that the receiver reports.
        reception: what came.
    """

    more_db: float
    variance_error_db: float
    reception: Reception


def through(
    symbols: int,
    es_n0_db: float,
    seed: int,
    profile: WaveformProfile = STANDARD,
    **channel: object,
) -> Outcome:
    """One burst."""
    content = laplace_content(symbols)
    samples = np.pad(modulate(content, profile, PAYLOAD_RMS).samples, BEFORE)
    settings = ChannelSettings(
        payload_rms=PAYLOAD_RMS, seed=seed, snr_db=es_n0_db, cfo_hz=3e4, sro_ppm=12.0
    ).but(**channel)
    (reception,) = receive(impair(samples, settings), BurstReceiver(profile))
    times_s = np.linspace(BEFORE, samples.size - BEFORE, 200) / settings.sample_rate_hz
    bound = equaliser_loss_db(settings, profile.rolloff, 256, times_s)
    loss = loss_db(content, reception, es_n0_db)
    received = reception.received
    reported = 10 * np.log10(np.mean(received.noise_variance[~received.lost]))
    return Outcome(loss - bound, float(reported) + es_n0_db - loss, reception)


@pytest.mark.parametrize(
    ("es_n0_db", "linewidth_hz", "most_db"),
    [(0.0, 1.0, 1.2), (10.0, 1.0, 0.7), (20.0, 1.0, 1.3), (15.0, 10.0, 1.4)],
)
def test_moving_echoes_cost_little_more_than_where_they_are_known(
    es_n0_db: float, linewidth_hz: float, most_db: float
) -> None:
    """An equaliser that stays as it was in the frame's beginning loses 2 to 18 dB more here."""
    outcome = through(
        70_000,
        es_n0_db,
        seed=3,
        multipath="two_echoes",
        doppler_hz=20.0,
        linewidth_hz=linewidth_hz,
    )
    assert outcome.more_db < most_db
    # A notch passes through this channel, and most of the noise is there.
    assert outcome.variance_error_db == pytest.approx(0, abs=0.7)
    assert outcome.reception.frames_partial == outcome.reception.frames_lost == 0


def test_fading_of_all_paths() -> None:
    outcome = through(70_000, 20.0, seed=4, multipath="tdl_a", doppler_hz=20.0)
    assert outcome.more_db < 1.2
    assert outcome.variance_error_db == pytest.approx(0, abs=0.5)
    assert outcome.reception.frames_partial == 0


def test_a_single_frame_is_followed_by_its_pilots_alone() -> None:
    outcome = through(30_000, 15.0, seed=3, multipath="two_echoes", doppler_hz=20.0)
    assert outcome.more_db < 1.1
    assert outcome.variance_error_db == pytest.approx(0, abs=0.3)


def test_pieces_of_the_stream_make_no_difference() -> None:
    samples = np.pad(modulate(laplace_content(40_000), payload_rms=PAYLOAD_RMS).samples, BEFORE)
    settings = ChannelSettings(
        payload_rms=PAYLOAD_RMS, seed=3, snr_db=15.0, multipath="two_echoes", doppler_hz=20.0
    )
    samples = impair(samples, settings)
    (whole,) = receive(samples)
    receiver = BurstReceiver()
    found = [r for piece in np.array_split(samples, 23) for r in receiver.push(piece)]
    (pieces,) = found + receiver.flush()
    # But for the order in which matrix products add up.
    assert np.allclose(pieces.received.symbols, whole.received.symbols, atol=1e-5)


def test_a_header_longer_than_what_is_kept_behind_a_frame() -> None:
    """The next frame's known symbols count as far as their samples are there."""
    profile = replace(STANDARD, header_symbols=2048)
    echoes = {"multipath": "two_echoes", "doppler_hz": 20.0, "linewidth_hz": 1.0}
    assert through(70_000, 20.0, 4, profile, **echoes).more_db < 1.5


@pytest.mark.parametrize("es_n0_db", [0.0, 20.0])
def test_a_still_channel_is_left_alone(es_n0_db: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither noise nor the equaliser's own bias looks like motion."""

    def moved(*_: object) -> None:
        raise AssertionError("the frame was taken for one of a moving channel")

    monkeypatch.setattr(MovingEqualiser, "equalise", moved)
    content = laplace_content(40_000)
    for echoes in (random_echoes(2), None):
        samples = send(content, None, cfo=0.03, sro_ppm=12.0)
        samples = samples if echoes is None else echoes.apply(samples)
        (reception,) = receive(awgn(samples, es_n0_db, seed=5))
        assert not reception.received.lost.any()


def test_what_fades_at_a_bursts_end_is_kept_up_to_where_it_vanishes() -> None:
    """No preamble behind it tells that it is there, but its pilots agree with each other."""
    content = laplace_content(30_000)
    samples = send(content, None, before=BEFORE, profile=PLAIN)
    symbols = [10_000, 12_000, 28_000, 29_000]
    fade = np.interp(np.arange(samples.size), BEFORE + 2 * np.array(symbols), [1.0, 0.4, 0.4, 0.01])
    samples = awgn(samples * fade.astype(np.float32), 15.0, seed=2)
    (reception,) = receive(samples, BurstReceiver(PLAIN))
    assert 0.03 < np.mean(reception.received.lost) < 0.2


def test_a_bound_at_several_times_lies_between_those_at_each() -> None:
    settings = ChannelSettings(snr_db=10.0, multipath="two_echoes", doppler_hz=50.0, seed=4)
    times_s = np.linspace(0, 0.1, 7)
    each = [equaliser_loss_db(settings, 0.25, 256, time) for time in times_s]
    together = equaliser_loss_db(settings, 0.25, 256, times_s)
    assert max(each) - min(each) > 0.3
    assert min(each) < together < max(each)
    errors = [1 / (1 + 10 ** ((10 - loss) / 10)) for loss in each]
    assert together == pytest.approx(10 - 10 * np.log10(1 / np.mean(errors) - 1))


@pytest.mark.parametrize("turns", [0.0, 1.0])
def test_taps_are_tracked_through_noise(turns: float) -> None:
    """Two taps, one of which turns by so much in 40 blocks; equations of 20 dB."""
    rng = np.random.default_rng(4)
    blocks, pilots, noise = 40, 14, 0.01
    places = (np.arange(pilots) + 0.5) / pilots - 0.5

    def taps(time: np.ndarray) -> np.ndarray:
        turning = 0.5 * np.exp(2j * np.pi * turns * time / blocks)
        return np.stack((np.ones_like(turning), turning), axis=-1)

    prior = np.array([1.0, 0.25])
    tracker = TapTracker(
        taps(np.zeros(1))[0], 1e-3 * np.diag(prior), prior, (STILL, WALKING), block_symbols=928
    )
    for block in range(blocks):
        if block:
            tracker.predict()
        mixed = normal(rng, (pilots, 2))
        change = taps(block + places)[None] - tracker.taps[:, None]
        errors = np.sum(mixed * change, axis=2) + np.sqrt(noise) * normal(rng, (2, pilots))
        if block == 20:
            errors[:, 3] += 30.0  # interference
        tracker.update(errors, np.stack((mixed, mixed)), places, np.full(2, noise))
    found, covariance, best = tracker.smooth()
    assert best == (1 if turns else 0)
    error = np.sum(np.abs(found - taps(np.arange(blocks))) ** 2, axis=1)
    expected = np.trace(covariance, axis1=1, axis2=2).real
    # A block alone would leave 2 taps' 0.01 / 14.
    assert np.mean(error) < 0.7 * 2 * noise / pilots
    assert 0.3 < np.mean(error) / np.mean(expected) < 3


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Complex, of unit variance."""
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)
