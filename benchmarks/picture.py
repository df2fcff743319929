#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""PSNR over the waveform against PSNR over the ideal channel, for one container.

    python benchmarks/picture.py X.ijscc SOURCE [--snr 5 10 15] [--receptions 20]

Tab-separated: Es/N0, mean and standard deviation of the PSNR of ``simulate``, the same of the
waveform in ideal noise, mean Es/N0 loss.
"""

from __future__ import annotations

import argparse

import numpy as np

from implicitjscc.codec import container, metrics, sources
from implicitjscc.codec.decoder import decode
from implicitjscc.codec.simulation import simulate
from implicitjscc.phy import channel
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("content")
    parser.add_argument("source")
    parser.add_argument("--snr", type=float, nargs="+", default=[5, 10, 15])
    parser.add_argument("--receptions", type=int, default=20)
    options = parser.parse_args()
    encoded = container.load(options.content)
    reference = sources.read_image(options.source)
    content = encoded.content()
    samples = channel.silence(modulate(content, payload_rms=PAYLOAD_RMS).samples, 5000, 10_000)
    print("es_n0_db\tideal_db\tstd_db\twaveform_db\tstd_db\tes_n0_loss_db")
    for snr_db in options.snr:
        ideal = simulate(encoded, reference, snr_db, options.receptions)
        psnrs, losses = [], []
        for seed in range(options.receptions):
            receiver = BurstReceiver()
            noisy = channel.awgn(samples, snr_db, PAYLOAD_RMS, seed)
            (reception,) = receiver.push(noisy) + receiver.flush()
            error = reception.received.symbols - content.symbols
            losses.append(10 * np.log10(np.mean(np.abs(error) ** 2)) + snr_db)
            psnrs.append(metrics.psnr_db(reference, decode(reception.received).source))
        print(
            f"{snr_db:g}\t{ideal.psnr_db:.2f}\t{ideal.psnr_std_db:.2f}\t{np.mean(psnrs):.2f}\t"
            f"{np.std(psnrs, ddof=1):.2f}\t{np.mean(losses):.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
