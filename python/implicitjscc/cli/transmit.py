# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc transmit``: containers as baseband samples to a file or a radio link."""

from __future__ import annotations

import argparse
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared
from .radio_options import add_radio_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..content import Content
    from ..phy.profile import WaveformProfile
    from ..phy.transmitter import Burst

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedBurst:
    """A container's burst.

    Attributes:
        path: of the container.
        content: in it.
        burst: modulated.
    """

    path: str
    content: Content
    burst: Burst


# Zeros that let filters settle, and push a burst's end through the receiver's search: it works in
# blocks, and delivers a content when it has looked some 8,400 samples past its end (at 2 a
# symbol).
SILENCE_BEFORE = 512
_SILENCE_AFTER = 5000
_CHUNK = 1 << 18


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
    shared.add_sample_rate(parser)
    shared.add_waveform(parser)
    parser.add_argument("--repeat", type=shared.positive_int, default=1, metavar="N", help="turns")
    parser.add_argument(
        "--pause",
        type=shared.duration_s,
        default=0.0,
        metavar="S",
        help="zeros between bursts, beside the 5,512 symbols of them that are always there; 0",
    )
    level = parser.add_mutually_exclusive_group()
    level.add_argument(
        "--level-dbfs",
        type=shared.level_dbfs,
        metavar="DB",
        help="rms of the payload, 0 for full scale 1.0; default: -12.04",
    )
    level.add_argument(
        "--payload-rms",
        type=shared.positive_float,
        metavar="RMS",
        help="the same as a factor; default: 0.25",
    )
    parser.add_argument(
        "--clip-db",
        type=shared.positive_float,
        metavar="DB",
        help="largest magnitude over the payload's rms; default: none",
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
    from ..codec import container
    from ..phy.transmitter import modulate
    from .ends import open_sink, report, split
    from .sigmf_ends import SigmfSink, sent_note

    split(options.to, "--to")
    profile = shared.waveform(options)
    payload_rms = _payload_rms(options)
    bursts = []
    for path in options.contents:
        content = container.load(path).content()
        burst = modulate(content, profile, payload_rms, options.clip_db)
        _warn_of_peaks(path, burst, profile)
        bursts.append(LoadedBurst(path, content, burst))
    samples = 0
    with open_sink(options.to, options.sample_rate, options.timeout, options) as sink:
        for loaded, piece in _carousel(bursts, options, profile.samples_per_symbol):
            if isinstance(sink, SigmfSink) and loaded is not None:
                sink.annotate(sent_note(loaded, options.sample_rate, profile))
            sink.write(piece)
            samples += piece.size
    sent = [
        {
            "content_id": f"{loaded.content.content_id:08x}",
            **burst_figures(loaded.burst, options.sample_rate, profile),
        }
        for loaded in bursts
    ]
    return {
        **sent[0],
        "samples": samples,
        "turns": options.repeat,
        "to": options.to,
        **report(sink),
        **({"contents": sent} if len(sent) > 1 else {}),
    }


def _carousel(
    bursts: list[LoadedBurst], options: argparse.Namespace, samples_per_symbol: int
) -> Iterator[tuple[LoadedBurst | None, NDArray[Any]]]:
    """Turn after turn, all contents in their order, a pause (of nothing) between any two bursts."""
    import numpy as np

    pause = round(options.pause * options.sample_rate)
    silence = SILENCE_BEFORE * samples_per_symbol, _SILENCE_AFTER * samples_per_symbol
    for turn in range(options.repeat):
        for place, loaded in enumerate(bursts):
            left = pause if turn or place else 0
            while left > 0:
                yield None, np.zeros(min(left, _CHUNK), np.complex64)
                left -= _CHUNK
            yield loaded, np.pad(loaded.burst.samples, silence)


def _payload_rms(options: argparse.Namespace) -> float:
    from ..phy.transmitter import DEFAULT_PAYLOAD_RMS

    if options.level_dbfs is not None:
        return float(10 ** (options.level_dbfs / 20))
    rms = options.payload_rms
    if rms is not None and rms > 1:
        raise ImplicitJsccError("the payload's rms must not be above 1, full scale")
    return DEFAULT_PAYLOAD_RMS if rms is None else float(rms)


def _warn_of_peaks(path: str, burst: Burst, profile: WaveformProfile) -> None:
    """Full scale is the end of what a radio can send: say what it would make of this burst."""
    from ..phy.transmitter import clip, distortion_snr_db

    if burst.clipped:
        _log.info(
            "%s: %.2g %% of the samples are clipped, which leaves %.1f dB of signal to distortion",
            *(path, 100 * burst.clipped, burst.clipping_snr_db),
        )
    level_dbfs = 20 * math.log10(burst.payload_rms)
    if level_dbfs + burst.papr_db <= 0.01:
        return
    limited, _ = clip(burst.samples, 1.0)
    snr_db = distortion_snr_db(burst.samples - limited, burst.payload_rms, profile)
    cures = f"--level-dbfs {math.floor(-burst.papr_db)} sends it whole"
    if not profile.spreading_symbols:
        cures += ", and the shipped waveforms spread the peaks"
    _log.warning(
        "%s: peaks are above full scale; a radio would clip them, which leaves %.1f dB of signal "
        "to distortion: %s",
        *(path, snr_db, cures),
    )


def burst_figures(burst: Burst, sample_rate_hz: float, profile: WaveformProfile) -> dict[str, Any]:
    """What there is to say of a burst."""
    return {
        "waveform": profile.name,
        "sample_rate_hz": sample_rate_hz,
        "samples_per_symbol": profile.samples_per_symbol,
        "symbol_rate_hz": sample_rate_hz / profile.samples_per_symbol,
        "frames": burst.frames,
        "overhead": burst.overhead,
        "payload_rms": burst.payload_rms,
        "payload_dbfs": 20 * math.log10(burst.payload_rms),
        "papr_db": burst.papr_db,
        "clipped": burst.clipped,
        "clipping_snr_db": burst.clipping_snr_db,
    }
