#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Es/N0 loss of the waveform against ideal noise, by the error of the received symbols.

    python benchmarks/link.py [--symbols 180224] [--bursts 20] [--snr 0 5 10 15 20]
                              [--cfo 0.02] [--sro-ppm 20] [--dc-db -20] [--iq]

Sends Laplace-distributed symbols. Tab-separated: Es/N0, mean loss, standard deviation over the
bursts, mean error of the reported noise variance, frames lost, bursts not received.
"""

from __future__ import annotations

import argparse

import numpy as np

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy import channel
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=180_224)
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--snr", type=float, nargs="+", default=[0, 5, 10, 15, 20])
    parser.add_argument("--cfo", type=float, default=0.0, help="+- this, cycles a symbol")
    parser.add_argument("--sro-ppm", type=float, default=0.0, help="+- this")
    parser.add_argument("--dc-db", type=float, help="DC over the payload")
    parser.add_argument("--iq", action="store_true", help="0.5 dB and 2 degrees of imbalance")
    options = parser.parse_args()
    print("es_n0_db\tloss_db\tstd_db\tvariance_error_db\tframes_lost\tbursts_missed")
    for snr_db in options.snr:
        rows = [measure(options, snr_db, seed) for seed in range(options.bursts)]
        good = np.array([row for row in rows if row is not None])
        means = good.mean(axis=0) if good.size else np.full(3, np.nan)
        std = good[:, 0].std(ddof=1) if len(good) > 1 else float("nan")
        print(
            f"{snr_db:g}\t{means[0]:.3f}\t{std:.3f}\t{means[1]:.3f}\t"
            f"{int(good[:, 2].sum()) if good.size else 0}\t{len(rows) - len(good)}",
            flush=True,
        )


def measure(
    options: argparse.Namespace, snr_db: float, seed: int
) -> tuple[float, float, int] | None:
    """Loss, error of the reported variance, lost frames; None where nothing came."""
    rng = np.random.default_rng(seed)
    symbols = rng.laplace(size=options.symbols) + 1j * rng.laplace(size=options.symbols)
    symbols = (symbols / np.sqrt(np.mean(np.abs(symbols) ** 2))).astype(np.complex64)
    burst = modulate(Content(symbols, bytes(DESCRIPTION_BYTES), seed), payload_rms=PAYLOAD_RMS)
    before = int(rng.integers(2000, 20_000))
    samples = channel.silence(burst.samples, before, 4096)
    delay, ppm = float(rng.random()), float(rng.uniform(-1, 1)) * options.sro_ppm
    if options.sro_ppm:
        samples = channel.sampling_offset(samples, ppm, delay)
    cfo = float(rng.uniform(-1, 1)) * options.cfo
    samples = channel.frequency_offset(samples, cfo / 2, float(rng.uniform(0, 2 * np.pi)))
    samples = channel.awgn(samples, snr_db, PAYLOAD_RMS, seed)
    if options.dc_db is not None:
        samples = channel.dc_offset(samples, PAYLOAD_RMS * 10 ** (options.dc_db / 20))
    if options.iq:
        samples = channel.iq_imbalance(samples, 0.5, 2.0)
    receiver = BurstReceiver()
    receptions = receiver.push(samples) + receiver.flush()
    if len(receptions) != 1:
        return None
    received = receptions[0].received
    arrived = ~received.lost
    error = float(np.mean(np.abs(received.symbols[arrived] - symbols[arrived]) ** 2))
    reported = float(np.mean(received.noise_variance[arrived]))
    return 10 * np.log10(error) + snr_db, 10 * np.log10(reported / error), receptions[0].frames_lost


if __name__ == "__main__":
    main()
