# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc encode``: overfit a source and write a container."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import options as shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..codec.encoded import EncodedSource
    from ..codec.encoder import Progress
    from ..codec.settings import EncoderSettings
    from ..codec.sources import Source


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "encode",
        parents=[common],
        help="overfit a picture, audio or an array: SOURCE -o X.ijscc",
        description="Overfit channel symbols and a neural decoder to one source. "
        "Ctrl-C ends it with the best so far.",
    )
    parser.add_argument("source", metavar="SOURCE", help="a picture, WAV, FLAC or .npy")
    parser.add_argument("-o", "--output", required=True, metavar="X.ijscc")
    parser.add_argument(
        "--snr",
        type=shared.snr_or_range,
        metavar="DB",
        help="design SNR, or a range of the receivers' SNRs, 0:20; 10",
    )
    shared.add_encoder_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Encode and write; the figures."""
    from ..codec import container, sources

    settings = shared.encoder_settings(options, options.snr)
    shared.check_folder(options.output)
    source = sources.read_source(options.source)
    encoded = encode_with_progress(source, settings)
    container.save(options.output, encoded)
    return {"output": options.output, **encoded.figures}


def encode_with_progress(source: Source, settings: EncoderSettings) -> EncodedSource:
    """Encode under a progress bar, which is drawn on terminals only."""
    from ..codec import encoder

    with _progress_bar() as show:
        return encoder.encode(source, settings, show, started=_process_started())


@contextmanager
def _progress_bar() -> Iterator[Callable[[Progress], None]]:
    from tqdm import tqdm

    layout = "{l_bar}{bar}| {postfix}"
    with tqdm(total=1.0, disable=not sys.stderr.isatty(), bar_format=layout) as bar:

        def show(progress: Progress) -> None:
            if bar.disable:
                return
            bar.n = progress.done
            bar.set_postfix_str(
                f"step {progress.step}, {progress.psnr_db:.2f} dB, "
                f"{progress.seconds_left:.0f} s left",
                refresh=False,
            )
            bar.update(0)
            bar.refresh()

        yield show


def _process_started() -> float:
    """``time.monotonic()`` when this process began; the time of its imports counts."""
    try:
        with open("/proc/self/stat", encoding="ascii") as file:
            # Field 22, counted from behind the command's name, which may hold spaces.
            ticks = int(file.read().rpartition(")")[2].split()[19])
        since_boot_s = ticks / os.sysconf("SC_CLK_TCK")
        # A process keeps its start over exec: ./run says when its set-up was done.
        started_s = max(since_boot_s, float(os.environ.get("IMPLICITJSCC_STARTED", "0")))
        return time.monotonic() - (time.clock_gettime(time.CLOCK_BOOTTIME) - started_s)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
