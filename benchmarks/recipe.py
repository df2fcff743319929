#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each choice of a recipe is worth: a preset beside itself with that choice changed.

    python benchmarks/recipe.py --dataset DIR --output FILE.tsv [--images N | NAME ...]
        [--crop 384x256] [--bandwidth-ratio R] [--snr 10] [--preset standard] [--steps N]
        [--hidden-dim d] [--seeds 0] [--trials 5] [--engine auto]
        [--change NAME=VALUE[,NAME=VALUE ...]] ...

NAME is a field of `Recipe` (codec/settings.py), or `noise_matrix` or `level_channels`
(`--change level_channels=1,0,4,1,1,1,1`). Every picture is encoded as the preset has it, then for
each --change with that in its place, with the same seeds of training and reception: compare
differences. Appends a row for every picture, SNR, seed and change as soon as it is measured; what
the file has already is not measured again. Then prints the PSNR of the preset, its standard
deviation over the seeds, and for each change the difference to it: of every picture, their mean,
and the standard error of that mean over the pictures.

A changed recipe reaches the encoder as a preset of this process only. The encoder may take fewer
than the d asked for; the column d has it. A crop of 384x256 with `--bandwidth-ratio 0.25` has as
many channel uses for its parameters as a picture of 768x512 at 11/48.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from dataclasses import fields, replace
from math import nan, sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import growing
import pictures
import report

from implicitjscc import engine as engines
from implicitjscc.cli import options as shared
from implicitjscc.codec import sources
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import PRESETS, STRATEGIES, EncoderSettings, Recipe
from implicitjscc.codec.simulation import simulate
from implicitjscc.errors import ImplicitJsccError

SETUP = ("image", "crop", "ratio", "snr_db", "preset", "steps", "asked_d", "engine")
KEYS = (*SETUP, "seed", "change")
COLUMNS = (*KEYS, "d", "psnr_db", "psnr_std_db", "bits_per_parameter", "encode_s")
OF_SETTINGS = ("noise_matrix", "level_channels")
WORDS = {
    "activation": ("relu", "gelu"),
    "start": ("source", "random"),
    "optimiser": ("soap", "adam"),
    "strategy": STRATEGIES,
}
CHANGED = "changed"
NONE = "-"
RECEPTION_SEED = 1000


def main() -> None:
    """Measure what is missing, then print the table."""
    options = parse()
    output = Path(options.output)
    paths = pictures.chosen(Path(options.dataset), options.images)
    known = {key(row): row for row in growing.read_rows(output, COLUMNS)}
    began = False
    wanted = []
    # Changes outermost: the base first, and what was asked for first is known first.
    runs = itertools.product([NONE, *options.change], options.snr, paths, options.seeds)
    for change, snr_db, path, seed in runs:
        settings = settings_of(options, change, snr_db, seed)
        row = identity(options, path, settings, change)
        if key(row) not in known:
            if not began:
                growing.append(output, *report.origin(), report.row(*COLUMNS))
                began = True
            row.update(measure(path, settings, options))
            growing.append(output, report.row(*(row[name] for name in COLUMNS)))
            known[key(row)] = row
        wanted.append(known[key(row)])
    for snr_db in options.snr:
        show([row for row in wanted if row["snr_db"] == f"{snr_db:g}"])


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, metavar="DIR")
    parser.add_argument("--output", required=True, metavar="FILE.tsv")
    parser.add_argument("--images", nargs="+", help="the first so many, or names; all")
    parser.add_argument("--crop", type=report.size, metavar="WIDTHxHEIGHT", help="the centre only")
    parser.add_argument("--bandwidth-ratio", type=shared.ratio)
    parser.add_argument("--snr", type=float, nargs="+", default=[10.0])
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard")
    parser.add_argument("--steps", type=shared.positive_int, help="the preset's")
    parser.add_argument("--hidden-dim", type=shared.positive_int, help="the preset's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--trials", type=shared.positive_int, default=5)
    parser.add_argument("--engine", choices=engines.NAMES, default="auto")
    parser.add_argument("--change", type=change_of, action="append", default=[])
    return parser.parse_args()


def change_of(text: str) -> str:
    """A change that can be made; refused by argparse in one line if it cannot."""
    try:
        values(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def values(change: str) -> dict[str, Any]:
    """Fields by name, with values of their types; none for the base.

    Raises:
        ValueError: no such field, or no such value.
    """
    if change == NONE:
        return {}
    types = {field.name: type(getattr(PRESETS["standard"], field.name)) for field in fields(Recipe)}
    found: dict[str, Any] = {}
    # A comma within a value, as level_channels has, does not stand before a name.
    for part in re.split(r",(?=\w+=)", change):
        name, _, text = part.partition("=")
        if name == "level_channels":
            found[name] = shared.level_channels(text)
        elif name in types or name in OF_SETTINGS:
            found[name] = typed(name, types.get(name, bool), text)
        else:
            allowed = ", ".join((*types, *OF_SETTINGS))
            raise ValueError(f"{name!r} is no choice of a recipe: {allowed}")
    return found


def typed(name: str, kind: type, text: str) -> Any:
    """A value of a field.

    Raises:
        ValueError: the text is no value of its type.
    """
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(f"{name} is true or false")
        return text == "true"
    if name in WORDS and text not in WORDS[name]:
        raise ValueError(f"{name} is one of {', '.join(WORDS[name])}")
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{name} has no value {text!r}") from None


def settings_of(
    options: argparse.Namespace, change: str, snr_db: float, seed: int
) -> EncoderSettings:
    """Settings whose preset is the changed recipe."""
    asked = {"steps": options.steps, "hidden_dim": options.hidden_dim}
    recipe = replace(PRESETS[options.preset], **{k: v for k, v in asked.items() if v is not None})
    changed = values(change)
    others = {name: changed.pop(name) for name in OF_SETTINGS if name in changed}
    PRESETS[CHANGED] = replace(recipe, **changed)
    return EncoderSettings(
        snr_db=snr_db,
        bandwidth_ratio=options.bandwidth_ratio,
        preset=CHANGED,
        seed=seed,
        engine=options.engine,
        **others,
    )


def identity(
    options: argparse.Namespace, path: Path, settings: EncoderSettings, change: str
) -> growing.Row:
    """What tells one row from the others; steps and d are those of the base."""
    base = PRESETS[options.preset]
    return {
        "image": path.name,
        "crop": "x".join(map(str, options.crop)) if options.crop else NONE,
        "ratio": str(options.bandwidth_ratio or NONE),
        "snr_db": f"{settings.snr_db:g}",
        "preset": options.preset,
        "steps": str(options.steps or base.steps),
        "asked_d": str(options.hidden_dim or base.hidden_dim),
        "engine": engines.select(options.engine),
        "seed": str(settings.seed),
        "change": change,
    }


def key(row: growing.Row) -> tuple[str, ...]:
    """The values of :func:`identity`."""
    return tuple(row[name] for name in KEYS)


def measure(path: Path, settings: EncoderSettings, options: argparse.Namespace) -> growing.Row:
    """The figures of one row."""
    image = sources.read_image(path)
    if options.crop:
        image = pictures.centre(image, *options.crop)
    encoded = encode(image, settings)
    quality = simulate(
        encoded, image, settings.snr_db, options.trials, RECEPTION_SEED, options.engine
    )
    figures = encoded.figures
    bits = figures.get("bits_per_parameter")
    return {
        "d": str(encoded.profile.hidden_dim),
        "psnr_db": f"{quality.psnr_db:.3f}",
        "psnr_std_db": f"{quality.psnr_std_db:.3f}",
        "bits_per_parameter": NONE if bits is None else f"{bits:.2f}",
        "encode_s": f"{figures['encode_s']:.2f}",
    }


def show(rows: list[growing.Row]) -> None:
    """The table of one SNR."""
    images = list(dict.fromkeys(row["image"] for row in rows))
    seeds = list(dict.fromkeys(row["seed"] for row in rows))
    changes = list(dict.fromkeys(row["change"] for row in rows if row["change"] != NONE))
    psnrs = {(r["change"], r["image"], r["seed"]): float(r["psnr_db"]) for r in rows}
    print("snr_db", "change", *images, "mean", "standard_error", sep="\t")

    def line(name: str, figures: list[float], error: float | None) -> None:
        numbers = [f"{value:+.3f}" for value in (*figures, mean(figures))]
        print(
            rows[0]["snr_db"], name, *numbers, NONE if error is None else f"{error:.3f}", sep="\t"
        )

    base = {image: [psnrs[NONE, image, seed] for seed in seeds] for image in images}
    line("base", [mean(base[image]) for image in images], None)
    if len(seeds) > 1:
        line("base, deviation over seeds", [stdev(base[image]) for image in images], None)
    for change in changes:
        differences = [
            mean(psnrs[change, image, seed] - psnrs[NONE, image, seed] for seed in seeds)
            for image in images
        ]
        error = stdev(differences) / sqrt(len(images)) if len(images) > 1 else nan
        line(change, differences, error)


if __name__ == "__main__":
    try:
        main()
    except ImplicitJsccError as error:
        sys.exit(f"recipe: {error}")
