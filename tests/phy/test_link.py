# SPDX-License-Identifier: GPL-3.0-or-later
"""From symbols to samples and back, through noise and offsets."""

from __future__ import annotations

import numpy as np
import pytest

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.receiver import MOST_RETAINED, BurstReceiver
from implicitjscc.phy.transmitter import modulate

from .conftest import PLAIN, awgn, laplace_content, loss_db, receive, send

SIZE = 70_000  # three frames


@pytest.mark.parametrize("es_n0_db", [5.0, 10.0, 15.0])
def test_next_to_no_loss_over_ideal_noise(es_n0_db: float) -> None:
    content = laplace_content(SIZE)
    (reception,) = receive(send(content, es_n0_db))
    assert reception.frames_lost == 0
    assert abs(loss_db(content, reception, es_n0_db)) < 0.2
    assert reception.snr_db == pytest.approx(es_n0_db, abs=0.3)
    reported = 10 * np.log10(np.mean(reception.received.noise_variance))
    assert reported + es_n0_db == pytest.approx(loss_db(content, reception, es_n0_db), abs=0.3)


@pytest.mark.parametrize("es_n0_db", [0.0, 10.0, 25.0])
@pytest.mark.parametrize(("cfo", "sro_ppm"), [(0.02, -20.0), (-0.02, 20.0), (0.0, 20.0)])
@pytest.mark.parametrize("size", [3_000, SIZE])
def test_offsets(size: int, es_n0_db: float, cfo: float, sro_ppm: float) -> None:
    content = laplace_content(size)
    (reception,) = receive(send(content, es_n0_db, cfo=cfo, sro_ppm=sro_ppm))
    assert reception.frames_lost == 0
    # The noise of so few symbols scatters itself, and the gain of a short frame is less sure.
    limit = (0.3 if es_n0_db < 20 else 0.6) + 3 * 10 / np.log(10) / np.sqrt(size)
    assert abs(loss_db(content, reception, es_n0_db)) < limit
    assert reception.cfo_hz == pytest.approx(cfo * 1e6, abs=100 if size < 10_000 else 5)
    if size > 10_000:
        # A fast receiver clock takes more samples a symbol.
        assert reception.sro_ppm == pytest.approx(sro_ppm, abs=3)


@pytest.mark.parametrize("sro_ppm", [-60.0, -30.0, 45.0])
def test_a_single_long_frame_is_whole_whatever_the_clock(sro_ppm: float) -> None:
    """Nothing but the payload tells the drift, and without it the frame's end looks like a gap."""
    content = laplace_content(30_000)
    (reception,) = receive(send(content, 12.0, sro_ppm=sro_ppm, after=0))
    assert reception.frames_partial == 0
    assert abs(loss_db(content, reception, 12.0)) < 0.3


@pytest.mark.parametrize("gain_db", [-48.0, 12.0])
def test_level_does_not_matter(gain_db: float) -> None:
    """-60 and 0 dBFS: the payload's rms is -12."""
    content = laplace_content(SIZE)
    (reception,) = receive(send(content, 10.0, gain_db=gain_db))
    assert abs(loss_db(content, reception, 10.0)) < 0.2
    assert reception.level_dbfs == pytest.approx(gain_db - 12.04 + 10 * np.log10(1.2), abs=0.5)


@pytest.mark.parametrize("size", [1, 7, 200, 1008, 33_792, 33_793])
def test_contents_of_every_size(size: int) -> None:
    content = laplace_content(max(size, 1))
    (reception,) = receive(send(content, 20.0))
    received = reception.received
    assert received.symbols.shape == (size,)
    assert received.description == content.description
    assert received.content_id == content.content_id
    assert not received.lost.any()
    assert reception.frames_received == FrameLayout(size).frames
    assert np.sqrt(np.mean(np.abs(received.symbols - content.symbols) ** 2)) < 0.3


def test_how_samples_arrive_does_not_matter() -> None:
    content = laplace_content(40_000)
    samples = send(content, 10.0, cfo=0.01)
    whole = receive(samples)
    for piece in (997, 65_536):
        receiver = BurstReceiver()
        pieces = [
            reception
            for first in range(0, samples.size, piece)
            for reception in receiver.push(samples[first : first + piece])
        ]
        pieces += receiver.flush()
        assert len(pieces) == len(whole) == 1
        # But for the order in which matrix products add up.
        assert np.allclose(pieces[0].received.symbols, whole[0].received.symbols, atol=1e-5)
        parted, at_once = (one[0].received.noise_variance for one in (pieces, whole))
        assert np.allclose(parted, at_once, rtol=1e-5)


def test_bursts_in_a_row() -> None:
    """Two contents without a gap, then the first one again."""
    first, second = laplace_content(40_000), laplace_content(300, seed=2, content_id=2)
    samples = np.concatenate([modulate(c).samples for c in (first, second, first)])
    noisy = awgn(np.pad(samples, 3000), 10.0, seed=3)
    receptions = receive(noisy)
    ids = [reception.received.content_id for reception in receptions]
    assert ids == [first.content_id, second.content_id, first.content_id]
    assert all(reception.frames_lost == 0 for reception in receptions)


def test_two_tiny_contents_at_0_db() -> None:
    contents = [laplace_content(150, seed=n, content_id=n) for n in (1, 2)]
    samples = np.concatenate([modulate(c).samples for c in contents])
    receptions = receive(awgn(np.pad(samples, 3000), 0.0, seed=3))
    assert [r.received.content_id for r in receptions] == [1, 2]


def test_short_bursts_after_one_that_broke_off() -> None:
    """They begin while its next frame is due, and none of them is lost."""
    broken = modulate(laplace_content(120_000)).samples[:110_000]
    short = [laplace_content(300, seed=n, content_id=n) for n in range(2, 8)]
    samples = np.concatenate([broken, *(modulate(c).samples for c in short)])
    receptions = receive(awgn(np.pad(samples, 3000), 25.0, seed=3))
    assert [r.received.content_id for r in receptions][1:] == list(range(2, 8))


def test_samples_of_another_format() -> None:
    content = laplace_content(5_000)
    samples = send(content, 20.0)
    samples[4_000] = 3e38
    receiver = BurstReceiver()
    assert len(receive(samples, receiver)) == 1
    assert receiver.stats.invalid_samples == 1
    assert receive(send(content, 20.0, gain_db=300.0)) == []


def test_a_lost_frame_costs_its_share_everywhere() -> None:
    content = laplace_content(SIZE)
    samples = send(content, 15.0, before=5000, profile=PLAIN)
    length = 2 * FrameLayout(SIZE).frame_symbols
    samples[5000 + length : 5000 + 2 * length] = 0
    samples = awgn(samples, 15.0, seed=9)
    (reception,) = receive(samples, BurstReceiver(PLAIN))
    assert (reception.frames_received, reception.frames_lost) == (2, 1)
    lost = reception.received.lost
    assert lost.mean() == pytest.approx(1 / 3, abs=0.001)
    assert np.all(reception.received.symbols[lost] == 0)
    # Neighbours are never lost together: of each block of three symbols just one is.
    blocks = lost[: SIZE // 3 * 3].reshape(-1, 3).sum(axis=1)
    assert set(blocks) == {1}
    assert abs(loss_db(content, reception, 15.0 - 3.01)) < 0.3


@pytest.mark.parametrize("cut", ["start", "end"])
def test_a_burst_that_is_cut(cut: str) -> None:
    content = laplace_content(SIZE)
    samples = send(content, 15.0, before=5000, profile=PLAIN)
    length = 2 * FrameLayout(SIZE).frame_symbols
    middle = 5000 + int(1.5 * length)
    part = samples[: middle + length] if cut == "end" else samples[middle - length // 3 :]
    (reception,) = receive(part, BurstReceiver(PLAIN))
    received = reception.received
    arrived = ~received.lost
    assert 0.25 < arrived.mean() < 0.9
    error = received.symbols[arrived] - content.symbols[arrived]
    assert 10 * np.log10(np.mean(np.abs(error) ** 2)) == pytest.approx(-15, abs=0.4)


def test_dc_and_iq_imbalance() -> None:
    content = laplace_content(SIZE)
    samples = send(content, 20.0, cfo=0.0003)
    samples = impair(samples, ChannelSettings(dc_dbc=-20.0, iq_gain_db=0.5, iq_phase_deg=2.0))
    (reception,) = receive(samples)
    assert loss_db(content, reception, 20.0) < 0.3


def test_noise_is_no_content() -> None:
    rng = np.random.default_rng(5)
    receiver = BurstReceiver()
    for _ in range(12):
        noise = rng.standard_normal(500_000).astype(np.float32).view(np.complex64)
        assert receiver.push(noise) == []
        assert receiver.retained_samples <= MOST_RETAINED
    assert receiver.flush() == []
    assert receiver.stats.contents == 0
    assert receiver.stats.samples == 3_000_000


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 1.0, 1e-30])
def test_constant_streams_are_no_content(value: float) -> None:
    receiver = BurstReceiver()
    assert receive(np.full(200_000, value, np.complex64), receiver) == []
    assert receiver.stats.invalid_samples == (0 if np.isfinite(value) else 200_000)
    assert receiver.push(np.empty(0, np.complex64)) == []


def test_single_bad_samples_do_not_break_a_burst() -> None:
    content = laplace_content(5_000)
    samples = send(content, 20.0)
    samples[[3, 9_000, 12_000]] = np.nan
    receiver = BurstReceiver()
    (reception,) = receive(samples, receiver)
    assert receiver.stats.invalid_samples == 3
    assert loss_db(content, reception, 20.0) < 1


def test_memory_stays_bounded_over_many_bursts() -> None:
    receiver = BurstReceiver()
    content = laplace_content(34_000)
    samples = send(content, 10.0)
    for _ in range(12):
        receiver.push(samples)
        assert receiver.retained_samples <= MOST_RETAINED
    receiver.flush()
    assert receiver.stats.contents == 12
    assert receiver.stats.frames_received == 24
