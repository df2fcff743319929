#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near to capacity the repeat-accumulate codes come, over noise and over erasures.

    python benchmarks/code.py [--bits 16416] [--words 50] [--rates 0.15 0.25 ...]

Tab-separated: rate, channel, distance to capacity (dB of Es/N0 for binary symbols in Gaussian
noise; percent of the information that arrives for erasures), words, words in error, ms a word. Each
rate and channel is followed until no word is in error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from math import ceil

import numpy as np
import report
from scipy.optimize import brentq

from implicitjscc import prng
from implicitjscc.codec.modulation import information_per_bit
from implicitjscc.ldpc import RepeatAccumulateCode
from implicitjscc.ldpc_profiles import make_code

GAPS_DB = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0)
EXCESSES_PERCENT = (4, 6, 8, 10, 12, 14, 17, 20, 25, 30)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bits", type=int, default=16_416)
    parser.add_argument("--words", type=int, default=50)
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    )
    options = parser.parse_args()
    print(*report.origin(), sep="\n")
    print("rate\tchannel\tdistance\twords\terrors\tms")
    for rate in options.rates:
        code = make_code(ceil(rate * options.bits), options.bits, 1, prng.Stream.PARAMETER_CODE)
        # A QPSK symbol holds two binary ones: the same Es/N0 a real dimension.
        limit_db = brentq(lambda snr, r=rate: information_per_bit(snr, 2) - r, -20, 15)
        for gap_db in GAPS_DB:
            if not show(code, rate, "noise", gap_db, options.words, noise(limit_db + gap_db)):
                break
        for excess in EXCESSES_PERCENT:
            arriving = rate * (1 + excess / 100)
            if arriving >= 1:
                break
            if not show(code, rate, "erasures", excess, options.words, erasures(1 - arriving)):
                break


def noise(es_n0_db: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Log-likelihood ratios of binary symbols in Gaussian noise."""
    variance = 10 ** (-es_n0_db / 10)

    def receive(signs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return 2 / variance * (signs + rng.standard_normal(signs.size) * variance**0.5)

    return receive


def erasures(part: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Certain bits, some of them lost."""

    def receive(signs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where(rng.random(signs.size) < part, 0, 25 * signs)

    return receive


def show(
    code: RepeatAccumulateCode,
    rate: float,
    channel: str,
    distance: float,
    words: int,
    receive: Callable[[np.ndarray, np.random.Generator], np.ndarray],
) -> int:
    """One row; the words in error."""
    errors, seconds = 0, 0.0
    for seed in range(words):
        rng = np.random.default_rng(seed)
        information = rng.integers(0, 2, code.information_bits).astype(np.uint8)
        llr = receive(1 - 2.0 * code.encode(information), rng)
        began = time.perf_counter()
        decoded, _ = code.decode(llr)
        seconds += time.perf_counter() - began
        errors += not np.array_equal(decoded, information)
    milliseconds = f"{1e3 * seconds / words:.0f}"
    print(rate, channel, distance, words, errors, milliseconds, sep="\t", flush=True)
    return errors


if __name__ == "__main__":
    main()
