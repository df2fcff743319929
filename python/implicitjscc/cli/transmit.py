# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc transmit``: containers as baseband samples to a file or a radio link."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import ImplicitJsccError
from . import bursts, control_options
from . import options as shared
from .radio_options import add_radio_options

_FOREVER = "forever"


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "transmit",
        parents=[common],
        help="X.ijscc ... --to file:tx.cf32 | sigmf:BASE | zmq:ADDRESS | uhd:ARGS | soapy:ARGS | "
        "osmosdr:ARGS",
        description="Modulate containers and send their samples, one burst each. file: writes raw "
        "little-endian complex64, full scale 1.0; sigmf:BASE writes BASE.sigmf-data and "
        ".sigmf-meta, sigmf:BASE?datatype=ci8 in another datatype (cf32_le, ci16_le, ci8); zmq: "
        "binds a PUB socket and sends at the sample rate; uhd:, soapy: and osmosdr: are radios "
        "(docs/hardware.md).",
    )
    parser.add_argument("contents", metavar="X.ijscc", nargs="+", help="several take turns")
    parser.add_argument("--to", required=True, metavar="END", help="SCHEME:WHERE, as above")
    bursts.add_options(parser)
    parser.add_argument(
        "--repeat",
        type=_turns,
        default=1,
        metavar="N",
        help="turns, or forever: until Ctrl-C, which lets the burst on the air end; 1",
    )
    parser.add_argument(
        "--timeout",
        type=shared.positive_float,
        metavar="S",
        help="how long to wait for a receiver (zmq:), 60; for a radio that hangs, 10",
    )
    add_radio_options(parser)
    control_options.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Modulate and send."""
    from ..live.carousel import Carousel
    from .ends import open_sink, report, split
    from .on_air import OnAir

    scheme, _ = split(options.to, "--to")
    if options.repeat is None and scheme in ("file", "sigmf"):
        raise ImplicitJsccError(f"--repeat forever would fill the disk: {options.to}")
    maker = bursts.BurstMaker(options)
    loaded = [maker.load(path) for path in options.contents]
    on_air = OnAir("transmit", options, maker, Carousel(loaded))
    clean = options.repeat is None or options.control is not None
    with (
        control_options.serve(options, on_air.status, on_air.actions()),
        on_air.stopped_by_signals(clean),
        open_sink(
            options.to,
            options.sample_rate,
            options.timeout,
            options,
            keep_waiting=lambda: not on_air.stopping,
        ) as sink,
    ):
        on_air.send(sink, options.repeat)
    sent = [
        {
            "content_id": f"{one.content.content_id:08x}",
            **bursts.burst_figures(one.burst, options.sample_rate, maker.profile),
        }
        for one in on_air.carousel.items()
    ]
    return {
        **sent[0],
        "samples": on_air.samples,
        "turns": on_air.carousel.turns,
        "to": options.to,
        **report(sink),
        **({"contents": sent} if len(sent) > 1 else {}),
    }


def _turns(text: str) -> int | None:
    return None if text == _FOREVER else shared.positive_int(text)
