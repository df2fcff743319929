# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc receive``: baseband samples from a file or a radio link to sources."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared
from . import session
from .radio_options import add_radio_options

if TYPE_CHECKING:
    from ..content import Content
    from ..phy.receiver import BurstReceiver, Reception

_log = logging.getLogger(__name__)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "receive",
        parents=[common],
        help="--from file:rx.cf32 | sigmf:BASE | zmq:ADDRESS | uhd:ARGS | soapy:ARGS | "
        "osmosdr:ARGS -o OUT",
        description="Find bursts in a stream of samples and rebuild what they carry. Several "
        "contents go to OUT-<content id>.ext.",
    )
    parser.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="END",
        help="SCHEME:WHERE, as above; sigmf:BASE?verify=yes checks the recording's hash",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="a file: .png, .wav, .flac, .npy, ..."
    )
    parser.add_argument("--reference", metavar="SOURCE", help="what was encoded, for the PSNR")
    parser.add_argument(
        "--truth", metavar="X.ijscc", help="what was sent, for the Es/N0 loss; needs --snr"
    )
    parser.add_argument("--snr", type=shared.snr, metavar="DB", help="nominal Es/N0, with --truth")
    parser.add_argument(
        "--contents",
        type=shared.positive_int,
        metavar="N",
        help="end after so many different contents; default: all of a file, one of a link",
    )
    parser.add_argument(
        "--timeout",
        type=shared.positive_float,
        metavar="S",
        help="end when a link brings no samples for so long; default: 60, a radio 10",
    )
    session.add_options(parser)
    add_radio_options(parser)
    shared.add_sample_rate(parser)
    shared.add_engine(parser)
    parser.set_defaults(run=run, parser=parser, sample_rate=None)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Receive, decode and write."""
    from ..codec import container, sources
    from ..phy.receiver import BurstReceiver
    from .ends import report

    if (options.truth is None) != (options.snr is None):
        options.parser.error("--truth and --snr need each other")
    shared.check_folder(options.output)
    sources.check_ending(options.output)
    reference = sources.read_source(options.reference) if options.reference else None
    truth = container.load(options.truth).content() if options.truth else None
    with session.Session(options, truth) as beside:
        receiver = BurstReceiver(sample_rate_hz=beside.sample_rate_hz, observer=beside.observer)
        best = _receive(options, receiver, beside)
        radio = report(beside.source)
    if not best:
        raise ImplicitJsccError(_nothing(receiver))
    results, failures = [], []
    for reception in best.values():
        try:
            results.append(_rebuild(reception, options, reference, truth, len(best) > 1))
        except (ImplicitJsccError, MemoryError, RuntimeError) as error:
            # PyTorch says with a RuntimeError that there is not enough memory.
            failures.append(str(error).partition("\n")[0] or "not enough memory")
    if not results:
        raise ImplicitJsccError(failures[0])
    for failure in failures:
        _log.warning("%s", failure)
    counters = receiver.stats.as_dict()
    return {
        **results[-1],
        "header_errors": counters["header_errors"],
        "contents": len(results),
        "sample_rate_hz": beside.sample_rate_hz,
        "counters": counters,
        **radio,
        **({"results": results} if len(results) > 1 else {}),
    }


def _receive(
    options: argparse.Namespace, receiver: BurstReceiver, beside: session.Session
) -> dict[int, Reception]:
    """The best reception of each content; Ctrl-C ends with what there is."""
    best: dict[int, Reception] = {}
    enough = options.contents
    if enough is None and not options.source.startswith(("file:", "sigmf:")):
        enough = 1
    with beside.source as source:
        try:
            for samples in source.chunks():
                beside.record(samples)
                _keep_best(best, receiver.push(samples))
                if enough is not None and len(best) >= enough:
                    return dict(list(best.items())[:enough])
        except KeyboardInterrupt:
            _log.warning("interrupted: what has come so far is kept")
    _keep_best(best, receiver.flush())
    return best if enough is None else dict(list(best.items())[:enough])


def _keep_best(best: dict[int, Reception], receptions: list[Reception]) -> None:
    for reception in receptions:
        content_id = reception.received.content_id
        _log.info(
            "content %08x: %d of %d frames, SNR %.2f dB, CFO %.1f Hz",
            content_id,
            reception.frames_received,
            reception.frames_received + reception.frames_lost,
            reception.snr_db,
            reception.cfo_hz,
        )
        known = best.get(content_id)
        if known is None or reception.frames_lost < known.frames_lost:
            best[content_id] = reception


def _rebuild(
    reception: Reception,
    options: argparse.Namespace,
    reference: Any,
    truth: Content | None,
    several: bool,
) -> dict[str, Any]:
    from ..codec import decoder, metrics, sources

    received = reception.received
    decoded = decoder.decode(received, options.engine)
    source = decoded.source
    output = Path(options.output)
    if several:
        output = output.with_name(f"{output.stem}-{received.content_id:08x}{output.suffix}")
    output = sources.fitting_path(output, source)
    sources.write_source(output, source)
    result: dict[str, Any] = {
        "content_id": f"{received.content_id:08x}",
        "output": os.fspath(output),
        "decoder": decoded.decoder,
        "snr_db": reception.snr_db,
        "cfo_hz": reception.cfo_hz,
        "sro_ppm": reception.sro_ppm,
        "level_dbfs": reception.level_dbfs,
        "frames_received": reception.frames_received,
        "frames_lost": reception.frames_lost,
        "frame_snr_db": reception.frame_snr_db,
    }
    if reception.frames_lost:
        _log.warning(
            "content %08x: %d frames are lost, it is rebuilt from the others",
            received.content_id,
            reception.frames_lost,
        )
    if decoded.decoder == "approximate":
        _log.warning(
            "content %08x: the decoder's parameters are lost, the picture is a grey likeness",
            received.content_id,
        )
    if reference is not None:
        try:
            result["psnr_db"] = metrics.psnr_db(reference, source)
        except ImplicitJsccError as error:
            _log.warning("no PSNR of content %08x: %s", received.content_id, error)
    if truth is not None:
        result["es_n0_loss_db"] = _es_n0_loss_db(reception, truth, options.snr)
    return result


def _es_n0_loss_db(reception: Reception, truth: Content, snr_db: float) -> float | None:
    """How much noisier the received symbols are than the nominal Es/N0 says."""
    import numpy as np

    received = reception.received
    if received.content_id != truth.content_id:
        _log.warning("no Es/N0 loss of content %08x: the truth is another", received.content_id)
        return None
    arrived = ~received.lost
    error = received.symbols[arrived].astype(np.complex128) - truth.symbols[arrived]
    return float(10 * np.log10(np.mean(np.abs(error) ** 2)) + snr_db)


def _nothing(receiver: BurstReceiver) -> str:
    counters = receiver.stats.as_dict()
    parts = [f"{counters['samples']} samples", f"{counters['preambles']} preambles"]
    for key in ("header_errors", "headers_refused", "invalid_samples"):
        if counters[key]:
            parts.append(f"{counters[key]} {key.replace('_', ' ')}")
    return f"nothing was received: {', '.join(parts)}"
