#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step time, decode time, and rates of transmitter and receiver, as one table.

    python benchmarks/speed.py [--picture FILE] [--steps 20] [--runs 3]

Prints tab-separated values: what, median, minimum, maximum, unit. Without a picture it takes the
project's photograph.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from implicitjscc.codec import decoder, encoder, sources
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.symbol_channel import awgn
from implicitjscc.phy import channel
from implicitjscc.phy.detector import ChirpDetector
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PICTURE = Path(__file__).resolve().parents[1] / "examples" / "astronaut.png"
SNR_DB = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", default=str(PICTURE))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    image = sources.read_image(options.picture)
    height, width, _ = image.pixels.shape
    print(f"# {platform.processor() or platform.machine()}, {os.cpu_count()} cores,", end=" ")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {width}x{height}")
    print("what\tmedian\tminimum\tmaximum\tunit")

    settings = EncoderSettings(steps=options.steps, preset="draft")
    encoded = [encoder.encode(image, settings) for _ in range(options.runs)]
    show("training step", [run.figures["step_ms"] for run in encoded], "ms")

    content = encoded[0].content()
    received = awgn(content, SNR_DB, 0)
    seconds = timed(lambda: decoder.decode(received), options.runs + 1)[1:]
    show("decode", [1e3 * s for s in seconds], "ms")

    burst = modulate(content)
    samples = channel.awgn(channel.silence(burst.samples, 4096, 4096), SNR_DB, 0.25, seed=0)
    size = samples.size / 1e6
    seconds = timed(lambda: modulate(content), options.runs)
    show("transmit", [size / s for s in seconds], "Msamples/s")
    seconds = timed(lambda: receive(samples), options.runs)
    show("receive", [size / s for s in seconds], "Msamples/s")
    detector = ChirpDetector()
    piece = np.resize(samples, detector.before + detector.block + detector.after)
    seconds = timed(lambda: detector.search(piece, detector.before), 4 * options.runs)
    show("search", [detector.block / 1e6 / s for s in seconds], "Msamples/s")


def receive(samples: np.ndarray) -> None:
    """The whole receive path over one burst."""
    receiver = BurstReceiver()
    if len(receiver.push(samples) + receiver.flush()) != 1:
        raise SystemExit("the burst was not received")


def timed(job: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - began)
    return seconds


def show(what: str, values: list[float], unit: str) -> None:
    """One row."""
    row = (statistics.median(values), min(values), max(values))
    print(what, *(f"{value:.3g}" for value in row), unit, sep="\t", flush=True)


if __name__ == "__main__":
    main()
