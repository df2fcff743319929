# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc live``: what arrives in a folder goes on the air."""

from __future__ import annotations

import argparse
import logging
from contextlib import ExitStack
from typing import Any

from . import bursts, control_options
from . import options as shared
from .radio_options import add_radio_options

_log = logging.getLogger(__name__)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "live",
        parents=[common],
        help="FOLDER --to END: encode what arrives in a folder, and send the newest contents",
        description="Watch a folder. Pictures, WAV, FLAC and .npy that arrive in it are encoded in "
        "the background, newest first, and the newest contents take turns on the air until Ctrl-C, "
        "which lets the burst on the air end. .ijscc files are sent as they are.",
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--to", required=True, metavar="END", help="as for transmit")
    parser.add_argument(
        "--snr",
        type=shared.snr_or_range,
        metavar="DB",
        help="design SNR, or a range of the receivers' SNRs, 0:20; 10",
    )
    parser.add_argument(
        "--keep",
        type=shared.positive_int,
        default=8,
        metavar="N",
        help="newest contents on the carousel; 8",
    )
    parser.add_argument(
        "--queue",
        type=shared.positive_int,
        default=16,
        metavar="N",
        help="files that wait to be encoded; the oldest beyond are dropped; 16",
    )
    parser.add_argument(
        "--timeout", type=shared.positive_float, metavar="S", help="for a radio that hangs; 10"
    )
    bursts.add_options(parser)
    shared.add_encoder_options(parser)
    add_radio_options(parser)
    control_options.add_options(parser)
    parser.set_defaults(run=run, preset="draft")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Watch, encode and send, until it is stopped."""
    from ..codec.sources import is_source_ending
    from ..live.carousel import Carousel
    from ..live.encoder import LiveEncoder
    from .encoder_arguments import encoder_arguments
    from .ends import open_sink, report, split
    from .live_station import LiveStation

    scheme, _ = split(options.to, "--to")
    shared.encoder_settings(options, options.snr)  # what is wrong with them is said now
    station = LiveStation(options, bursts.BurstMaker(options), Carousel(capacity=options.keep))
    encoder = LiveEncoder(
        options.folder,
        encoder_arguments(options),
        station.deliver,
        is_source_ending,
        options.queue,
    )
    station.encoder = encoder
    on_air = station.on_air
    with ExitStack() as stack:
        stack.enter_context(on_air.stopped_by_signals(True))
        stack.enter_context(control_options.serve(options, on_air.status, station.actions()))
        stack.enter_context(encoder)
        sink = stack.enter_context(open_sink(options.to, options.sample_rate, 0.0, options))
        _log.info("%s: watched; zeros are sent until a content is encoded", options.folder)
        on_air.send(sink, None, paced=scheme in ("file", "sigmf"))
    return {
        "to": options.to,
        "bursts": on_air.bursts,
        "samples": on_air.samples,
        **station.counters(),
        **report(sink),
    }
