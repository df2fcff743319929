# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several sub-commands share, and their types."""

from __future__ import annotations

import argparse
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError

if TYPE_CHECKING:
    from ..codec.settings import EncoderSettings

DEFAULT_SAMPLE_RATE_HZ = 2e6
PRESETS = ("draft", "standard", "best", "paper")
ENGINES = ("auto", "native", "torch")
PARAMETER_STRATEGIES = ("repetition", "coded")


def finite_float(text: str) -> float:
    """A number that is neither infinite nor NaN."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def snr(text: str) -> float:
    """Decibels from -100 to 100."""
    value = finite_float(text)
    if abs(value) > 100:
        raise argparse.ArgumentTypeError(f"{text} dB is not from -100 to 100")
    return value


def positive_float(text: str) -> float:
    """A finite number above 0."""
    value = finite_float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def positive_int(text: str) -> int:
    """An integer above 0."""
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def ratio(text: str) -> Fraction:
    """A positive ratio, as a decimal number or as a fraction like 11/48."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text} is neither a number nor a fraction") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def add_engine(parser: Any) -> None:
    """``--engine``."""
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="default: auto")


def add_sample_rate(parser: Any) -> None:
    """``--sample-rate``."""
    parser.add_argument(
        "--sample-rate",
        type=positive_float,
        default=DEFAULT_SAMPLE_RATE_HZ,
        metavar="HZ",
        help="default: 2e6; two samples a symbol",
    )


def add_encoder_options(parser: Any, *, steps_default: str = "the preset's") -> None:
    """All that sets how a source is encoded, but the design SNR."""
    group = parser.add_argument_group("encoding")
    group.add_argument("--bandwidth-ratio", type=ratio, metavar="R", help="k / (N C); 11/48")
    group.add_argument("--preset", choices=PRESETS, default="standard", help="default: standard")
    group.add_argument("--steps", type=positive_int, metavar="N", help=steps_default)
    group.add_argument(
        "--seconds", type=positive_float, metavar="S", help="wall time in place of steps"
    )
    group.add_argument("--hidden-dim", type=positive_int, metavar="d", help="default: 12")
    group.add_argument("--kappa-lsm", type=positive_int, metavar="N", help="copies of the LSM")
    group.add_argument("--kappa-redu", type=positive_int, metavar="N", help="copies of ReDU")
    group.add_argument(
        "--parameters",
        choices=PARAMETER_STRATEGIES,
        help="how the decoder is sent; coded, but repetition in the preset paper and where a kappa "
        "or a power is given",
    )
    group.add_argument(
        "--power-db",
        type=finite_float,
        metavar="DB",
        help="power of repeated parameters over the mean; 0 is the paper's",
    )
    group.add_argument("--no-noise-matrix", action="store_true", help="leave M out")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    add_engine(group)


def encoder_settings(options: argparse.Namespace, snr_db: float) -> EncoderSettings:
    """The settings that :func:`add_encoder_options` parsed.

    Raises:
        ImplicitJsccError: a value is out of range, or contradicts another one.
    """
    from ..codec.settings import EncoderSettings

    return EncoderSettings(
        snr_db=snr_db,
        bandwidth_ratio=options.bandwidth_ratio,
        preset=options.preset,
        steps=options.steps,
        seconds=options.seconds,
        hidden_dim=options.hidden_dim,
        parameters=options.parameters,
        repetition_lsm=options.kappa_lsm,
        repetition_redu=options.kappa_redu,
        power_db=options.power_db,
        noise_matrix=not options.no_noise_matrix,
        seed=options.seed,
        engine=options.engine,
    )


def check_folder(path: str) -> None:
    """Refuse an output whose folder does not exist, before any work is done.

    Raises:
        ImplicitJsccError: there is no such folder, or the output is a folder itself.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise ImplicitJsccError(f"{target.parent}: no such folder")
    if target.is_dir():
        raise ImplicitJsccError(f"{target}: is a folder, not a file to write")


def check_picture_format(path: str) -> None:
    """Refuse an output whose ending names no picture format, before any work is done.

    Raises:
        ImplicitJsccError: there is no such format.
    """
    from PIL import Image as PillowImage

    PillowImage.init()
    if PillowImage.EXTENSION.get(Path(path).suffix.lower()) not in PillowImage.SAVE:
        raise ImplicitJsccError(f"{path}: its ending names no picture format, .png would")
