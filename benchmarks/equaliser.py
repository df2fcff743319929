#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Es/N0 loss of the receiver through echoes or a flat channel, all impairments on.

    python benchmarks/equaliser.py [--levels-db -6 -10 | --flat] [--channels 12]
                                   [--snr 0 5 10 15 20] [--linewidth-hz 1] [--sro-ppm 60]

Each channel is one burst of Laplace-distributed symbols through: echoes of random delay and phase,
CFO +-10 % of the symbol rate, sampling offset tied to it (+-40 ppm) or independent, fractional
delay, Wiener phase noise at 1 Msymbol/s, noise, DC at -20 dBc, receiver IQ imbalance of 0.5 dB and
2 degrees, 8 bits at -12 dBFS. Tab-separated: Es/N0; mean loss; mean bound, which is that of the
unbiased infinite MMSE linear equaliser of the same channels; mean and worst distance between the
two; mean error of the reported noise variance; frames lost; bursts not received.
"""

from __future__ import annotations

import argparse

import numpy as np

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy import channel
from implicitjscc.phy.echoes import Echoes, random_echoes
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25
LARGEST_CFO = 0.1
TIED_SRO_PPM = 40.0
SAMPLE_RATE_HZ = 2e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels-db", type=float, nargs="+", default=[-6.0, -10.0])
    parser.add_argument("--flat", action="store_true", help="no echoes")
    parser.add_argument("--channels", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="of the first channel")
    parser.add_argument("--symbols", type=int, default=180_224)
    parser.add_argument("--snr", type=float, nargs="+", default=[0, 5, 10, 15, 20])
    parser.add_argument("--linewidth-hz", type=float, default=1.0)
    parser.add_argument("--sro-ppm", type=float, help="+- this, independent of the CFO")
    parser.add_argument("--tx-iq", action="store_true", help="at the transmitter, too")
    options = parser.parse_args()
    rows: dict[float, list[list[float] | None]] = {snr_db: [] for snr_db in options.snr}
    for seed in range(options.seed, options.seed + options.channels):
        symbols, clean, echoes = burst(options, seed)
        for snr_db in options.snr:
            rows[snr_db].append(measure(symbols, clean, echoes, snr_db, seed))
    print("es_n0_db\tloss_db\tbound_db\tmean_distance_db\tworst_distance_db\t", end="")
    print("variance_error_db\tframes_lost\tbursts_missed")
    for snr_db, results in rows.items():
        good = np.array([row for row in results if row is not None]).reshape(-1, 4)
        if not good.size:
            print(f"{snr_db:g}" + "\tnan" * 5 + f"\t0\t{len(results)}")
            continue
        distance = good[:, 0] - good[:, 1]
        means = good.mean(axis=0)
        print(
            f"{snr_db:g}\t{means[0]:.3f}\t{means[1]:.3f}\t{distance.mean():.3f}\t"
            f"{distance.max():.3f}\t{means[2]:.3f}\t{int(good[:, 3].sum())}\t"
            f"{len(results) - len(good)}",
            flush=True,
        )


def burst(options: argparse.Namespace, seed: int) -> tuple[np.ndarray, np.ndarray, Echoes]:
    """Symbols, and their burst as it comes to the receiver but for what the receiver adds."""
    rng = np.random.default_rng(seed)
    symbols = rng.laplace(size=options.symbols) + 1j * rng.laplace(size=options.symbols)
    symbols = (symbols / np.sqrt(np.mean(np.abs(symbols) ** 2))).astype(np.complex64)
    content = Content(symbols, bytes(DESCRIPTION_BYTES), seed)
    samples = modulate(content, payload_rms=PAYLOAD_RMS).samples
    samples = channel.silence(samples, int(rng.integers(2000, 20_000)), 4096)
    if options.tx_iq:
        samples = channel.iq_imbalance(samples, 0.5, 2.0)
    levels = () if options.flat else tuple(options.levels_db)
    echoes = random_echoes(seed, levels)
    offset = float(rng.uniform(-1, 1))
    ppm = offset * TIED_SRO_PPM
    if options.sro_ppm is not None:
        ppm = float(rng.uniform(-1, 1)) * options.sro_ppm
    samples = channel.sampling_offset(echoes.apply(samples), ppm, float(rng.random()))
    samples = channel.frequency_offset(
        samples, offset * LARGEST_CFO / 2, float(rng.uniform(0, 2 * np.pi))
    )
    samples = channel.phase_noise(samples, options.linewidth_hz, SAMPLE_RATE_HZ, seed)
    return symbols, samples, echoes


def measure(
    symbols: np.ndarray, clean: np.ndarray, echoes: Echoes, snr_db: float, seed: int
) -> list[float] | None:
    """Loss, bound, error of the reported variance, frames lost; None where nothing came."""
    samples = channel.awgn(clean, snr_db, PAYLOAD_RMS, seed)
    samples = channel.dc_offset(samples, PAYLOAD_RMS / 10)
    samples = channel.iq_imbalance(samples, 0.5, 2.0)
    samples = channel.quantise(samples, 8)
    receiver = BurstReceiver()
    receptions = receiver.push(samples) + receiver.flush()
    if len(receptions) != 1:
        return None
    received = receptions[0].received
    arrived = ~received.lost
    error = float(np.mean(np.abs(received.symbols[arrived] - symbols[arrived]) ** 2))
    reported = float(np.mean(received.noise_variance[arrived]))
    return [
        10 * np.log10(error) + snr_db,
        echoes.least_loss_db(snr_db),
        10 * np.log10(reported / error),
        receptions[0].frames_lost,
    ]


if __name__ == "__main__":
    main()
