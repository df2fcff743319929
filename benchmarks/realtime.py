# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the teaching flowgraph with its display keep up with the air, and what does it take?

    python benchmarks/realtime.py CONTENT REFERENCE [--sample-rate 2e6] [--seconds 300]
        [--pause 0.01] [--samples-per-symbol 2] [--receiver-only]

Runs transmitter, channel, receiver, decoder and display in one process, with noise only, as the
program that ``flowgraphs/teaching_loopback.grc`` becomes: the throttle sets the pace, as a radio
would. Behind it stands a probe. A flowgraph that keeps up passes ``sample_rate`` samples a second;
where it falls more than half a second behind, a radio in its place would overflow: that is counted,
and what would have been lost is let go. Needs PyQt5, and a screen: without one,
``QT_QPA_PLATFORM=offscreen`` paints into memory. With ``--receiver-only`` ready samples come in
place of transmitter and channel, as from a radio.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import numpy as np
from gnuradio import blocks, gr, implicitjscc
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication
from report import origin, row
from threads import cpu_seconds, shares

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.codec import container
from implicitjscc.phy import profile_file
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25
_ALLOWED_LAG_S = 0.5  # what buffers between the blocks hold
_LOOK_S = 0.1


class Link(gr.top_block):
    """The flowgraph; with a reference it measures the PSNR."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__("realtime")
        rate = options.sample_rate
        symbol = {"samples_per_symbol": options.samples_per_symbol}
        self.throttle = blocks.throttle(gr.sizeof_gr_complex, rate)
        self.receiver = implicitjscc.receiver(
            rate, progress_frames=options.progress_frames, **symbol
        )
        self.decoder = implicitjscc.decoder("", options.reference, latest_only=True)
        self.display = implicitjscc.reconstruction_display("realtime")
        self.probe = blocks.probe_rate(gr.sizeof_gr_complex, 500, 1.0)
        self.connect(self.throttle, self.probe)
        if options.receiver_only:
            self.source = blocks.vector_source_c(turns(options).tolist(), repeat=True)
            self.connect(self.source, self.throttle, self.receiver)
        else:
            pause = round(options.pause * rate)
            self.source = implicitjscc.transmitter(
                options.content, "carousel", silence_after=pause, **symbol
            )
            self.channel = implicitjscc.channel_laboratory(rate, snr_db=options.snr_db)
            self.connect(self.source, self.throttle, self.channel, self.receiver)
        self.msg_connect(self.receiver, "received", self.decoder, "received")
        self.msg_connect(self.receiver, "received", self.display, "received")
        self.msg_connect(self.receiver, "stats", self.display, "stats")
        self.msg_connect(self.decoder, "reconstruction", self.display, "reconstruction")


def turns(options: argparse.Namespace) -> np.ndarray:
    """Samples of four turns and their pauses, in noise."""
    profile = profile_file.load("standard", options.samples_per_symbol)
    content = container.load(options.content).content()
    one = modulate(content, profile, PAYLOAD_RMS).samples
    whole = np.tile(np.pad(one, (0, round(options.pause * options.sample_rate))), 4)
    settings = ChannelSettings(
        sample_rate_hz=options.sample_rate, payload_rms=PAYLOAD_RMS, snr_db=options.snr_db
    )
    return impair(whole, settings)


def main() -> int:
    """Run it; exit status 1 where a radio would have overflowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("content")
    parser.add_argument("reference")
    parser.add_argument("--sample-rate", type=float, default=2e6)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--snr-db", type=float, default=15)
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between turns")
    parser.add_argument("--samples-per-symbol", type=int, default=2)
    parser.add_argument("--receiver-only", action="store_true")
    parser.add_argument("--progress-frames", type=int, default=0)
    parser.add_argument("--warm-up", type=float, default=5, help="seconds before it counts")
    options = parser.parse_args()
    application = QApplication(sys.argv[:1])
    link = Link(options)
    link.display.widget.resize(1000, 640)
    link.display.widget.show()
    link.start()
    run_for(application, options.warm_up)
    began, cpu_before = time.monotonic(), time.process_time()
    threads_before = cpu_seconds()
    samples_before, stats_before = link.receiver.core.nitems_read(0), dict(link.receiver.stats)
    rates, lags, overflows, let_go_s = [], [], 0, 0.0
    while (elapsed := time.monotonic() - began) < options.seconds:
        run_for(application, min(_LOOK_S, options.seconds - elapsed))
        taken = link.receiver.core.nitems_read(0) - samples_before
        lags.append(time.monotonic() - began - taken / options.sample_rate)
        rates.append(link.probe.rate())
        if lags[-1] - let_go_s > _ALLOWED_LAG_S:
            overflows += 1
            let_go_s = lags[-1]
    by_thread = shares(threads_before, time.monotonic() - began)
    elapsed, cpu_s = time.monotonic() - began, time.process_time() - cpu_before
    samples = link.receiver.core.nitems_read(0) - samples_before
    stats = link.receiver.stats
    turns = stats["contents"] - stats_before["contents"]
    shown = link.display.view
    link.stop()
    link.wait()
    psnr_db = [quality for quality, _ in shown.history if np.isfinite(quality)]
    print(*origin(), sep="\n")
    print(row("what", "value", "unit"))
    print(row("asked for", options.sample_rate / 1e6, "Msamples/s"))
    print(row("passed", samples / elapsed / 1e6, "Msamples/s"))
    print(row("lowest in a second", min(rates) / 1e6, "Msamples/s"))
    print(row("lag at the end", lags[-1], "s"))
    print(row("largest lag", max(lags), "s"))
    print(row("overflows", overflows, ""))
    print(row("samples a radio would have lost", round(let_go_s * options.sample_rate), ""))
    print(row("CPU time a second", cpu_s / elapsed, "cores"))
    print(row("share of the machine", 100 * cpu_s / elapsed / (os.cpu_count() or 1), "%"))
    for name, share in by_thread.items():
        print(row(f"  of it {name}", share, "cores"))
    print(row("contents received", turns, ""))
    print(row("contents shown", shown.turns, ""))
    frames_lost = stats["frames_lost"] - stats_before["frames_lost"]
    print(row("frames lost", frames_lost, ""))
    print(row("median PSNR", float(np.median(psnr_db)) if psnr_db else float("nan"), "dB"))
    print(f"# {'falls behind: a radio would overflow' if overflows else 'keeps up'}")
    return int(overflows > 0)


def run_for(application: QApplication, seconds: float) -> None:
    """Let the window live for a while."""
    QTimer.singleShot(int(1000 * seconds), application.quit)
    application.exec_()


if __name__ == "__main__":
    sys.exit(main())
