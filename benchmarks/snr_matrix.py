#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver gets at another SNR than the source was encoded for.

    python benchmarks/snr_matrix.py SOURCE [--design 0 5 10 15 20 0:20] [--receive 0 5 10 15 20]
        [--steps 1000] [--crop WIDTHxHEIGHT] [--trials 5] [--profile FILE]
        [--parameters coded|repetition]

Tab-separated: one row for each design SNR or range, one column of mean PSNR for each SNR of the
receiver, then the mean over the row. A crop of 384x256 with ``--bandwidth-ratio 0.25`` has as many
channel uses for its parameters as a picture of 768x512 at 11/48. ``--without-filter`` receives as
if the noise were the design's, which leaves the receiver's filter out of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pictures
import report

from implicitjscc.cli import options as shared
from implicitjscc.codec import metrics, profile_file, sources
from implicitjscc.codec.decoder import decode
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.codec.symbol_channel import awgn

SNRS_DB = (0.0, 5.0, 10.0, 15.0, 20.0)


def main() -> None:
    """Encode for every design and print its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument(
        "--design", type=shared.snr_or_range, nargs="+", default=[*SNRS_DB, (0.0, 20.0)]
    )
    parser.add_argument("--receive", type=shared.snr, nargs="+", default=SNRS_DB)
    parser.add_argument("--steps", type=shared.positive_int, default=1000)
    parser.add_argument(
        "--crop", type=report.size, metavar="WIDTHxHEIGHT", help="the centre of the source only"
    )
    parser.add_argument("--bandwidth-ratio", type=shared.ratio)
    parser.add_argument("--trials", type=shared.positive_int, default=5)
    parser.add_argument("--profile")
    parser.add_argument("--parameters", choices=STRATEGIES, help="how they are sent; coded")
    parser.add_argument("--without-filter", action="store_true")
    shared.add_engine(parser)
    options = parser.parse_args()
    image = sources.read_image(options.source)
    if options.crop:
        image = pictures.centre(image, *options.crop)
    chosen = profile_file.load(options.profile)[0] if options.profile else {}
    if options.bandwidth_ratio:
        chosen["bandwidth_ratio"] = options.bandwidth_ratio
    if options.parameters:
        chosen["parameters"] = options.parameters
    print(*report.origin(), sep="\n")
    print("design_db", *(f"{snr_db:g}" for snr_db in options.receive), "mean", sep="\t")
    for design in options.design:
        snr_db, snr_range_db = shared.design_snr(design)
        chosen.update(snr_db=snr_db, snr_range_db=snr_range_db)
        settings = EncoderSettings(**chosen, steps=options.steps, engine=options.engine)
        encoded = encode(image, settings)
        filtered = not options.without_filter
        row = qualities(encoded, image, options.receive, options.trials, filtered=filtered)
        name = f"{design[0]:g}:{design[1]:g}" if isinstance(design, tuple) else f"{design:g}"
        print(name, *(f"{psnr_db:.2f}" for psnr_db in [*row, np.mean(row)]), sep="\t", flush=True)


def qualities(
    encoded: EncodedSource,
    image: sources.Image,
    snrs_db: Sequence[float],
    trials: int,
    *,
    filtered: bool,
) -> list[float]:
    """Mean PSNR at each SNR."""
    content, means = encoded.content(), []
    for snr_db in snrs_db:
        received = [awgn(content, snr_db, seed) for seed in range(trials)]
        if not filtered:
            design = np.full(content.symbols.size, encoded.profile.noise_variance, np.float32)
            received = [replace(one, noise_variance=design) for one in received]
        means.append(
            float(np.mean([metrics.psnr_db(image, decode(one).source) for one in received]))
        )
    return means


if __name__ == "__main__":
    main()
