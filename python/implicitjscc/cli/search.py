# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc search``: the allocation of best PSNR under a budget, as a profile file."""

from __future__ import annotations

import argparse
import hashlib
import logging
import time
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared

if TYPE_CHECKING:
    from ..codec.allocation import Allocation
    from ..codec.search import Measurement, Search
    from ..codec.sources import Source

_log = logging.getLogger(__name__)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "search",
        parents=[common],
        help="best allocation for a picture: SOURCE -o profile.json",
        description="Encode a picture with a short budget again and again, to find the levels, the "
        "decoder's width and the parameters' power of best PSNR. `encode --profile` takes the "
        "result. Ctrl-C keeps the best so far; the same command again goes on where it ended.",
    )
    parser.add_argument("source", metavar="SOURCE", help="a picture")
    parser.add_argument("-o", "--output", required=True, metavar="PROFILE.json")
    parser.add_argument(
        "--snr", type=shared.snr_or_range, default=10.0, metavar="DB", help="or a range, 0:20; 10"
    )
    parser.add_argument(
        "--bandwidth-ratio", type=shared.ratio, metavar="R", help="k / (N C); 11/48"
    )
    parser.add_argument(
        "--macs", type=shared.positive_float, metavar="N", help="most multiplications a pixel"
    )
    parser.add_argument(
        "--steps", type=shared.positive_int, default=200, metavar="N", help="a candidate; 200"
    )
    parser.add_argument(
        "--candidates", type=shared.positive_int, metavar="N", help="encode at most so many"
    )
    parser.add_argument(
        "--seconds", type=shared.positive_float, metavar="S", help="wall time of the search"
    )
    parser.add_argument(
        "--trials", type=shared.positive_int, default=8, metavar="N", help="draws a candidate; 8"
    )
    parser.add_argument("--moves", metavar="A,B", help="dimensions to search; all")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--parameters",
        choices=shared.PARAMETER_STRATEGIES,
        default="coded",
        help="how they are sent; coded",
    )
    shared.add_parameter_bits(parser)
    shared.add_engine(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Search, saving the best after every candidate."""
    from ..codec import profile_file, sources
    from ..codec.search import Budget, Search
    from ..codec.settings import EncoderSettings

    shared.check_folder(options.output)
    moves = _moves(options.moves)
    snr_db, snr_range_db = shared.design_snr(options.snr)
    settings = EncoderSettings(
        snr_db=snr_db,
        snr_range_db=snr_range_db,
        bandwidth_ratio=options.bandwidth_ratio,
        steps=options.steps,
        seed=options.seed,
        engine=options.engine,
        parameters=options.parameters,
        parameter_bits=options.parameter_bits,
    )
    source = sources.read_source(options.source)
    budget = Budget(options.macs or inf, options.trials, options.candidates, options.seconds)
    conditions = _conditions(options, source)
    known = _known(options.output, conditions)
    search = Search(source, settings, budget, known, moves)
    if known:
        _log.info("going on: %d candidates are known already", len(known))
    began = time.monotonic()

    def report(found: Measurement, best: bool) -> None:
        _log.info(
            "%4.0f s  %.2f +- %.2f dB  %5.0f mult./pixel  %s%s",
            time.monotonic() - began,
            found.psnr_db,
            found.error_db,
            found.macs_per_pixel,
            _text(found.allocation),
            "  <- best so far" if best else "",
        )
        profile_file.save(options.output, *_contents(search, conditions))

    search.run(report)
    if search.best is None:
        raise ImplicitJsccError(f"{search.ended} before one candidate was measured")
    _log.info("%s after %d encodings", search.ended, search.encoded)
    return {
        "output": options.output,
        "psnr_db": search.best.psnr_db,
        "psnr_error_db": search.best.error_db,
        "snr_db": snr_db,
        "snr_range_db": snr_range_db and list(snr_range_db),
        "bandwidth_ratio": float(search.settings.bandwidth_ratio or 0),
        "macs_per_pixel": search.best.macs_per_pixel,
        **search.best.allocation.plain(),
        "steps": options.steps,
        "candidates": search.encoded,
        "ended": search.ended,
    }


def _moves(names: str | None) -> dict[str, Any]:
    from ..codec.moves import MOVES

    if names is None:
        return MOVES
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in MOVES:
            raise ImplicitJsccError(f"no move {name!r}: there are {', '.join(MOVES)}")
    return {name: MOVES[name] for name in wanted}


def _conditions(options: argparse.Namespace, source: Source) -> dict[str, Any]:
    """What must be equal for measurements to be comparable."""
    snr = list(options.snr) if isinstance(options.snr, tuple) else options.snr
    return {
        "source_sha256": hashlib.sha256(
            repr((source.size, source.format)).encode() + source.normalised().tobytes()
        ).hexdigest(),
        "snr_db": snr,
        "bandwidth_ratio": options.bandwidth_ratio and str(options.bandwidth_ratio),
        "steps": options.steps,
        "parameters": options.parameters,
        "trials": options.trials,
        "seed": options.seed,
    }


def _known(output: str, conditions: dict[str, Any]) -> dict[Allocation, Measurement]:
    """Measurements that the output holds already from a search under these conditions."""
    from ..codec import profile_file
    from ..codec.allocation import Allocation
    from ..codec.search import Measurement

    if not Path(output).exists():
        return {}
    _, search = profile_file.load(output)
    if search.get("conditions") != conditions:
        raise ImplicitJsccError(
            f"{output}: is of another search (source, SNR, ratio, steps, trials or seed differ): "
            "name another output"
        )
    known = {}
    try:
        for row in search["candidates"]:
            values = dict(row["allocation"])
            values["level_channels"] = tuple(values["level_channels"])
            allocation = Allocation(**values)
            figures = (float(row[k]) for k in ("psnr_db", "error_db", "macs_per_pixel"))
            known[allocation] = Measurement(allocation, *figures)
    except (KeyError, TypeError, ValueError):
        raise ImplicitJsccError(f"{output}: damaged (its candidates make no sense)") from None
    return known


def _contents(search: Search, conditions: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and record of a profile file."""
    assert search.best is not None
    settings = {
        "snr_db": search.settings.snr_db,
        "snr_range_db": search.settings.snr_range_db,
        "bandwidth_ratio": search.settings.bandwidth_ratio,
        "parameters": search.settings.strategy,
        **asdict(search.best.allocation),
    }
    candidates = [
        {
            "allocation": found.allocation.plain(),
            "psnr_db": found.psnr_db,
            "error_db": found.error_db,
            "macs_per_pixel": found.macs_per_pixel,
        }
        for found in search.measured.values()
    ]
    return settings, {"conditions": conditions, "candidates": candidates}


def _text(allocation: Allocation) -> str:
    levels = ",".join(map(str, allocation.level_channels))
    parts = [f"L {levels}", f"d {allocation.hidden_dim}"]
    if allocation.repetition_lsm is not None:
        parts.append(f"kappa_L {allocation.repetition_lsm}")
    if allocation.power_db is not None:
        parts.append(f"power {allocation.power_db:g} dB")
    if allocation.parameter_bits is not None:
        parts.append(f"{allocation.parameter_bits:g} bits")
    return ", ".join(parts) + ("" if allocation.noise_matrix else ", no M")
