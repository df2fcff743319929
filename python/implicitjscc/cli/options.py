# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several sub-commands share, and their types."""

from __future__ import annotations

import argparse
import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError

if TYPE_CHECKING:
    from ..codec.settings import EncoderSettings
    from ..phy.profile import WaveformProfile

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


def snr_or_range(text: str) -> float | tuple[float, float]:
    """Decibels, or two of them: ``LOWEST:HIGHEST``."""
    lowest, colon, highest = text.partition(":")
    if not colon:
        return snr(text)
    bounds = snr(lowest), snr(highest)
    if bounds[0] >= bounds[1]:
        raise argparse.ArgumentTypeError(f"{text} does not rise from the lowest to the highest SNR")
    return bounds


def level_channels(text: str) -> tuple[int, ...]:
    """Integers with commas between them."""
    return tuple(int(part) for part in text.split(","))


def positive_float(text: str) -> float:
    """A finite number above 0."""
    value = finite_float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def level_dbfs(text: str) -> float:
    """Decibels from -100 to 0."""
    value = finite_float(text)
    if not -100 <= value <= 0:
        raise argparse.ArgumentTypeError(f"{text} dBFS is not from -100 to 0, full scale")
    return value


def duration_s(text: str) -> float:
    """Seconds from 0 to a day."""
    value = finite_float(text)
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} s is not from 0 to 86400")
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


def add_parameter_bits(parser: Any) -> None:
    """``--parameter-bits``."""
    parser.add_argument(
        "--parameter-bits",
        type=finite_float,
        metavar="B",
        help="least mean bits of a coded parameter, 4 to 10: fewer make room for a wider decoder; "
        "6, or the preset's (6.5; best: 8) where d is not named",
    )


def add_sample_rate(parser: Any) -> None:
    """``--sample-rate``."""
    parser.add_argument(
        "--sample-rate",
        type=positive_float,
        default=DEFAULT_SAMPLE_RATE_HZ,
        metavar="HZ",
        help="default: 2e6",
    )


def add_waveform(parser: Any) -> None:
    """``--waveform`` and ``--samples-per-symbol``."""
    parser.add_argument(
        "--waveform",
        default="standard",
        metavar="NAME|FILE.json",
        help="standard, robust (phase noise, fading), fast (least overhead), or a profile's file; "
        "the same at both ends; default: standard",
    )
    parser.add_argument(
        "--samples-per-symbol",
        type=positive_int,
        metavar="N",
        help="2, 4, 8 or 16, each end its own; default: the waveform's, 2",
    )


def waveform(options: argparse.Namespace) -> WaveformProfile:
    """The profile that :func:`add_waveform` parsed.

    Raises:
        ImplicitJsccError: there is no such profile, or it makes no sense.
    """
    from ..phy import profile_file

    return profile_file.load(options.waveform, options.samples_per_symbol or 0)


class CommandParser(argparse.ArgumentParser):
    """Takes ``-1e3`` and ``-.5:20`` for values of an option, as Python 3.14 does; before, only
    numbers without an exponent were."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._negative_number_matcher = re.compile(r"-\.?\d")


def add_encoder_options(parser: Any, *, steps_default: str = "the preset's") -> None:
    """All that sets how a source is encoded, but the design SNR."""
    group = parser.add_argument_group("encoding")
    group.add_argument(
        "--profile", metavar="FILE", help="settings that `search` found; explicit options override"
    )
    group.add_argument(
        "--bandwidth-ratio", type=ratio, metavar="R", help="k / (N C); pictures 11/48, audio 1.18"
    )
    group.add_argument("--preset", choices=PRESETS, default="standard", help="default: standard")
    group.add_argument("--steps", type=positive_int, metavar="N", help=steps_default)
    group.add_argument(
        "--seconds", type=positive_float, metavar="S", help="wall time in place of steps"
    )
    group.add_argument("--hidden-dim", type=positive_int, metavar="d", help="default: 12")
    group.add_argument(
        "--level-channels",
        type=level_channels,
        metavar="L1,L2,...",
        help="maps of each level, finest first; one each",
    )
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
    add_parameter_bits(group)
    group.add_argument(
        "--noise-matrix",
        action=argparse.BooleanOptionalAction,
        help="use M, or leave it out; use it",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    add_engine(group)


def design_snr(
    value: float | tuple[float, float],
) -> tuple[float, tuple[float, float] | None]:
    """Design SNR and range of what :func:`snr_or_range` parsed; a range has its middle's design."""
    if isinstance(value, tuple):
        return (value[0] + value[1]) / 2, value
    return value, None


def encoder_settings(
    options: argparse.Namespace, snr_db: float | tuple[float, float] | None
) -> EncoderSettings:
    """The settings that :func:`add_encoder_options` parsed, over those of ``--profile``.

    Args:
        options: as parsed.
        snr_db: design SNR or range; None for the profile's, or the default.

    Raises:
        ImplicitJsccError: a value is out of range or contradicts another one, or the profile cannot
            be read.
    """
    from ..codec import profile_file
    from ..codec.settings import EncoderSettings

    chosen = profile_file.load(options.profile)[0] if options.profile else {}
    if snr_db is not None:
        chosen["snr_db"], chosen["snr_range_db"] = design_snr(snr_db)
    explicit = {
        "bandwidth_ratio": options.bandwidth_ratio,
        "hidden_dim": options.hidden_dim,
        "level_channels": options.level_channels,
        "parameters": options.parameters,
        "repetition_lsm": options.kappa_lsm,
        "repetition_redu": options.kappa_redu,
        "power_db": options.power_db,
        "parameter_bits": options.parameter_bits,
        "noise_matrix": options.noise_matrix,
    }
    chosen.update({name: value for name, value in explicit.items() if value is not None})
    return EncoderSettings(
        preset=options.preset,
        steps=options.steps,
        seconds=options.seconds,
        seed=options.seed,
        engine=options.engine,
        **chosen,
    )


def check_folder(path: str) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Raises:
        ImplicitJsccError: there is no such folder, nothing new can be written there, or the output
            is a folder itself.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise ImplicitJsccError(f"{target.parent}: no such folder")
    if target.is_dir():
        raise ImplicitJsccError(f"{target}: is a folder, not a file to write")
    if not target.exists() and not os.access(target.parent, os.W_OK):
        raise ImplicitJsccError(f"{target.parent}: no permission to write there")
