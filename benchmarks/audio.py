#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mean PSNR of audio clips over the ideal channel, at the paper's channel uses a sample.

    python benchmarks/audio.py --dataset DIR [--snr 7 11 15] [--clips N] [--steps N] [--preset P]
                               [--hidden-dim d] [--power-db DB] [--trials 5] [--engine auto]

Takes the WAV and FLAC files of a folder in alphabetical order. Tab-separated: one row a clip and
SNR, then one a SNR with the mean over the clips, both with the PSNR on (x + 1) / 2 (docs/
definitions.md). The paper has, on 30 clips of LibriSpeech test-clean of two seconds at 16 kHz,
47.7, 51.7 and 55.1 dB at 7, 11 and 15 dB.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from implicitjscc.codec import sources
from implicitjscc.codec.audio import ENDINGS
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.simulation import simulate
from implicitjscc.errors import ImplicitJsccError

COLUMNS = ("clip", "snr_db", "psnr_db", "std_db", "bandwidth_ratio", "parameters", "encode_s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, metavar="DIR")
    parser.add_argument("--snr", type=float, nargs="+", default=[7, 11, 15])
    parser.add_argument("--clips", type=int, help="the first so many; all")
    parser.add_argument("--steps", type=int, help="the preset's")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--hidden-dim", type=int)
    parser.add_argument("--power-db", type=float)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    clips = [path for path in sorted(Path(options.dataset).iterdir()) if path.suffix in ENDINGS]
    if not clips:
        sys.exit(f"{options.dataset}: no WAV or FLAC files")
    print(*COLUMNS, sep="\t", flush=True)
    for snr_db in options.snr:
        settings = EncoderSettings(
            snr_db=snr_db,
            preset=options.preset,
            steps=options.steps,
            hidden_dim=options.hidden_dim,
            power_db=options.power_db,
            engine=options.engine,
        )
        rows = [measure(path, settings, options) for path in clips[: options.clips]]
        count = len(rows)
        print(
            f"mean of {count}",
            *(f"{mean(column):.6g}" for column in zip(*rows, strict=True)),
            sep="\t",
        )


def measure(path: Path, settings: EncoderSettings, options: argparse.Namespace) -> list[float]:
    """One clip at one SNR: its row but for the name."""
    source = sources.read_source(path)
    encoded = encode(source, settings)
    quality = simulate(
        encoded, source, settings.snr_db, options.trials, seed=1000, engine=options.engine
    )
    figures = encoded.figures
    row = [
        settings.snr_db,
        quality.psnr_db,
        quality.psnr_std_db,
        figures["bandwidth_ratio"],
        figures["parameters"],
        figures["encode_s"],
    ]
    print(path.name, *(f"{value:.6g}" for value in row), sep="\t", flush=True)
    return row


if __name__ == "__main__":
    try:
        main()
    except ImplicitJsccError as error:
        sys.exit(f"audio: {error}")
