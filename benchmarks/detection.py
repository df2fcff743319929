#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probability of detection, and false alarms in what is no preamble.

    python benchmarks/detection.py [--bursts 1000] [--snr -8 -5 -2 0] [--msamples 20]
                                   [--signals noise tone ofdm payload dc]

First table: of so many bursts with a frequency offset that is uniform within +-10 % of the symbol
rate, the part that passes the detector, its check by coherent correlation, and the check of the
pilots. Second table: per kind of signal, the false alarms that were counted, and those to be
expected in 10^8 samples by an exponential tail fitted to the statistics above a lower threshold:
an extrapolation. Candidates are the detector's; false alarms are what passes the coherent check
too. The pilots' check, which comes after that, is not counted in.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import report
from impaired import PAYLOAD_RMS, awgn, eight_bits, turned
from scipy.fft import fft, fftfreq, ifft

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.detector import THRESHOLD, ChirpDetector
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.frame_receiver import FrameReceiver
from implicitjscc.phy.transmitter import modulate
from implicitjscc.phy.verification import CHIRP_THRESHOLD, PreambleVerifier

SYMBOLS = 150_000
BEFORE = 3000
RISE = 32  # half a pulse: samples before the first symbol's
TAIL = 100  # so many of the largest statistics fit the tail
Signal = Callable[[np.random.Generator, int], np.ndarray]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bursts", type=int, default=1000)
    parser.add_argument("--snr", type=float, nargs="*", default=[-8, -5, -2, 0])
    parser.add_argument("--msamples", type=float, default=20.0, help="of each signal")
    parser.add_argument("--signals", nargs="*", choices=SIGNALS, default=list(SIGNALS))
    options = parser.parse_args()
    print(*report.origin(), sep="\n")
    if options.snr:
        print("es_n0_db\tbursts\tdetector\tcoherent\tpilots\tcfo_rms_hz_at_1_msymbol_s")
    for snr_db in options.snr:
        print(f"{snr_db:g}\t{options.bursts}\t" + detected(snr_db, options.bursts), flush=True)
    if options.signals:
        print(
            "signal\tmsamples\tcandidates\tfalse_alarms\tcandidates_per_1e8\tlargest_coherent\t"
            "false_alarms_per_1e8\tsearch_msamples_s"
        )
    for name in options.signals:
        print(f"{name}\t" + false_alarms(SIGNALS[name], options.msamples), flush=True)


def burst() -> np.ndarray:
    """A burst of several frames."""
    rng = np.random.default_rng(0)
    symbols = (rng.laplace(size=SYMBOLS) + 1j * rng.laplace(size=SYMBOLS)) / 2
    content = Content(symbols.astype(np.complex64), bytes(DESCRIPTION_BYTES), 1)
    return modulate(content, payload_rms=PAYLOAD_RMS).samples


def detected(snr_db: float, bursts: int) -> str:
    """The part of the bursts that passes each stage."""
    detector, verifier, frames = ChirpDetector(), PreambleVerifier(), FrameReceiver()
    clean = np.pad(burst()[: frames.acquisition_samples + 3000], (BEFORE, 0))
    spectrum, omega = fft(clean), 2 * np.pi * fftfreq(clean.size)
    passed = np.zeros(3, int)
    squares = 0.0
    for seed in range(bursts):
        rng = np.random.default_rng([seed, int(100 + snr_db)])
        delay, cfo = float(rng.random()), float(rng.uniform(-0.1, 0.1))
        samples = ifft(spectrum * np.exp(-1j * omega * delay)).astype(np.complex64)
        samples = turned(samples, cfo / 2, float(rng.uniform(0, 2 * np.pi)))
        samples = awgn(samples, snr_db, int(rng.integers(1 << 31)))
        length = detector.before + detector.block + detector.after
        piece = np.zeros(length, np.complex64)
        piece[detector.before :] = samples[: length - detector.before]
        due = BEFORE + RISE + delay
        found = [d for d in detector.search(piece, 0) if abs(d.time - due) < 8]
        if not found:
            continue
        passed[0] += 1
        if verifier.chirp_metric(samples, 0, found[0]) <= CHIRP_THRESHOLD:
            continue
        passed[1] += 1
        timing = frames.refine(samples, 0, found[0])
        squares += (timing.cfo - cfo) ** 2
        passed[2] += 0 in verifier.frame_numbers(samples, 0, timing)
    rms_hz = 1e6 * np.sqrt(squares / max(int(passed[1]), 1))
    return "\t".join(f"{n / bursts:.4f}" for n in passed) + f"\t{rms_hz:.0f}"


def false_alarms(signal: Signal, msamples: float) -> str:
    """Candidates and false alarms, counted and extrapolated."""
    rng = np.random.default_rng(1)
    detector, verifier = ChirpDetector(), PreambleVerifier()
    length = detector.before + detector.block + detector.after
    lower = ChirpDetector(threshold=0.0)
    peaks = [d.metric for _ in range(40) for d in lower.search(signal(rng, length), 0)]
    # About one in four blocks has something to fit the tail to.
    lower.threshold = float(np.sort(peaks)[-10]) if len(peaks) >= 10 else 0.0
    blocks = int(msamples * 1e6 / detector.block)
    metrics, coherent, seconds = [], [], 0.0
    for _ in range(blocks):
        samples = signal(rng, length)
        began = time.process_time()
        detector.search(samples, 0)
        seconds += time.process_time() - began
        for candidate in lower.search(samples, 0):
            metrics.append(candidate.metric)
            coherent.append(verifier.chirp_metric(samples, -detector.before, candidate))
    total = blocks * detector.block
    first, second = np.array(metrics), np.array(coherent)
    both = int(np.count_nonzero((first > THRESHOLD) & (second > CHIRP_THRESHOLD)))
    rates = [tail(first, THRESHOLD) / total * 1e8, tail(second, CHIRP_THRESHOLD) / total * 1e8]
    return (
        f"{total / 1e6:.1f}\t{np.count_nonzero(first > THRESHOLD)}\t{both}\t{rates[0]:.2g}\t"
        f"{second.max(initial=0):.4f}\t{min(rates):.2g}\t{total / seconds / 1e6:.1f}"
    )


def tail(values: np.ndarray, threshold: float) -> float:
    """How many of the values are to be expected beyond a threshold."""
    if values.size <= TAIL:
        return float("nan")
    ordered = np.sort(values)
    begin = ordered[-TAIL - 1]
    if threshold <= begin:
        return float(np.count_nonzero(values > threshold))
    return float(TAIL * np.exp(-(threshold - begin) / np.mean(ordered[-TAIL:] - begin)))


def noise(rng: np.random.Generator, size: int) -> np.ndarray:
    """White."""
    return rng.standard_normal(2 * size, dtype=np.float32).view(np.complex64)


def tone(rng: np.random.Generator, size: int) -> np.ndarray:
    """Of any frequency, 20 dB over white noise."""
    carrier = np.full(size, 10 * np.sqrt(2), np.complex64)
    return turned(carrier, float(rng.uniform(-0.5, 0.5))) + noise(rng, size)


def ofdm(rng: np.random.Generator, size: int) -> np.ndarray:
    """QPSK on 600 of 1,024 carriers, cyclic prefix 72, 20 dB over white noise."""
    count = size // 1096 + 2
    grid = np.zeros((count, 1024), np.complex64)
    used = np.r_[1:301, 724:1024]
    bits = rng.integers(0, 2, (2, count, used.size), dtype=np.int8) * 2 - 1
    grid[:, used] = bits[0] + 1j * bits[1]
    symbols = ifft(grid, axis=1) * np.float32(10 * np.sqrt(1024))
    stream = np.concatenate((symbols[:, -72:], symbols), axis=1).reshape(-1)
    first = int(rng.integers(0, 1096))
    return stream[first : first + size].astype(np.complex64) + noise(rng, size)


class Payload:
    """Our own bursts between their preambles, 20 dB over the noise, any frequency offset."""

    def __init__(self) -> None:
        self._body: np.ndarray | None = None

    def __call__(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """So many samples."""
        if self._body is None:
            length = 2 * FrameLayout(SYMBOLS).frame_symbols
            samples = burst()
            starts = range(0, samples.size - length, length)
            self._body = np.concatenate([samples[n + 1160 : n + length] for n in starts])
        first = int(rng.integers(0, self._body.size - size))
        moved = turned(
            self._body[first : first + size],
            float(rng.uniform(-0.05, 0.05)),
            float(rng.uniform(0, 2 * np.pi)),
        )
        return awgn(moved, 20.0, int(rng.integers(1 << 31)))


def dc_spike(rng: np.random.Generator, size: int) -> np.ndarray:
    """A third of a step of noise and three steps of DC, rounded to 8 bits."""
    weak = noise(rng, size) * np.float32(0.33 / 128) + np.complex64((3 + 2j) / 128)
    return eight_bits(weak)


SIGNALS: dict[str, Signal] = {
    "noise": noise,
    "tone": tone,
    "ofdm": ofdm,
    "payload": Payload(),
    "dc": dc_spike,
}


if __name__ == "__main__":
    main()
