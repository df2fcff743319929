#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a receiver that is fed for minutes of simulated time; exit status 1 where it grows.

    python benchmarks/receiver_memory.py [--minutes 10] [--sample-rate 200e3] [--busy 0.1]

Bursts, bursts that break off and preambles alone follow each other at random, with gaps in
between, fresh noise or digital silence for the rest of the time. One row for each tenth of the
time: minutes, samples, samples that the receiver keeps, traced memory and peak of the process in
MiB, the receiver's counters. Memory is traced throughout, which halves the receiver's speed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import report
from impaired import PAYLOAD_RMS, awgn, turned

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

MOST_GROWTH_MIB = 1.0
MIB = 1 << 20
SNR_DB = 10.0
PIECE = 1 << 16  # samples of a pause at a time
ROWS = 10


def main() -> None:
    """Feed, print, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sample-rate", type=float, default=200e3)
    parser.add_argument("--busy", type=float, default=0.1, help="part of the time with signals")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    pieces = stock(rng)
    receiver = BurstReceiver(sample_rate_hz=options.sample_rate)
    wanted = int(options.minutes * 60 * options.sample_rate)
    print(*report.origin(), sep="\n")
    print("minutes\tmsamples\tkept_samples\ttraced_mib\tprocess_peak_mib\tcounters")
    held: list[float] = []
    began = time.monotonic()
    tracemalloc.start()
    for samples in stream(pieces, options.busy, rng):
        receiver.push(samples)
        if rng.random() < 0.05:
            receiver.note_discontinuity()
        taken = receiver.stats.samples
        if taken < wanted * (len(held) + 1) / ROWS:
            continue
        held.append(tracemalloc.get_traced_memory()[0] / MIB)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        minutes = f"{taken / options.sample_rate / 60:.2f}"
        memory = f"{receiver.retained_samples}\t{held[-1]:.2f}\t{peak_mib:.0f}"
        print(f"{minutes}\t{taken / 1e6:.1f}\t{memory}\t{receiver.stats.line()}", flush=True)
        if taken >= wanted:
            break
    half = len(held) // 2
    growth = min(held[half:]) - min(held[:half])
    print(f"# growth of the least memory from the first half to the second: {growth:.3f} MiB")
    print(f"# took {time.monotonic() - began:.0f} s")
    sys.exit(growth > MOST_GROWTH_MIB)


def stream(pieces: list[np.ndarray], busy: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Pieces at random, for ever, with pauses of exponential length."""
    mean = sum(piece.size for piece in pieces) / len(pieces) * (1 - busy) / busy
    while True:
        yield pieces[int(rng.integers(len(pieces)))]
        left, silent = int(rng.exponential(mean)), rng.random() < 0.5
        while left:
            size = min(left, PIECE)
            left -= size
            nothing = np.zeros(size, np.complex64)
            yield nothing if silent else awgn(nothing, SNR_DB, int(rng.integers(1 << 31)))


def stock(rng: np.random.Generator) -> list[np.ndarray]:
    """Bursts of 1 to 6 frames, whole, cut off and begun late, and a preamble alone."""
    pieces = []
    for content_id, size in enumerate((300, 5000, 40_000, 180_000)):
        symbols = (rng.laplace(size=size) + 1j * rng.laplace(size=size)) / 2
        content = Content(symbols.astype(np.complex64), bytes(DESCRIPTION_BYTES), content_id)
        samples = modulate(content, payload_rms=PAYLOAD_RMS).samples
        for part in (samples, samples[: samples.size // 2], samples[samples.size // 3 :]):
            noisy = awgn(np.pad(part, 1000), SNR_DB, content_id)
            pieces.append(turned(noisy, 0.01 * content_id))
    pieces.append(pieces[0][:3000])
    return pieces


if __name__ == "__main__":
    main()
