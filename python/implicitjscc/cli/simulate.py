# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc simulate``: quality over the paper's ideal channel, without GNU Radio."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from ..errors import ImplicitJsccError
from . import options as shared


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "simulate",
        parents=[common],
        help="quality over ideal noise: X.ijscc --reference SOURCE",
        description="Send, receive and decode over independent Gaussian noise on every symbol.",
    )
    parser.add_argument("content", metavar="X.ijscc")
    parser.add_argument("--reference", required=True, metavar="SOURCE", help="what was encoded")
    parser.add_argument(
        "--snr",
        type=shared.snr,
        action="append",
        metavar="DB",
        help="may be given several times; the design SNR",
    )
    parser.add_argument("--trials", type=shared.positive_int, default=5, metavar="N", help="5")
    parser.add_argument("--noise-seed", type=int, default=0, metavar="N", help="0")
    shared.add_engine(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Simulate every SNR."""
    from ..codec import container, simulation, sources

    if options.noise_seed < 0:
        raise ImplicitJsccError("the seed of the noise must not be negative")
    encoded = container.load(options.content)
    reference = sources.read_source(options.reference)
    qualities = [
        simulation.simulate(
            encoded, reference, snr_db, options.trials, options.noise_seed, options.engine
        )
        for snr_db in options.snr or [encoded.profile.snr_db]
    ]
    results = [asdict(quality) for quality in qualities]
    decode_ms = sum(result.pop("decode_ms") for result in results) / len(results)
    return {"results": results, "trials": options.trials, "decode_ms": decode_ms}
