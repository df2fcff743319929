#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates of transmitter, receiver and channel, as one table; engine_speed.py has the codec's.

    python benchmarks/speed.py [--picture FILE] [--runs 3]

Prints tab-separated values: what, median, minimum, maximum, unit. Without a picture it takes the
project's photograph.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import report

from implicitjscc.channel import Channel, ChannelSettings, impair
from implicitjscc.codec import encoder, sources
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.phy.detector import ChirpDetector
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

PICTURE = Path(__file__).resolve().parents[1] / "examples" / "astronaut.png"
SNR_DB = 10.0
USUAL = ChannelSettings(
    snr_db=SNR_DB,
    cfo_hz=50e3,
    sro_ppm=20.0,
    delay_samples=0.3,
    linewidth_hz=1.0,
    bits=8,
    dc_dbc=-20.0,
    iq_gain_db=0.5,
    iq_phase_deg=2.0,
)
CHANNELS = {
    "noise only": ChannelSettings(snr_db=SNR_DB),
    "all usual impairments": USUAL,
    "the same and two echoes": USUAL.but(multipath="two_echoes"),
    "the same and TDL-C, 20 Hz": USUAL.but(multipath="tdl_c", doppler_hz=20.0),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", default=str(PICTURE))
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    image = sources.read_image(options.picture)
    print(*report.origin(), sep="\n")
    print("what\tmedian\tminimum\tmaximum\tunit")

    encoded = encoder.encode(image, EncoderSettings(steps=1, preset="draft"))
    content = encoded.content()
    burst = modulate(content)
    clean = np.pad(burst.samples, 4096)
    samples = impair(clean, ChannelSettings(snr_db=SNR_DB))
    echoing = impair(clean, ChannelSettings(snr_db=SNR_DB, multipath="two_echoes"))
    size = samples.size / 1e6
    seconds = timed(lambda: modulate(content), options.runs)
    show("transmit", [size / s for s in seconds], "Msamples/s")
    seconds = timed(lambda: receive(samples), options.runs)
    show("receive", [size / s for s in seconds], "Msamples/s")
    seconds = timed(lambda: receive(echoing), options.runs)
    show("receive, equalised", [size / s for s in seconds], "Msamples/s")
    detector = ChirpDetector()
    piece = np.resize(samples, detector.before + detector.block + detector.after)
    seconds = timed(lambda: detector.search(piece, detector.before), 4 * options.runs)
    show("search", [detector.block / 1e6 / s for s in seconds], "Msamples/s")
    for name, settings in CHANNELS.items():
        link = Channel(settings)
        seconds = timed(partial(link.process, samples), options.runs)
        show(f"channel, {name}", [size / s for s in seconds], "Msamples/s")


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
    print(report.row(what, *report.spread(values), unit), flush=True)


if __name__ == "__main__":
    main()
