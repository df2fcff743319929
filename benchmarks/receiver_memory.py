#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a receiver that is fed for minutes of simulated time; exit status 1 where it grows.

    python benchmarks/receiver_memory.py [--minutes 10] [--sample-rate 2e6]

Bursts, bursts that break off, preambles alone, gaps and noise follow each other at random. One row
for each tenth of the time: samples, traced memory in MiB, peak of the process in MiB, the
receiver's counters.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tracemalloc

import numpy as np
from impaired import PAYLOAD_RMS, awgn, turned

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

MOST_GROWTH_MIB = 2.0
MIB = 1 << 20


def main() -> None:
    """Feed, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sample-rate", type=float, default=2e6)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    pieces = stock(rng)
    receiver = BurstReceiver(sample_rate_hz=options.sample_rate)
    wanted = int(options.minutes * 60 * options.sample_rate)
    held: list[float] = []
    tracemalloc.start()
    print("msamples\ttraced_mib\tprocess_peak_mib\tcounters")
    while receiver.stats.samples < wanted:
        receiver.push(pieces[int(rng.integers(len(pieces)))])
        if rng.random() < 0.1:
            receiver.note_discontinuity()
        if receiver.stats.samples >= wanted * (len(held) + 1) / 10:
            held.append(tracemalloc.get_traced_memory()[0] / MIB)
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            millions = receiver.stats.samples / 1e6
            line = receiver.stats.line()
            print(f"{millions:.1f}\t{held[-1]:.2f}\t{peak_mib:.0f}\t{line}", flush=True)
    half = len(held) // 2
    growth = min(held[half:]) - min(held[:half])
    print(f"# growth of the least memory from the first half to the second: {growth:.3f} MiB")
    sys.exit(growth > MOST_GROWTH_MIB)


def stock(rng: np.random.Generator) -> list[np.ndarray]:
    """Pieces of streams."""
    pieces = []
    for content_id, size in enumerate((300, 5000, 40_000, 180_000)):
        symbols = (rng.laplace(size=size) + 1j * rng.laplace(size=size)) / 2
        content = Content(symbols.astype(np.complex64), bytes(DESCRIPTION_BYTES), content_id)
        samples = modulate(content, payload_rms=PAYLOAD_RMS).samples
        for part in (samples, samples[: samples.size // 2], samples[samples.size // 3 :]):
            noisy = awgn(np.pad(part, 1000), 10.0, content_id)
            pieces.append(turned(noisy, 0.01 * content_id))
    pieces.append(pieces[0][:3000])
    for size in (10_000, 300_000):
        pieces.append(awgn(np.zeros(size, np.complex64), 10.0, size))
    return pieces


if __name__ == "__main__":
    main()
