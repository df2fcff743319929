# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stream can cost a receiver: memory, and work."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from implicitjscc.content import DESCRIPTION_BYTES
from implicitjscc.phy.detector import ChirpDetector, Detection
from implicitjscc.phy.frame import (
    MAXIMUM_PAYLOAD_SYMBOLS,
    FrameLayout,
    chirps,
    filler_symbols,
    pilot_symbols,
)
from implicitjscc.phy.frame_receiver import FrameReceiver
from implicitjscc.phy.header import Header
from implicitjscc.phy.header_symbols import header_symbols
from implicitjscc.phy.interleaver import Interleaver
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.pulse import root_raised_cosine
from implicitjscc.phy.receiver import MOST_RETAINED, BurstReceiver
from implicitjscc.phy.sample_buffer import SampleBuffer
from implicitjscc.phy.transmitter import modulate
from implicitjscc.phy.verification import PreambleVerifier
from implicitjscc.phy.work_budget import MOST_SAVED_MS, SAMPLES_PER_MS, WorkBudget

from .conftest import PAYLOAD_RMS, awgn, laplace_content, receive, send

MIB = 1 << 20


def shaped(symbols: np.ndarray) -> np.ndarray:
    """Samples of the link's usual level."""
    taps = root_raised_cosine(STANDARD.rolloff, STANDARD.span_symbols, STANDARD.samples_per_symbol)
    stretched = np.zeros(symbols.size * STANDARD.samples_per_symbol, np.complex64)
    stretched[:: STANDARD.samples_per_symbol] = symbols
    scale = PAYLOAD_RMS * np.sqrt(STANDARD.samples_per_symbol)
    return (np.convolve(stretched, taps) * scale).astype(np.complex64)


def largest_content() -> np.ndarray:
    """The first frame of a content of 8,000,000 symbols."""
    layout = FrameLayout(MAXIMUM_PAYLOAD_SYMBOLS)
    header = Header(1, MAXIMUM_PAYLOAD_SYMBOLS, bytes(DESCRIPTION_BYTES))
    frame = np.zeros(layout.frame_symbols, np.complex64)
    frame[: STANDARD.preamble_symbols] = chirps()
    share = slice(STANDARD.preamble_symbols, STANDARD.preamble_symbols + STANDARD.header_symbols)
    frame[share] = header_symbols(header, 0, STANDARD.header_symbols)
    frame[layout.slot_positions()] = filler_symbols(0, layout.slots)
    frame[layout.pilot_positions()] = pilot_symbols(0, layout.pilots)
    return np.pad(shaped(frame), 3000)


def test_a_claim_of_8_million_symbols() -> None:
    """Nothing is allocated by it before a frame has come, and then no more than is delivered."""
    samples = awgn(largest_content(), 25.0, seed=1)
    receive(send(laplace_content(300), 20.0))  # what is made once
    tracemalloc.start()
    receiver = BurstReceiver()
    assert receiver.push(samples[:40_000]) == []
    assert receiver._follower is not None
    assert receiver._follower.layout.payload_symbols == MAXIMUM_PAYLOAD_SYMBOLS
    _, before = tracemalloc.get_traced_memory()
    receptions = receiver.push(samples[40_000:]) + receiver.flush()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert before < 24 * MIB
    assert [r.frames_received for r in receptions] == [1]
    # 12 bytes a symbol are delivered; undoing the spreading over the frames takes the others.
    assert peak < (44 * MAXIMUM_PAYLOAD_SYMBOLS) + 90 * MIB


def test_memory_stays_flat() -> None:
    """Bursts, bursts that break off, lone preambles and noise, again and again."""
    burst = send(laplace_content(40_000), 10.0)
    round_ = np.concatenate(
        (
            burst,
            awgn(np.zeros(200_000, np.complex64), 10.0, seed=1),
            burst[: burst.size // 2],
            np.pad(shaped(chirps()), 3000),
            np.zeros(100_000, np.complex64),
        )
    )
    receiver = BurstReceiver()
    receiver.push(round_)
    sizes = []
    tracemalloc.start()
    for _ in range(5):
        receiver.push(round_)
        receiver.note_discontinuity()
        sizes.append(tracemalloc.get_traced_memory()[0])
        assert receiver.retained_samples <= MOST_RETAINED
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes[-1] < sizes[1] + MIB
    assert peak < 48 * MIB


def test_discontinuities_without_samples_are_bounded() -> None:
    receiver = BurstReceiver()
    tracemalloc.start()
    for _ in range(20_000):
        receiver.note_discontinuity()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert receiver.stats.discontinuities == 20_000
    assert held < MIB


def test_appending_costs_by_what_is_appended() -> None:
    """Each sample is moved about twice, however small the pieces and however much is kept."""
    buffer = SampleBuffer()
    moved = 0
    for n in range(4000):
        before = buffer._memory
        buffer.append(np.full(256, n, np.complex64))
        if buffer._memory is not before:
            moved += buffer.end - buffer.start
        buffer.forget_before(buffer.end - 300_000)
    assert moved < 3 * buffer.end
    assert buffer.capacity <= 4 * 300_000
    piece, first = buffer.existing(buffer.end - 300, 1000)
    assert first == buffer.end - 300
    assert piece.tolist() == [3998.0] * 44 + [3999.0] * 256
    assert buffer.piece(buffer.end - 1, 3).tolist() == [3999.0, 0.0, 0.0]
    assert buffer.piece(-5, 2).tolist() == [0.0, 0.0]


def test_the_interleaver_of_the_largest_content_takes_little() -> None:
    layout = FrameLayout(MAXIMUM_PAYLOAD_SYMBOLS)
    tracemalloc.start()
    interleaver = Interleaver(layout)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2 * MAXIMUM_PAYLOAD_SYMBOLS + MIB
    assert peak < 64 * MIB
    sources = np.concatenate([interleaver.sources(n)[:50] for n in (0, 100, layout.frames - 1)])
    assert np.unique(sources).size == sources.size


def test_chirps_without_a_frame_are_no_content() -> None:
    """A stream full of preambles: each is looked at once, and cheaply."""
    lone = np.pad(shaped(chirps()), (0, 3000))
    samples = awgn(np.tile(lone, 60), 10.0, seed=4)
    receiver = BurstReceiver()
    assert receive(samples, receiver) == []
    stats = receiver.stats
    assert stats.preambles == 60
    assert stats.headers_good == stats.bursts == 0
    assert stats.header_errors == 60


def test_work_is_bounded_by_samples() -> None:
    budget = WorkBudget()
    done = 0
    while budget.spend(7):
        done += 1
    assert done == int(MOST_SAVED_MS // 7)
    assert budget.refused == 1
    budget.earn(14 * SAMPLES_PER_MS)
    assert [budget.spend(7) for _ in range(4)].count(True) == 2
    budget.earn(1 << 40)
    assert budget.spend(MOST_SAVED_MS)
    assert not budget.spend(1)


def test_a_receiver_out_of_budget_refuses_and_recovers() -> None:
    receiver = BurstReceiver()
    while receiver._budget.spend(0.5):
        pass
    burst = send(laplace_content(300), 15.0)
    assert receiver.push(burst[:5000]) == []
    silence = np.zeros(int(MOST_SAVED_MS * SAMPLES_PER_MS), np.complex64)
    receiver.push(silence)
    assert len(receiver.push(burst) + receiver.flush()) == 1
    assert receiver.stats.work_refused > 0


@pytest.mark.parametrize("es_n0_db", [-5.0, 10.0])
def test_verification(es_n0_db: float) -> None:
    """Pilots tell the frame's number, chirps stand out; noise has neither."""
    verifier = PreambleVerifier()
    content = laplace_content(70_000)
    samples = send(content, es_n0_db, before=5000, cfo=0.03)
    length = 2 * FrameLayout(70_000).frame_symbols
    detector = ChirpDetector()
    for number, start in enumerate((5032, 5032 + length)):
        origin = start - 3000
        piece = np.zeros(detector.before + detector.block + detector.after, np.complex64)
        piece[detector.before :] = samples[origin:][: piece.size - detector.before]
        found = max(detector.search(piece, 0), key=lambda candidate: candidate.metric)
        assert found.time == pytest.approx(3000, abs=3)
        metric = verifier.chirp_metric(samples[origin:], 0, found)
        snr = 10 ** (es_n0_db / 10)
        assert metric == pytest.approx(snr / (1 + snr), abs=0.07)
        timing = FrameReceiver().refine(samples[origin:], 0, found)
        assert verifier.frame_numbers(samples[origin:], 0, timing)[0] == number
        nowhere = Detection(6000.0, found.cfo, 0.1)
        assert verifier.chirp_metric(samples[origin:], 0, nowhere) < 0.06
        timing = FrameReceiver().refine(samples[origin:], 0, nowhere)
        assert verifier.frame_numbers(samples[origin:], 0, timing) == []


def test_a_burst_of_one_short_frame_is_found() -> None:
    samples = awgn(np.pad(modulate(laplace_content(1)).samples, 3000), 0.0, seed=1)
    assert len(receive(samples)) == 1
