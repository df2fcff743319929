# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc loopback``: both ends of the link in one GNU Radio flowgraph, headless."""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import channel_options
from . import options as shared
from .bursts import burst_figures

if TYPE_CHECKING:
    from ..content import ReceivedContent


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "loopback",
        parents=[common],
        help="a source or X.ijscc through a simulated radio link",
        description="Encode (a source) or load (a container), and send it through a GNU Radio "
        "flowgraph: Transmitter, Channel Laboratory, Receiver, Decoder.",
    )
    parser.add_argument(
        "source", metavar="SOURCE_OR_CONTENT", help="a picture, WAV, FLAC, .npy or X.ijscc"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="file to write; default: none")
    parser.add_argument("--reference", metavar="SOURCE", help="for the PSNR; a source itself")
    shared.add_sample_rate(parser)
    shared.add_waveform(parser)
    channel_options.add(parser)
    parser.add_argument("--repeat", type=shared.positive_int, default=1, metavar="N", help="bursts")
    shared.add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Encode where there is a source, and run the flowgraph."""
    from ..codec import container, sources

    encoding = Path(options.source).suffix.lower() != ".ijscc"
    if options.output:
        shared.check_folder(options.output)
        sources.check_ending(options.output)
    channel_options.settings(options)
    _require_gnuradio()
    with tempfile.TemporaryDirectory() as folder:
        content, reference = options.source, options.reference
        figures: dict[str, Any] = {}
        if encoding:
            from .encode import encode_with_progress

            source = sources.read_source(options.source)
            if options.output:
                sources.check_ending(options.output, source)
            settings = shared.encoder_settings(options, options.snr)
            encoded = encode_with_progress(source, settings)
            content = str(Path(folder) / "content.ijscc")
            container.save(content, encoded)
            figures["encode"] = encoded.figures
            reference = reference or options.source
        figures.update(send(content, reference, options)[0])
    return figures


def send(
    content: str, reference: str | None, options: argparse.Namespace
) -> tuple[dict[str, Any], ReceivedContent]:
    """Send a container through the flowgraph.

    Args:
        content: path of the container.
        reference: path of the source, or None.
        options: what the sub-command parsed.

    Returns:
        both ends' figures, and the last content as it came from the receiver.

    Raises:
        ImplicitJsccError: nothing came through.
    """
    _require_gnuradio()
    from gnuradio import blocks, gr, implicitjscc
    from gnuradio.implicitjscc import pdu

    profile = shared.waveform(options)
    waveform = {
        "waveform": options.waveform,
        "samples_per_symbol": profile.samples_per_symbol,
    }
    transmitter = implicitjscc.transmitter(
        content_file=content,
        repeat=options.repeat,
        payload_rms=channel_options.PAYLOAD_RMS,
        **waveform,
    )
    impairments = dataclasses.asdict(channel_options.settings(options))
    channel = implicitjscc.channel_laboratory(impairments.pop("sample_rate_hz"), **impairments)
    receiver = implicitjscc.receiver(sample_rate=options.sample_rate, **waveform)
    decoder = implicitjscc.decoder(
        output_file=options.output or "", reference_file=reference or "", engine=options.engine
    )
    flowgraph = gr.top_block("Implicit-JSCC loopback")
    flowgraph.connect(transmitter, channel, receiver)
    flowgraph.msg_connect((receiver, "received"), (decoder, "received"))
    kept = blocks.message_debug()
    flowgraph.msg_connect((receiver, "received"), (kept, "store"))
    flowgraph.start()
    try:
        flowgraph.wait()
    except KeyboardInterrupt:
        flowgraph.stop()
        flowgraph.wait()
        raise
    counters = receiver.stats
    if not decoder.last_report:
        raise ImplicitJsccError(
            f"nothing came through at {options.snr:g} dB: {counters['preambles']} preambles, "
            f"{counters['header_errors']} header errors, {counters['headers_refused']} refused"
        )
    counters = {**counters, "dropped_samples": channel.stats["dropped_samples"]}
    report = {
        **_sent(content, options),
        **_plain(decoder.last_report),
        **_counted(counters, decoder),
    }
    received, _ = pdu.to_received(kept.get_message(kept.num_messages() - 1))
    return report, received


def _sent(content: str, options: argparse.Namespace) -> dict[str, Any]:
    from ..codec import container
    from ..phy.transmitter import modulate

    profile = shared.waveform(options)
    burst = modulate(container.load(content).content(), profile, channel_options.PAYLOAD_RMS)
    return {
        "samples": burst.samples.size,
        **burst_figures(burst, options.sample_rate, profile),
        "channel": options.channel,
        "channel_snr_db": options.snr,
        "channel_cfo_hz": options.cfo_hz,
        "channel_sro_ppm": options.sro_ppm,
    }


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    return {**report, "content_id": f"{report['content_id']:08x}"}


def _counted(counters: dict[str, Any], decoder: Any) -> dict[str, Any]:
    contents = {report["content_id"] for report in decoder.reports}
    return {
        "header_errors": counters["header_errors"],
        "contents": len(contents),
        "counters": counters,
    }


def _require_gnuradio() -> None:
    # GNU Radio logs to standard output, which belongs to the result.
    os.environ.setdefault("GR_CONF_LOG_LOG_FILE", "stderr")
    try:
        import gnuradio.implicitjscc  # noqa: F401
    except ImportError as error:
        raise ImplicitJsccError(
            f"this needs GNU Radio and the project's blocks ({error}): `implicitjscc doctor`"
        ) from None
