# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say what a simulated channel does."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared

if TYPE_CHECKING:
    from ..channel import ChannelSettings

PAYLOAD_RMS = 0.25
DELAY_SPREAD_S = 300e-9
USUAL_IMPAIRMENTS: dict[str, Any] = {
    "bits": 8,
    "dc_dbc": -20.0,
    "iq_gain_db": 0.5,
    "iq_phase_deg": 2.0,
}
"""Of a cheap radio's front end."""


def add(parser: argparse.ArgumentParser) -> None:
    """Register them; :func:`settings` reads them."""
    number = shared.finite_float
    group = parser.add_argument_group("channel", "what lies between the ends; docs/channel.md")
    group.add_argument("--snr", type=shared.snr, default=10.0, metavar="DB", help="Es/N0; 10")
    group.add_argument(
        "--channel",
        default="awgn",
        metavar="NAME",
        help="awgn (default), two_echoes, tdl_a to tdl_e, or paths as "
        "'delay_symbols gain_db phase_deg; ...'",
    )
    group.add_argument(
        "--delay-spread-s", type=number, metavar="S", help="of tdl_*, for no other; 300e-9"
    )
    group.add_argument("--doppler-hz", type=number, default=0.0, metavar="HZ", help="0")
    group.add_argument("--cfo-hz", type=number, default=0.0, metavar="HZ", help="0")
    group.add_argument("--sro-ppm", type=number, default=0.0, metavar="PPM", help="0")
    group.add_argument(
        "--linewidth-hz", type=number, default=0.0, metavar="HZ", help="phase noise; 0"
    )
    group.add_argument(
        "--impairments",
        action="store_true",
        help="8 bits, DC -20 dBc, IQ imbalance 0.5 dB and 2 degrees",
    )
    group.add_argument(
        "--adc-rms-dbfs",
        type=number,
        default=-12.0,
        metavar="DB",
        help="level at the 8 bits of --impairments; -12",
    )
    group.add_argument(
        "--loss", type=number, default=0.0, metavar="FRACTION", help="of time, in 5 ms pieces; 0"
    )
    group.add_argument(
        "--drop-rate", type=number, default=0.0, metavar="N", help="overruns a second; 0"
    )
    group.add_argument("--noise-seed", type=int, default=1, metavar="N", help="1")


def settings(options: argparse.Namespace) -> ChannelSettings:
    """The channel that was asked for.

    Raises:
        ImplicitJsccError: a value is impossible, or says nothing of this channel.
    """
    from ..channel import ChannelSettings

    spread_s = options.delay_spread_s
    if spread_s is not None and not options.channel.startswith("tdl_"):
        raise ImplicitJsccError(
            f"--delay-spread-s is that of --channel tdl_a to tdl_e, not of {options.channel}"
        )

    usual = USUAL_IMPAIRMENTS if options.impairments else {}
    return ChannelSettings(
        sample_rate_hz=options.sample_rate,
        samples_per_symbol=shared.waveform(options).samples_per_symbol,
        payload_rms=PAYLOAD_RMS,
        seed=options.noise_seed,
        snr_db=options.snr,
        multipath="none" if options.channel == "awgn" else options.channel,
        delay_spread_s=DELAY_SPREAD_S if spread_s is None else spread_s,
        doppler_hz=options.doppler_hz,
        cfo_hz=options.cfo_hz,
        sro_ppm=options.sro_ppm,
        linewidth_hz=options.linewidth_hz,
        loss=options.loss,
        drop_rate=options.drop_rate,
        adc_rms_dbfs=options.adc_rms_dbfs,
        **usual,
    )
