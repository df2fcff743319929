# SPDX-License-Identifier: GPL-3.0-or-later
"""Receptions of one content that come together, and others that must not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from implicitjscc.content import DESCRIPTION_BYTES, Content, ReceivedContent
from implicitjscc.phy import diversity
from implicitjscc.phy.combiner import Combiner
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.profile import WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.reception import Reception, snr_db_of
from implicitjscc.phy.transmitter import modulate

from .conftest import awgn, laplace_content, receive

EIGHT = WaveformProfile(payload_symbols=2048, spreading_symbols=64, diversity_symbols=0)
SIZE = 8 * 2048


def link(content: Content, es_n0_db: float, seed: int, lost: tuple[int, ...] = ()) -> Reception:
    """A reception of a burst of eight frames, some of which are silence."""
    samples = np.pad(modulate(content, EIGHT).samples, (3000, 9000))
    length = 2 * FrameLayout(SIZE, EIGHT).frame_symbols
    for frame in lost:
        samples[3000 + frame * length : 3000 + (frame + 1) * length] = 0
    (reception,) = receive(awgn(samples, es_n0_db, seed), BurstReceiver(EIGHT))
    return reception


def snr_db(content: Content, reception: Reception) -> float:
    arrived = ~reception.received.lost
    error = reception.received.symbols[arrived] - content.symbols[arrived]
    return float(-10 * np.log10(np.mean(np.abs(error) ** 2)))


def ideal(
    size: int = 1000, variance: float = 0.1, seed: int = 1, content_id: int = 5, sent_seed: int = 0
) -> Reception:
    sent = laplace_content(size, sent_seed).symbols
    rng = np.random.default_rng(seed)
    noise = (rng.normal(size=size) + 1j * rng.normal(size=size)) * np.sqrt(variance / 2)
    received = ReceivedContent(
        (sent + noise).astype(np.complex64),
        np.full(size, variance, np.float32),
        bytes(DESCRIPTION_BYTES),
        content_id,
    )
    return Reception(received, 1, 0, 10.0, 0.0, 0.0, -12.0, frame_numbers=[0])


def test_the_second_reception_adds_3_db() -> None:
    content = laplace_content(SIZE)
    combiner = Combiner()
    before = 0.0
    for turn in range(1, 4):
        alone = link(content, 5.0, seed=turn)
        _, together, _ = combiner.add(alone)
        found = snr_db(content, together)
        if turn == 1:
            assert together is alone
            before = found
        # Over seeds this scatters by 0.06 dB.
        assert found - before == pytest.approx(10 * np.log10(turn), abs=0.2)
        assert together.snr_db == pytest.approx(found, abs=0.2)
        assert together.receptions == turn
    assert combiner.stats.as_dict() == {"combined": 2, "conflicts": 0, "evicted": 0}


@pytest.mark.parametrize("es_n0_db", [0.0, 10.0, 30.0])
def test_one_definition_of_the_snr(es_n0_db: float) -> None:
    """Two equal receptions have twice the SNR of one, and one that adds nothing changes nothing."""
    content = laplace_content(SIZE)
    combiner = Combiner()
    alone = link(content, es_n0_db, seed=1)
    assert alone.snr_db == pytest.approx(es_n0_db, abs=0.3)
    combiner.add(alone)
    ((_, kept),) = combiner.contents()
    assert kept.snr_db == pytest.approx(alone.snr_db, abs=0.01)
    _, together, _ = combiner.add(link(content, es_n0_db, seed=2))
    assert together.snr_db - alone.snr_db == pytest.approx(3.01, abs=0.3)
    poor = dataclasses.replace(
        together.received, noise_variance=np.full(SIZE, 1e4, np.float32), symbols=content.symbols
    )
    _, after, _ = combiner.add(dataclasses.replace(alone, received=poor, spreading=None))
    assert after.snr_db == pytest.approx(together.snr_db, abs=0.01)


def test_the_snr_is_that_of_symbols_spread_over_all_that_arrived() -> None:
    received = ideal(size=4096).received
    for good, poor in ((0.1, 0.1), (0.1, 10.0), (0.001, 1.0)):
        received.noise_variance[:2048], received.noise_variance[2048:] = good, poor
        rng = np.random.default_rng(1)
        noise = (rng.normal(size=4096) + 1j * rng.normal(size=4096)) / np.sqrt(2)
        sent = rng.normal(size=4096) + 1j * rng.normal(size=4096)
        sent *= np.sqrt(4096 / np.sum(np.abs(sent) ** 2))
        taken = sent + noise * np.sqrt(received.noise_variance)
        estimate = taken / (1 + received.noise_variance)
        left = np.mean(np.abs(estimate - sent) ** 2)
        assert snr_db_of(received) == pytest.approx(10 * np.log10(1 / left - 1), abs=0.3)
    received.noise_variance[:] = np.inf
    assert snr_db_of(received) == -np.inf


def test_receptions_of_different_quality_are_weighed() -> None:
    content = laplace_content(SIZE)
    combiner = Combiner()
    combiner.add(link(content, 0.0, seed=1))
    _, together, _ = combiner.add(link(content, 15.0, seed=2))
    assert snr_db(content, together) == pytest.approx(10 * np.log10(1 + 10**1.5), abs=0.15)


def test_errors_below_a_links_noise_are_no_conflict() -> None:
    """A cable's reception has less noise than the receiver's own errors."""
    combiner = Combiner()
    combiner.add(ideal(variance=1e-8))
    other = ideal(variance=1e-8, seed=2)
    shifted = dataclasses.replace(other.received, symbols=other.received.symbols * np.exp(0.003j))
    combiner.add(dataclasses.replace(other, received=shifted, spreading=None))
    assert combiner.stats.conflicts == 0


def test_lost_frames_are_filled_by_the_next_turn() -> None:
    content = laplace_content(SIZE)
    combiner = Combiner()
    half = link(content, 10.0, seed=1, lost=(0, 2, 5, 6))
    assert (half.frames_lost, half.frame_numbers) == (4, [1, 3, 4, 7])
    assert half.received.lost.mean() == pytest.approx(0.5, abs=0.001)
    combiner.add(half)
    number, together, _ = combiner.add(link(content, 10.0, seed=2, lost=(1, 2)))
    assert (together.frames_received, together.frames_lost) == (7, 1)
    assert together.received.lost.mean() == pytest.approx(1 / 8, abs=0.001)
    again, together, _ = combiner.add(link(content, 10.0, seed=3))
    assert again == number
    assert together.frames_lost == 0
    assert not together.received.lost.any()
    variance = together.received.noise_variance
    # One, two and three receptions; each frame's noise is measured for itself.
    distance = np.abs(-10 * np.log10(variance)[:, None] - [10.0, 13.0, 14.8])
    assert distance.min(axis=1).max() < 1.2
    assert set(distance.argmin(axis=1)) == {0, 1, 2}


def test_a_lost_frame_is_noise_on_everything_where_symbols_are_spread_over_the_frames() -> None:
    profile = dataclasses.replace(EIGHT, diversity_symbols=32)
    coded = 1000
    content = dataclasses.replace(laplace_content(SIZE), coded_symbols=coded)
    combiner = Combiner()
    lengths = 2 * FrameLayout(SIZE, profile).frame_symbols

    def once(lost: tuple[int, ...], seed: int) -> Reception:
        samples = np.pad(modulate(content, profile).samples, (3000, 9000))
        for frame in lost:
            samples[3000 + frame * lengths : 3000 + (frame + 1) * lengths] = 0
        noisy = awgn(samples, 10.0, seed)
        (reception,) = receive(noisy, BurstReceiver(profile))
        return reception

    one = once((3,), 1)
    spread = SIZE - 960
    received = one.received
    assert one.frames_lost == 1
    assert not received.lost[:spread].any()
    # What is coded has gaps, and its noise only.
    assert received.lost[spread:].mean() == pytest.approx(1 / 8, abs=0.02)
    error = np.abs(received.symbols - content.symbols) ** 2
    power = np.mean(np.abs(content.symbols[:spread]) ** 2)
    # Those that stand out are known, and so disturb the others less.
    assert np.mean(error[:spread]) < 0.1 * 8 / 7 + power / 7
    reported = np.mean(received.noise_variance[:spread])
    assert reported == pytest.approx(np.mean(error[:spread]), rel=0.08)
    arrived = np.flatnonzero(~received.lost[spread:]) + spread
    assert np.mean(error[arrived]) == pytest.approx(0.1, rel=0.15)
    # Two halves make one whole: they are combined before the spreading is undone.
    combiner.add(once((0, 2, 5, 6), 2))
    _, together, _ = combiner.add(once((1, 3, 4, 7), 3))
    assert together.frames_lost == 0
    assert snr_db(content, together) == pytest.approx(10, abs=0.4)
    assert together.snr_db == pytest.approx(10, abs=0.6)


@pytest.mark.parametrize(("size", "coded"), [(5000, 700), (5001, 0), (5031, 1001)])
def test_the_strongest_symbols_are_always_spread(size: int, coded: int) -> None:
    """A picture's coarsest ones come right before the coded symbols; a gap there costs most."""
    left_out = coded // 64 * 64
    for place in (size - coded - 1, size - left_out - 1):
        symbols = np.zeros(size, np.complex64)
        symbols[place] = 10
        coefficients = diversity.spread(symbols, left_out, 32)
        assert np.abs(coefficients).max() == pytest.approx(10 / np.sqrt(32), rel=1e-5)
        exact = np.zeros(size, np.float32) + 1e-9
        found, _ = diversity.despread(coefficients, exact, left_out, 32)
        np.testing.assert_allclose(found, symbols, atol=1e-4)


def test_strong_symbols_of_a_block_do_not_disturb_the_others() -> None:
    """Few symbols have most of the power, as in a picture."""
    rng = np.random.default_rng(1)
    sent = 0.3 * (rng.normal(size=64_000) + 1j * rng.normal(size=64_000))
    sent[rng.integers(0, sent.size, 600)] *= 30
    sent /= np.sqrt(np.mean(np.abs(sent) ** 2))
    noise = rng.normal(size=(2, sent.size)) * np.sqrt(0.05)
    coefficients = diversity.spread(sent.astype(np.complex64), 0, 32) + noise[0] + 1j * noise[1]
    variance = np.full(sent.size, 0.1, np.float32)
    variance[np.arange(sent.size) % 8 == 3] = np.inf
    found, left = diversity.despread(coefficients.astype(np.complex64), variance, 0, 32)
    error = np.abs(found - sent) ** 2
    # Without it: 0.1 * 8/7 of noise and 1/7 of disturbance, 0.257.
    assert np.mean(error) < 0.2
    assert np.mean(left) == pytest.approx(np.mean(error), rel=0.1)


def test_another_description_or_length_under_the_same_id_is_kept_apart() -> None:
    combiner = Combiner()
    first = ideal()
    other = dataclasses.replace(
        first, received=dataclasses.replace(first.received, description=bytes(34) + b"x")
    )
    numbers = [combiner.add(r)[0] for r in (first, other, ideal(size=999), ideal(seed=2))]
    assert numbers == [0, 1, 2, 0]
    assert combiner.stats.as_dict() == {"combined": 1, "conflicts": 2, "evicted": 0}


def test_other_symbols_under_the_same_id_are_kept_apart() -> None:
    combiner = Combiner()
    receptions = [ideal(), ideal(sent_seed=9), ideal(seed=2), ideal(seed=3, sent_seed=9)]
    found = [combiner.add(reception) for reception in receptions]
    assert [number for number, _, _ in found] == [0, 1, 0, 1]
    assert [together.receptions for _, together, _ in found] == [1, 1, 2, 2]
    sent = laplace_content(1000, 9).symbols
    error = np.mean(np.abs(found[3][1].received.symbols - sent) ** 2)
    assert error == pytest.approx(0.05, rel=0.2)


def test_memory_is_bounded_and_the_longest_unheard_goes() -> None:
    combiner = Combiner(most_contents=3)
    for content_id in (1, 2, 3):
        combiner.add(ideal(content_id=content_id))
    combiner.add(ideal(content_id=1, seed=2))
    _, _, evicted = combiner.add(ideal(content_id=4))
    assert [reception.received.content_id for _, reception in evicted] == [2]
    assert [r.received.content_id for _, r in combiner.contents()] == [3, 1, 4]
    small = Combiner(most_bytes=24 * 2500)
    for content_id in range(9):
        small.add(ideal(content_id=content_id))
        assert len(small) <= 2
    assert small.stats.evicted == 7
    # One that is larger than the bound is received all the same.
    large = Combiner(most_bytes=10)
    assert large.add(ideal())[1].receptions == 1


def test_values_that_are_no_numbers_count_for_nothing() -> None:
    combiner = Combiner()
    bad = ideal()
    bad.received.symbols[:10] = np.nan
    bad.received.noise_variance[10:20] = 0
    bad.received.noise_variance[20:30] = np.nan
    combiner.add(bad)
    _, together, _ = combiner.add(ideal(seed=2))
    assert np.all(np.isfinite(together.received.symbols))
    variance = together.received.noise_variance
    np.testing.assert_allclose(variance[:30], 0.1, rtol=1e-5)
    np.testing.assert_allclose(variance[30:], 0.05, rtol=1e-5)
