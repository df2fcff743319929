#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a content's header cannot be read, by the number of its frames and Es/N0.

    python benchmarks/header.py [--frames 8 4 2 1] [--snr -5 -6 -7] [--trials 200] [--ideal]
                                [--first-seed 0] [--late 0] [--no-costs]

Frames are cut short behind their pilots that tell the frame number: their payload plays no part,
and time is saved. Each is acquired from samples, with random frequency and phase, from its
preamble's own detection. Then two rows more: the cost of false preambles in milliseconds each.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import report
from impaired import PAYLOAD_RMS, awgn, turned

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.detector import ChirpDetector, Detection
from implicitjscc.phy.frame import FrameLayout, extra_header_slots
from implicitjscc.phy.frame_receiver import Acquisition, FrameReceiver
from implicitjscc.phy.header import Header, HeaderError
from implicitjscc.phy.header_code import CODE_BITS
from implicitjscc.phy.header_search import HeaderSearch, Preamble
from implicitjscc.phy.header_symbols import add_log_likelihoods, decode_header, header_symbols
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate
from implicitjscc.phy.verification import PreambleVerifier

BEFORE = 3000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[8, 4, 2, 1])
    parser.add_argument("--snr", type=float, nargs="+", default=[-5, -6, -7])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0, help="of the trials")
    parser.add_argument("--late", type=int, default=0, help="frames that a receiver missed")
    parser.add_argument(
        "--ideal", action="store_true", help="ideal synchronisation: the code alone, all frames"
    )
    parser.add_argument("--no-costs", action="store_true", help="without the two last rows")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.trials)
    print(*report.origin(), sep="\n")
    if options.ideal:
        print("frames\tes_n0_db\ttrials\tnot_read")
        for frames in options.frames:
            for snr_db in options.snr:
                failed = sum(not ideal(frames, snr_db, seed) for seed in seeds)
                print(f"{frames}\t{snr_db:g}\t{options.trials}\t{failed}", flush=True)
        return
    print("frames\tes_n0_db\ttrials\tnot_read\tmedian_frames_needed")
    for frames in options.frames:
        burst = Frames(frames)
        for snr_db in options.snr:
            needed = [burst.frames_needed(snr_db, seed, options.late) for seed in seeds]
            read = [n for n in needed if n is not None]
            median = f"{np.median(read):g}" if read else "-"
            failed = len(needed) - len(read)
            print(f"{frames}\t{snr_db:g}\t{len(needed)}\t{failed}\t{median}", flush=True)
    if options.no_costs:
        return
    for what, cost_ms in false_preambles():
        print(f"# {what}: {cost_ms:.1f} ms each")


class Frames:
    """The beginnings of all frames of one content, as samples."""

    def __init__(self, frames: int) -> None:
        size = frames * STANDARD.payload_symbols if frames > 1 else 12_000
        rng = np.random.default_rng(0)
        symbols = (rng.laplace(size=size) + 1j * rng.laplace(size=size)) / 2
        description = rng.bytes(DESCRIPTION_BYTES)
        self.content = Content(symbols.astype(np.complex64), description, 0x1234ABCD)
        self.layout = FrameLayout(size)
        self.receiver = FrameReceiver()
        self.verifier = PreambleVerifier()
        self.detector = ChirpDetector()
        sps = STANDARD.samples_per_symbol
        self.length = self.layout.frame_symbols * sps
        samples = modulate(self.content, payload_rms=PAYLOAD_RMS).samples
        taken = self.receiver.acquisition_samples + 2000
        self.beginnings = [samples[n * self.length :][:taken] for n in range(frames)]

    def frames_needed(self, snr_db: float, seed: int, late: int) -> int | None:
        """After how many frames the header is known; None where all are not enough."""
        rng = np.random.default_rng([seed, self.layout.frames])
        search, pending = HeaderSearch(), []
        cfo = float(rng.uniform(-0.1, 0.1))
        for number, beginning in enumerate(self.beginnings[late:], late):
            origin = number * self.length
            samples = np.pad(beginning, (BEFORE, 0))
            phase = float(rng.uniform(0, 2 * np.pi))
            samples = turned(samples, cfo / 2, phase)
            samples = awgn(samples, snr_db, int(rng.integers(1 << 31)))
            detection = self.detect(samples)
            if detection is None:
                continue
            timing = self.receiver.refine(samples, 0, detection)
            numbers = self.verifier.frame_numbers(samples, 0, timing)
            try:
                acquired = self.receiver.acquire(samples, 0, detection, numbers)
            except np.linalg.LinAlgError:
                continue
            moved = [_moved(acquisition, origin) for acquisition in acquired]
            place = Detection(detection.time + origin, detection.cfo, detection.metric)
            pending.append(Preamble(place, moved))
            found = search.find(pending) if moved else None
            if found is not None:
                return number - late + 1 if found.header.content_id == 0x1234ABCD else None
        return None

    def detect(self, samples: np.ndarray) -> Detection | None:
        """The preamble, as the search finds it."""
        detector = self.detector
        length = detector.before + detector.block + detector.after
        piece = np.zeros(length, np.complex64)
        piece[detector.before :] = samples[: length - detector.before]
        found = [d for d in detector.search(piece, 0) if abs(d.time - BEFORE) < 100]
        return found[0] if found else None


def ideal(frames: int, snr_db: float, seed: int) -> bool:
    """Whether a header is read from symbols whose gain and noise are known."""
    rng = np.random.default_rng([seed, frames])
    header = Header(int(rng.integers(1 << 32)), 10_000, rng.bytes(DESCRIPTION_BYTES))
    count = STANDARD.header_symbols + extra_header_slots(frames)
    variance = 10 ** (-snr_db / 10)
    llr = np.zeros(CODE_BITS)
    for frame in range(frames):
        noise = rng.standard_normal(2 * count).view(np.complex128) * np.sqrt(variance / 2)
        symbols = (header_symbols(header, frame, count) + noise).astype(np.complex64)
        add_log_likelihoods(llr, symbols, variance, frame, count)
    try:
        return decode_header(llr) == header
    except HeaderError:
        return False


def _moved(acquisition: Acquisition, origin: int) -> Acquisition:
    """To its frame's place in the stream."""
    timing = acquisition.timing
    return replace(acquisition, timing=replace(timing, start=timing.start + origin))


def false_preambles() -> list[tuple[str, float]]:
    """Milliseconds that chirps without a frame cost, and frames with an unreadable header."""
    samples = modulate(Frames(1).content, payload_rms=PAYLOAD_RMS).samples
    chirps = samples[: 2 * STANDARD.preamble_symbols]
    rng = np.random.default_rng(1)
    lone = np.concatenate([np.pad(chirps, (0, 6000)) for _ in range(40)])
    frames = samples.copy()
    frames[1100:1830] = np.roll(frames[1100:1830], 301)
    frames[1960:5200] = frames[1960:5200][::-1]
    broken = np.concatenate([frames[:24_000] for _ in range(40)])
    costs = []
    for what, stream in (
        ("preamble without a frame", lone),
        ("frame with a broken header", broken),
    ):
        noisy = awgn(stream, 5.0, int(rng.integers(1 << 31)))
        empty = awgn(np.zeros_like(stream), 5.0, 2)
        costs.append((what, (seconds(noisy) - seconds(empty)) / 40 * 1e3))
    return costs


def seconds(samples: np.ndarray) -> float:
    """Processor time of a receiver over some samples."""
    receiver = BurstReceiver()
    began = time.process_time()
    receiver.push(samples)
    receiver.flush()
    return time.process_time() - began


if __name__ == "__main__":
    main()
