# SPDX-License-Identifier: GPL-3.0-or-later
"""Baseband samples to received contents."""

from __future__ import annotations

from typing import Any

from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import profile_file
from implicitjscc.phy.combiner import Combiner
from implicitjscc.phy.receiver import BurstReceiver

from .receiver_core import receiver_core
from .receiver_relay import receiver_relay
from .stream_marks import StreamMarks


class receiver(gr.hier_block2):  # noqa: N801 (GNU Radio's convention)
    """Find the bursts in a stream of complex baseband samples and deliver their contents.

    Each content is published on the port ``received`` as soon as its last frame is demodulated, or
    when the stream ends: channel symbols, a noise variance for each (inf where a frame was lost),
    and in the dictionary ``frames_received``, ``frames_lost``, ``snr_db`` (Es/N0), ``cfo_hz``,
    ``sro_ppm``, ``level_dbfs``, ``receptions`` and ``frame_snr_db`` (a vector by frame number, NaN
    where it was lost). A content that comes again is combined with what came before, by maximal
    ratio, so that each turn of a carousel improves it. On ``stats`` follows a dictionary of
    counters: preambles, headers, header errors and frames so far. The level of the input does not
    matter. A receiver that cannot keep up holds the flowgraph back; it drops nothing. Where tags
    tell that samples are missing (``discontinuity`` of Radio Source and SigMF Source, ``rx_time``
    and ``rx_rate`` of a driver's own source), the frame ends there until the next preamble.

    Args:
        sample_rate: in Hz.
        contents: end after so many receptions; 0 for never.
        idle_flush_s: when no samples come for so long, deliver what there is of a content; 0 for
            never.
        waveform: "standard", "robust", "fast", or the path of a profile's file: the transmitter's.
        samples_per_symbol: 2, 4, 8 or 16; 0 for the waveform's own, 2.
        combine: whether receptions of the same content are combined; the latest 16 contents are
            kept, in at most 256 MiB.
        progress_frames: publish a content that is still arriving on ``received`` as well, each time
            so many more of its frames are there, with ``complete`` False in the dictionary; 0 for
            never. Where receptions are combined, only before the first is whole.

    Raises:
        ImplicitJsccError: an argument is impossible.
    """

    def __init__(
        self,
        sample_rate: float = 1e6,
        contents: int = 0,
        idle_flush_s: float = 5.0,
        waveform: str = "standard",
        samples_per_symbol: int = 0,
        combine: bool = True,
        progress_frames: int = 0,
    ) -> None:
        gr.hier_block2.__init__(
            self,
            "Implicit-JSCC Receiver",
            gr.io_signature(1, 1, gr.sizeof_gr_complex),
            gr.io_signature(0, 0, 0),
        )
        least = min(contents, progress_frames)
        if not sample_rate > 0 or least < 0 or not idle_flush_s >= 0:
            raise ImplicitJsccError("sample_rate is positive, all else of the Receiver at least 0")
        profile = profile_file.load(waveform, samples_per_symbol)
        relay = self.relay = receiver_relay()

        def make() -> BurstReceiver:
            """For each run."""
            relay.combiner = Combiner() if combine else None
            return BurstReceiver(profile, float(sample_rate))

        self.core = receiver_core(
            make,
            self.relay.deliver,
            int(contents),
            float(idle_flush_s),
            self.relay.deliver_partial,
            int(progress_frames),
            StreamMarks(float(sample_rate)),
        )
        self.relay.core = self.core
        self.connect(self, self.core)
        self.msg_connect((self.core, "end"), (self.relay, "end"))
        for port in ("received", "stats"):
            self.message_port_register_hier_out(port)
            self.msg_connect((self.relay, port), (self, port))

    @property
    def stats(self) -> dict[str, Any]:
        """The counters so far."""
        return self.relay.stats
