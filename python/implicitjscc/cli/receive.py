# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc receive``: baseband samples from a file or a radio link to sources."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import control_options, session
from . import options as shared
from .content_writer import ContentWriter
from .radio_options import add_radio_options

if TYPE_CHECKING:
    from ..phy.combiner import Combiner
    from ..phy.receiver import BurstReceiver, Reception
    from .receiver_monitor import ReceiverMonitor

_log = logging.getLogger(__name__)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "receive",
        parents=[common],
        help="--from file:rx.cf32 | sigmf:BASE | zmq:ADDRESS | uhd:ARGS | soapy:ARGS | "
        "osmosdr:ARGS -o OUT",
        description="Find bursts in a stream of samples and rebuild what they carry. Several "
        "contents go to OUT-<content id>.ext. What is received again is combined, so that each "
        "time improves it.",
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
        "--receptions",
        type=shared.positive_int,
        default=1,
        metavar="N",
        help="where it ends after some contents: each as soon as it has come so often; 1",
    )
    parser.add_argument(
        "--timeout",
        type=shared.positive_float,
        metavar="S",
        help="end when a link brings no samples for so long; default: 60, a radio 10",
    )
    session.add_options(parser)
    add_radio_options(parser)
    control_options.add_options(parser)
    shared.add_sample_rate(parser)
    shared.add_waveform(parser)
    shared.add_engine(parser)
    parser.set_defaults(run=run, parser=parser, sample_rate=None)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Receive, decode and write."""
    from ..codec import container, sources
    from ..phy.combiner import Combiner
    from ..phy.receiver import BurstReceiver
    from .ends import report
    from .receiver_monitor import ReceiverMonitor

    if (options.truth is None) != (options.snr is None):
        options.parser.error("--truth and --snr need each other")
    shared.check_folder(options.output)
    sources.check_ending(options.output)
    reference = sources.read_source(options.reference) if options.reference else None
    truth = container.load(options.truth).content() if options.truth else None
    combiner = Combiner()
    writer = ContentWriter(options, reference, truth)
    with session.Session(options, truth) as beside:
        receiver = BurstReceiver(
            shared.waveform(options), beside.sample_rate_hz, observer=beside.observer
        )
        monitor = ReceiverMonitor(options, receiver, combiner, beside.source)
        with control_options.serve(options, monitor.status, monitor.actions()):
            for reception in _receive(options, receiver, combiner, beside, monitor):
                writer.write(reception, several=True)
        radio = report(beside.source)
    rest = combiner.contents()
    for _, reception in rest[: options.contents]:
        writer.write(reception, several=writer.written > 0 or len(rest[: options.contents]) > 1)
    counters = {**receiver.stats.as_dict(), **combiner.stats.as_dict()}
    if not writer.written:
        raise ImplicitJsccError(_nothing(counters))
    return {
        **writer.last(),
        "header_errors": counters["header_errors"],
        "contents": len(writer.results),
        "sample_rate_hz": beside.sample_rate_hz,
        "counters": counters,
        **radio,
        **({"results": writer.results} if len(writer.results) > 1 else {}),
    }


def _receive(
    options: argparse.Namespace,
    receiver: BurstReceiver,
    combiner: Combiner,
    beside: session.Session,
    monitor: ReceiverMonitor,
) -> Iterator[Reception]:
    """Fill the combiner; gives what it has no room for. Ctrl-C ends with what there is."""
    from .ends import Gapped

    enough = options.contents
    if enough is None and not options.source.startswith(("file:", "sigmf:")):
        enough = 1
    complete: set[int] = set()
    with beside.source as source:
        try:
            for samples in source.chunks():
                beside.record(samples)
                monitor.take(samples)
                if isinstance(source, Gapped) and source.after_gap:
                    receiver.note_discontinuity()
                receptions = receiver.push(samples)
                yield from _combine(receptions, combiner, options, complete, monitor)
                if enough is not None and len(complete) >= enough:
                    return
                if monitor.stopping:
                    _log.info("stopped: what has come so far is kept")
                    break
        except KeyboardInterrupt:
            _log.warning("interrupted: what has come so far is kept")
    yield from _combine(receiver.flush(), combiner, options, complete, monitor)


def _combine(
    receptions: list[Reception],
    combiner: Combiner,
    options: argparse.Namespace,
    complete: set[int],
    monitor: ReceiverMonitor,
) -> Iterator[Reception]:
    for reception in receptions:
        number, whole, evicted = combiner.add(reception)
        monitor.heard(number, reception, whole)
        _log.info(
            "content %08x: %d of %d frames, SNR %.2f dB, CFO %.1f Hz%s",
            reception.received.content_id,
            reception.frames_received,
            reception.frames_received + reception.frames_lost,
            reception.snr_db,
            reception.cfo_hz,
            ""
            if whole.receptions == 1
            else f"; {whole.receptions} receptions together: {whole.frames_lost} frames lost, "
            f"SNR {whole.snr_db:.2f} dB",
        )
        if whole.receptions >= options.receptions:
            complete.add(number)
        yield from (content for _, content in evicted)


def _nothing(counters: dict[str, Any]) -> str:
    parts = [f"{counters['samples']} samples", f"{counters['preambles']} preambles"]
    for key in ("header_errors", "headers_refused", "other_waveform", "invalid_samples"):
        if counters[key]:
            parts.append(f"{counters[key]} {key.replace('_', ' ')}")
    text = f"nothing was received: {', '.join(parts)}"
    if counters["header_errors"] and not counters["headers_refused"]:
        text += "; is --waveform the transmitter's?"
    return text
