#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mean PSNR of audio clips over the ideal channel, at the paper's channel uses a sample.

    python benchmarks/audio.py --dataset DIR [--snr 7 11 15] [--clips N] [--steps N] [--preset P]
                               [--hidden-dim d] [--level-channels L1,...] [--power-db DB]
                               [--trials 5] [--engine auto] [--bound FILE.csv]

Takes the WAV and FLAC files of a folder in alphabetical order. Tab-separated: one row a clip and
SNR, then one a SNR with the mean over the clips, both with the PSNR on (x + 1) / 2 (docs/
definitions.md). The paper has, on 30 clips of LibriSpeech test-clean of two seconds at 16 kHz,
47.7, 51.7 and 55.1 dB at 7, 11 and 15 dB. --bound adds the distance to a digital codec at the
channel's capacity: its PSNR with peak 1 at several rates (columns clip, kbit_s_of_file, psnr_db).
"""

from __future__ import annotations

import argparse
import csv
import sys
from math import log2
from pathlib import Path
from statistics import mean

import numpy as np
import report

from implicitjscc.cli.options import level_channels
from implicitjscc.codec.audio import ENDINGS, read_audio
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.simulation import simulate
from implicitjscc.errors import ImplicitJsccError

COLUMNS = ("clip", "snr_db", "psnr_db", "std_db", "bandwidth_ratio", "parameters", "encode_s")
# PSNR on (x + 1) / 2 over that of x with peak 1.
_OF_HALVES_DB = 20 * float(np.log10(2))

# Kilobits a second and PSNR of one clip as a digital codec has it, rates rising.
Curve = list[tuple[float, float]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, metavar="DIR")
    parser.add_argument("--snr", type=float, nargs="+", default=[7, 11, 15])
    parser.add_argument("--clips", type=int, help="the first so many; all")
    parser.add_argument("--steps", type=int, help="the preset's")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--hidden-dim", type=int)
    parser.add_argument("--level-channels", type=level_channels, metavar="L1,...")
    parser.add_argument("--power-db", type=float)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--bound", metavar="FILE.csv")
    options = parser.parse_args()
    clips = [path for path in sorted(Path(options.dataset).iterdir()) if path.suffix in ENDINGS]
    if not clips:
        sys.exit(f"{options.dataset}: no WAV or FLAC files")
    curves = read_curves(options.bound) if options.bound else None
    print(*report.origin(), sep="\n")
    print(*COLUMNS, *["over_bound_db"] * bool(curves), sep="\t", flush=True)
    for snr_db in options.snr:
        settings = EncoderSettings(
            snr_db=snr_db,
            preset=options.preset,
            steps=options.steps,
            hidden_dim=options.hidden_dim,
            level_channels=options.level_channels,
            power_db=options.power_db,
            engine=options.engine,
        )
        rows = [measure(path, settings, options, curves) for path in clips[: options.clips]]
        count = len(rows)
        print(
            f"mean of {count}",
            *(f"{mean(column):.6g}" for column in zip(*rows, strict=True)),
            sep="\t",
        )


def measure(
    path: Path,
    settings: EncoderSettings,
    options: argparse.Namespace,
    curves: dict[str, Curve] | None,
) -> list[float]:
    """One clip at one SNR: its row but for the name."""
    source = read_audio(path)
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
    if curves is not None:
        rate_hz = source.format.sample_rate_hz
        uses_a_second = encoded.profile.channel_uses / encoded.profile.width * rate_hz
        kbit_s = uses_a_second * log2(1 + 10 ** (settings.snr_db / 10)) / 1000
        row.append(quality.psnr_db - at_rate(curves[path.name], kbit_s))
    print(path.name, *(f"{value:.6g}" for value in row), sep="\t", flush=True)
    return row


def read_curves(path: str) -> dict[str, Curve]:
    """PSNR over bit rate of a digital codec, by clip."""
    curves: dict[str, Curve] = {}
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            psnr_db = float(row["psnr_db"]) + _OF_HALVES_DB
            curves.setdefault(row["clip"], []).append((float(row["kbit_s_of_file"]), psnr_db))
    return {clip: sorted(points) for clip, points in curves.items()}


def at_rate(curve: Curve, kbit_s: float) -> float:
    """PSNR at a bit rate, between the two measured ones around it, linear in its logarithm."""
    rates, psnrs_db = zip(*curve, strict=True)
    if not rates[0] <= kbit_s <= rates[-1]:
        sys.exit(f"the bound has no bit rates around {kbit_s:.1f} kbit/s")
    return float(np.interp(log2(kbit_s), [log2(rate) for rate in rates], psnrs_db))


if __name__ == "__main__":
    try:
        main()
    except ImplicitJsccError as error:
        sys.exit(f"audio: {error}")
