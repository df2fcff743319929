# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams as radios bring them: samples missing or too many, bursts cut, overlapping, mixed."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import pytest

from implicitjscc.content import Content
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.receiver import BurstReceiver, Reception
from implicitjscc.phy.transmitter import modulate

from . import conftest
from .conftest import PLAIN, awgn, laplace_content, turned

SIZE = 70_000  # three frames
BEFORE = 5000
LENGTH = 2 * FrameLayout(SIZE).frame_symbols
FRAMES = 3


def send(content: Content, es_n0_db: float | None, **choice: Any) -> np.ndarray:
    """A burst whose frames stand for themselves."""
    return conftest.send(content, es_n0_db, profile=PLAIN, **choice)


def receive(samples: np.ndarray, receiver: BurstReceiver | None = None) -> list[Reception]:
    """What a receiver of such bursts finds."""
    return conftest.receive(samples, receiver or BurstReceiver(PLAIN))


def noisy(samples: np.ndarray, es_n0_db: float, seed: int = 3) -> np.ndarray:
    """Ideal noise."""
    return awgn(samples.astype(np.complex64), es_n0_db, seed=seed)


def lost_frames(reception: Reception) -> float:
    """How many frames' worth of symbols is lost."""
    frames = reception.frames_received + reception.frames_lost
    return float(reception.received.lost.mean()) * frames


def error_db(content: Content, reception: Reception) -> float:
    """Mean squared error of what has arrived, and what the receiver says it is."""
    arrived = ~reception.received.lost
    error = reception.received.symbols[arrived] - content.symbols[arrived]
    return float(10 * np.log10(np.mean(np.abs(error) ** 2)))


@pytest.mark.parametrize("es_n0_db", [0.0, 20.0])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("missing", [40, 6000])
def test_dropped_samples_cost_their_share(place: float, missing: int, es_n0_db: float) -> None:
    content = laplace_content(SIZE)
    samples = send(content, None, before=BEFORE, cfo=0.01)
    at = BEFORE + LENGTH + int(place * LENGTH)
    at = min(at, BEFORE + 2 * LENGTH - missing)
    receiver = BurstReceiver(PLAIN)
    (reception,) = receive(noisy(np.delete(samples, slice(at, at + missing)), es_n0_db), receiver)
    assert reception.frames_received == FRAMES
    assert receiver.stats.discontinuities == 1
    # What is missing, and some pilots' distances for not knowing exactly where.
    assert lost_frames(reception) < missing / LENGTH + 0.06
    assert error_db(content, reception) == pytest.approx(-es_n0_db, abs=0.3)
    assert abs(reception.sro_ppm) < 3


@pytest.mark.parametrize("inserted", [500, 20_000, 40_000])
def test_inserted_silence(inserted: int) -> None:
    """A transmitter that ran out of samples: the rest of its burst comes late."""
    content = laplace_content(SIZE)
    at = BEFORE + LENGTH + LENGTH // 3
    samples = np.insert(send(content, None, before=BEFORE), at, np.zeros(inserted))
    receiver = BurstReceiver(PLAIN)
    (reception,) = receive(noisy(samples, 10.0), receiver)
    assert receiver.stats.discontinuities == 1
    assert reception.frames_received == FRAMES
    assert lost_frames(reception) < 0.04
    assert error_db(content, reception) == pytest.approx(-10, abs=0.3)


def test_zeros_in_the_place_of_missing_samples() -> None:
    content = laplace_content(SIZE)
    samples = send(content, 10.0, before=BEFORE)
    at = BEFORE + LENGTH + LENGTH // 3
    samples[at : at + 9000] = 0
    samples[at + 20_000 : at + 20_300] = np.nan
    (reception,) = receive(samples)
    assert (reception.frames_received, reception.frames_partial) == (FRAMES, 1)
    assert lost_frames(reception) == pytest.approx(9300 / LENGTH, abs=0.02)
    assert error_db(content, reception) == pytest.approx(-10, abs=0.3)


def test_a_preamble_among_the_missing_samples() -> None:
    content = laplace_content(SIZE)
    at = BEFORE + LENGTH - 700
    samples = np.delete(send(content, None, before=BEFORE), slice(at, at + 1000))
    (reception,) = receive(noisy(samples, 20.0))
    assert reception.frames_received == FRAMES
    assert lost_frames(reception) < 0.06
    assert error_db(content, reception) == pytest.approx(-20, abs=0.3)


def test_more_than_a_frame_is_missing() -> None:
    content = laplace_content(SIZE)
    at, missing = BEFORE + LENGTH // 3, int(1.5 * LENGTH)
    samples = np.delete(send(content, None, before=BEFORE), slice(at, at + missing))
    (reception,) = receive(noisy(samples, 10.0))
    # The beginning of the first, the end of the second, and the third.
    assert (reception.frames_received, reception.frames_partial) == (3, 2)
    assert lost_frames(reception) == pytest.approx(1.5, abs=0.05)
    assert error_db(content, reception) == pytest.approx(-10, abs=0.3)


def test_a_discontinuity_that_the_radio_reports_is_counted_once() -> None:
    content = laplace_content(SIZE)
    at, missing = BEFORE + LENGTH // 2, 4000
    samples = np.delete(send(content, None, before=BEFORE), slice(at, at + missing))
    samples = noisy(samples, 10.0)
    receiver = BurstReceiver(PLAIN)
    receptions = receiver.push(samples[:at])
    receiver.note_discontinuity()
    receptions += receiver.push(samples[at:]) + receiver.flush()
    assert receiver.stats.discontinuities == 1
    assert lost_frames(receptions[0]) < missing / LENGTH + 0.03
    # One that nothing is lost by costs nothing.
    whole = send(content, 10.0, before=BEFORE)
    receptions = receiver.push(whole[:at])
    receiver.note_discontinuity()
    receptions += receiver.push(whole[at:]) + receiver.flush()
    assert lost_frames(receptions[0]) == 0


def test_a_receiver_that_starts_in_mid_burst_takes_the_end_of_that_frame_too() -> None:
    content = laplace_content(SIZE)
    samples = send(content, 15.0, before=BEFORE)[BEFORE + LENGTH // 2 :]
    (reception,) = receive(samples)
    assert (reception.frames_received, reception.frames_partial) == (3, 1)
    assert lost_frames(reception) == pytest.approx(0.5, abs=0.02)
    assert error_db(content, reception) == pytest.approx(-15, abs=0.3)


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_a_burst_that_breaks_off(frame: int) -> None:
    """Noise follows; not a symbol of it is taken for payload."""
    content = laplace_content(SIZE)
    clean = send(content, None, before=BEFORE)
    clean[BEFORE + frame * LENGTH + LENGTH // 2 :] = 0
    (reception,) = receive(noisy(np.pad(clean, (0, 40_000)), 10.0))
    assert lost_frames(reception) == pytest.approx(FRAMES - frame - 0.5, abs=0.06)
    assert error_db(content, reception) == pytest.approx(-10, abs=0.4)


@pytest.mark.parametrize("second_db", [-12.0, 12.0])
def test_of_two_overlapping_bursts_the_stronger_comes_through(second_db: float) -> None:
    contents = [laplace_content(SIZE, seed=n, content_id=n) for n in (1, 2)]
    first, second = (modulate(content, PLAIN).samples for content in contents)
    samples = np.zeros(first.size + LENGTH, np.complex64)
    samples[: first.size] = first
    second = turned(second * np.float32(10 ** (second_db / 20)), 0.01)
    at = LENGTH + LENGTH // 3
    samples[at : at + second.size] += second[: samples.size - at]
    noise_db = 20.0 + min(second_db, 0)
    receiver = BurstReceiver(PLAIN)
    receptions = receive(noisy(np.pad(samples, 3000), noise_db + 10), receiver)
    received = {r.received.content_id: r for r in receptions}
    if second_db < 0:
        assert received[1].frames_received == 3
        assert np.abs(error_db(contents[0], received[1])) > 11
    else:
        assert received[1].frames_received >= 1
        assert lost_frames(received[2]) < 0.7  # what lies behind the stream's end
        assert error_db(contents[1], received[2]) < -10


def test_contents_that_take_turns_are_kept_apart() -> None:
    contents = [laplace_content(size, seed=size, content_id=size) for size in (3000, 40_000, 700)]
    order = [0, 1, 2, 0, 2, 1]
    bursts = [np.pad(modulate(contents[n], PLAIN).samples, (0, 500 * n)) for n in order]
    receptions = receive(noisy(np.pad(np.concatenate(bursts), 3000), 10.0))
    assert [r.received.content_id for r in receptions] == [contents[n].content_id for n in order]
    for n, reception in zip(order, receptions, strict=True):
        assert lost_frames(reception) == 0
        assert error_db(contents[n], reception) == pytest.approx(-10, abs=0.5)


def test_counters_are_json_and_a_line(caplog: pytest.LogCaptureFixture) -> None:
    content = laplace_content(3000)
    receiver = BurstReceiver(PLAIN, sample_rate_hz=10_000.0)
    json.dumps(receiver.stats.as_dict())
    with caplog.at_level(logging.INFO):
        loud = send(content, 20.0, gain_db=6.0, after=300_000).view(np.float32)
        loud = np.clip(np.rint(loud * 128) / 128, -1, 127 / 128).astype(np.float32)
        loud = loud.view(np.complex64)
        receiver.push(loud)
        receiver.flush()
    counters = json.loads(json.dumps(receiver.stats.as_dict()))
    assert counters["bursts"] == counters["preambles"] == counters["headers_good"] == 1
    assert counters["frames_received"] == counters["contents"] == 1
    full = (np.abs(loud.real) >= 127 / 128) | (np.abs(loud.imag) >= 127 / 128)
    assert counters["clipped_samples"] == np.count_nonzero(full) > 0
    assert counters["last_snr_db"] == pytest.approx(20, abs=2)
    lines = [r.getMessage() for r in caplog.records if "Msamples" in r.getMessage()]
    # Each piece of 131,072 samples is more than 10 seconds at this rate.
    assert len(lines) == 2
    assert "1 bursts" in lines[-1]
    assert "clipped" in lines[-1]
