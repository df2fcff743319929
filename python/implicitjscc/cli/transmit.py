# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc transmit``: a container as baseband samples to a file or a radio link."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared
from .radio_options import add_radio_options

if TYPE_CHECKING:
    from ..phy.transmitter import Burst

_log = logging.getLogger(__name__)

# Zeros that let filters settle, and push a burst's end through the receiver's search: it works in
# blocks, and delivers a content when it has looked some 8,400 samples past its end.
SILENCE_BEFORE = 1024
_SILENCE_AFTER = 10_000


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "transmit",
        parents=[common],
        help="X.ijscc --to file:tx.cf32 | sigmf:BASE | zmq:ADDRESS | uhd:ARGS | soapy:ARGS | "
        "osmosdr:ARGS",
        description="Modulate a container and send its samples. file: writes raw little-endian "
        "complex64, full scale 1.0; sigmf:BASE writes BASE.sigmf-data and .sigmf-meta, "
        "sigmf:BASE?datatype=ci8 in another datatype (cf32_le, ci16_le, ci8); zmq: binds a PUB "
        "socket and sends at the sample rate; uhd:, soapy: and osmosdr: are radios "
        "(docs/hardware.md).",
    )
    parser.add_argument("content", metavar="X.ijscc")
    parser.add_argument("--to", required=True, metavar="END", help="SCHEME:WHERE, as above")
    shared.add_sample_rate(parser)
    parser.add_argument("--repeat", type=shared.positive_int, default=1, metavar="N", help="bursts")
    parser.add_argument(
        "--payload-rms",
        type=shared.positive_float,
        default=0.25,
        metavar="RMS",
        help="level of the payload, full scale 1.0; default: 0.25",
    )
    parser.add_argument(
        "--timeout",
        type=shared.positive_float,
        metavar="S",
        help="how long to wait for a receiver (zmq:), 60; for a radio that hangs, 10",
    )
    add_radio_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Modulate and send."""
    import numpy as np

    from ..codec import container
    from ..phy.transmitter import modulate
    from .ends import open_sink, report, split
    from .sigmf_ends import SigmfSink, sent_note

    split(options.to, "--to")
    if options.payload_rms > 1:
        raise ImplicitJsccError("the payload's rms must not be above 1, full scale")
    content = container.load(options.content).content()
    burst = modulate(content, payload_rms=options.payload_rms)
    samples = np.pad(burst.samples, (SILENCE_BEFORE, _SILENCE_AFTER))
    largest_rms = 10 ** (-burst.papr_db / 20)
    if options.payload_rms > largest_rms:
        _log.warning(
            "peaks are above full scale, a radio would clip them: --payload-rms %.3f is safe",
            largest_rms,
        )
    with open_sink(options.to, options.sample_rate, options.timeout, options) as sink:
        for _ in range(options.repeat):
            if isinstance(sink, SigmfSink):
                sink.annotate(sent_note(options.content, content, burst, options.sample_rate))
            sink.write(samples)
    return {
        "content_id": f"{content.content_id:08x}",
        "samples": options.repeat * samples.size,
        **burst_figures(burst, options.sample_rate),
        "to": options.to,
        **report(sink),
    }


def burst_figures(burst: Burst, sample_rate_hz: float) -> dict[str, Any]:
    """What there is to say of a burst."""
    from ..phy.profile import STANDARD

    return {
        "sample_rate_hz": sample_rate_hz,
        "samples_per_symbol": STANDARD.samples_per_symbol,
        "symbol_rate_hz": sample_rate_hz / STANDARD.samples_per_symbol,
        "frames": burst.frames,
        "overhead": burst.overhead,
        "payload_rms": burst.payload_rms,
        "papr_db": burst.papr_db,
    }
