# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of ``transmit`` and ``receive`` that are about the radio at their end."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import ImplicitJsccError
from . import options as shared


def add_radio_options(parser: Any) -> None:
    """A group of options for ``uhd:``, ``soapy:`` and ``osmosdr:``."""
    group = parser.add_argument_group("radios", "For uhd:, soapy: and osmosdr: ends.")
    group.add_argument(
        "--frequency-hz", type=shared.positive_float, metavar="HZ", help="carrier; must be given"
    )
    group.add_argument(
        "--gain",
        dest="radio_gain",
        default="",
        metavar="DB|NAME=DB,...",
        help="of the whole chain, or of stages (LNA=16,VGA=20); default: low, to start with",
    )
    group.add_argument(
        "--gain-db", type=shared.finite_float, metavar="DB", help="the same as --gain DB"
    )
    group.add_argument("--antenna", default="", metavar="NAME", help="default: the device's own")
    group.add_argument(
        "--bandwidth-hz",
        type=shared.positive_float,
        metavar="HZ",
        help="analog filter; default: the device's own choice",
    )
    group.add_argument(
        "--radio-rate",
        type=shared.positive_float,
        metavar="HZ",
        help="samples a second of the device; default: the least multiple of --sample-rate it has",
    )
    group.add_argument(
        "--lo-offset-hz",
        type=shared.finite_float,
        metavar="HZ",
        help="oscillator below the carrier; default: the radio's rate (UHD) or a quarter of it",
    )
    group.add_argument(
        "--ppm",
        type=shared.finite_float,
        default=0.0,
        metavar="PPM",
        help="error of the device's oscillator, which tuning makes up for; default: 0",
    )
    group.add_argument(
        "--duration",
        type=shared.positive_float,
        metavar="S",
        help="receive: end after so many seconds of samples",
    )


def radio_arguments(options: argparse.Namespace, end: str) -> dict[str, Any]:
    """What a Radio Sink or Radio Source is made with.

    Raises:
        ImplicitJsccError: there is no frequency, or the gain is given twice.
    """
    if options.frequency_hz is None:
        raise ImplicitJsccError(f"{end} needs --frequency-hz: 915e6, 433.92e6, 2.45e9, ...")
    if options.gain_db is not None and options.radio_gain:
        raise ImplicitJsccError("--gain and --gain-db say the same thing twice")
    return {
        "device": end,
        "frequency": options.frequency_hz,
        "sample_rate": options.sample_rate,
        "gain": options.radio_gain if options.gain_db is None else options.gain_db,
        "radio_rate": options.radio_rate or 0.0,
        "antenna": options.antenna,
        "bandwidth": options.bandwidth_hz or 0.0,
        "lo_offset": options.lo_offset_hz,
        "ppm": options.ppm,
    }
