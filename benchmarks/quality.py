#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of pictures over the ideal channel, over SNR and time, as a file that grows.

    python benchmarks/quality.py --dataset DIR --output FILE.tsv [--images N | NAME ...]
        [--snr 0 10] [--seconds S ... | --steps N ...] [--preset P] [--hidden-dim d]
        [--parameters repetition|coded] [--engine auto] [--trials 5] [--bound FILE.csv]

Appends a row for every picture, SNR and budget as soon as it is measured; what the file has already
is not measured again. Then prints the means over the pictures asked for: of the PSNR, the PSNR of
the mean squared error, of MS-SSIM in dB, of the time, and with --bound the mean distance to the
PSNR of separate coding (columns image, snr_db, psnr_db_at_budget). --seconds counts from the
picture in memory; a process's start, some seconds, comes on top.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import time
from math import log10
from pathlib import Path
from statistics import mean

import growing
import pictures
import report

from implicitjscc import engine as engines
from implicitjscc.codec import sources
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.codec.simulation import simulate
from implicitjscc.errors import ImplicitJsccError

KEYS = ("image", "snr_db", "preset", "budget", "asked_d", "parameters", "engine")
FIGURES = ("d", "steps", "encode_s", "step_ms", "psnr_db", "psnr_std_db", "ms_ssim_db")
COLUMNS = (*KEYS, *FIGURES, "macs_per_pixel", "bits_per_parameter")
NONE = "-"


def main() -> None:
    """Measure what is missing, then print the means."""
    options = parse()
    paths = pictures.chosen(Path(options.dataset), options.images)
    bound = read_bound(options.bound) if options.bound else None
    output = Path(options.output)
    known = {key(row): row for row in growing.read_rows(output, COLUMNS)}
    began = False
    wanted = []
    budgets = [{"seconds": s} for s in options.seconds or ()]
    budgets += [{"steps": n} for n in options.steps or ()]
    for path, snr_db, budget in itertools.product(paths, options.snr, budgets or [{}]):
        settings = EncoderSettings(
            snr_db=snr_db,
            preset=options.preset,
            hidden_dim=options.hidden_dim,
            parameters=options.parameters,
            engine=options.engine,
            **budget,
        )
        row = identity(path, settings)
        if key(row) not in known:
            if not began:
                growing.append(output, *report.origin(), report.row(*COLUMNS))
                began = True
            row.update(measure(path, settings, options.trials))
            growing.append(output, report.row(*(row[name] for name in COLUMNS)))
            known[key(row)] = row
        wanted.append(known[key(row)])
    show_means(wanted, bound)


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, metavar="DIR")
    parser.add_argument("--output", required=True, metavar="FILE.tsv")
    parser.add_argument("--images", nargs="+", help="the first so many, or names; all")
    parser.add_argument("--snr", type=float, nargs="+", default=[0.0, 10.0])
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=float, nargs="+")
    budget.add_argument("--steps", type=int, nargs="+", help="the preset's")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--hidden-dim", type=int)
    parser.add_argument("--parameters", choices=STRATEGIES)
    parser.add_argument("--engine", choices=engines.NAMES, default="auto")
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--bound", metavar="FILE.csv")
    return parser.parse_args()


def identity(path: Path, settings: EncoderSettings) -> growing.Row:
    """What tells one row from the others."""
    seconds, steps = settings.seconds, settings.recipe.steps
    return {
        "image": path.name,
        "snr_db": f"{settings.snr_db:g}",
        "preset": settings.preset,
        "budget": f"{seconds:g} s" if seconds is not None else f"{steps} steps",
        "asked_d": str(settings.hidden_dim or "auto"),
        "parameters": settings.strategy,
        "engine": engines.select(settings.engine),
    }


def key(row: growing.Row) -> tuple[str, ...]:
    """The values of :func:`identity`."""
    return tuple(row[name] for name in KEYS)


def measure(path: Path, settings: EncoderSettings, trials: int) -> growing.Row:
    """The figures of one row."""
    source = sources.read_image(path)
    encoded = encode(source, settings, started=time.monotonic())
    quality = simulate(encoded, source, settings.snr_db, trials, 1000, settings.engine)
    figures = encoded.figures
    similarity = quality.ms_ssim_db
    return {
        "d": str(encoded.profile.hidden_dim),
        "steps": str(figures["steps"]),
        "encode_s": f"{figures['encode_s']:.2f}",
        "step_ms": f"{figures['step_ms']:.2f}",
        "psnr_db": f"{quality.psnr_db:.3f}",
        "psnr_std_db": f"{quality.psnr_std_db:.3f}",
        "ms_ssim_db": NONE if similarity is None else f"{similarity:.3f}",
        "macs_per_pixel": f"{figures['macs_per_pixel']:.1f}",
        "bits_per_parameter": f"{figures['bits_per_parameter']:.2f}"
        if "bits_per_parameter" in figures
        else NONE,
    }


def read_bound(path: str) -> dict[tuple[str, float], float]:
    """PSNR of separate coding, by picture and SNR."""
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {(r["image"], float(r["snr_db"])): float(r["psnr_db_at_budget"]) for r in rows}


def show_means(rows: list[growing.Row], bound: dict[tuple[str, float], float] | None) -> None:
    """One line for every SNR and budget."""
    names = ("psnr_db", "psnr_of_mean_mse_db", "ms_ssim_db", "encode_s")
    print(report.row("snr_db", "budget", "images", *names, *["over_bound_db"] * bool(bound)))
    for group in dict.fromkeys((row["snr_db"], row["budget"]) for row in rows):
        own = [row for row in rows if (row["snr_db"], row["budget"]) == group]
        psnrs = [float(row["psnr_db"]) for row in own]
        similar = [float(row["ms_ssim_db"]) for row in own if row["ms_ssim_db"] != NONE]
        values: list[object] = [
            mean(psnrs),
            -10 * log10(mean(10 ** (-psnr / 10) for psnr in psnrs)),
            mean(similar) if similar else NONE,
            mean(float(row["encode_s"]) for row in own),
        ]
        if bound:
            pairs = [(float(row["psnr_db"]), (row["image"], float(group[0]))) for row in own]
            over = [psnr - bound[where] for psnr, where in pairs if where in bound]
            values.append(mean(over) if over else NONE)
        print(report.row(*group, len(own), *values))


if __name__ == "__main__":
    try:
        main()
    except ImplicitJsccError as error:
        sys.exit(f"quality: {error}")
