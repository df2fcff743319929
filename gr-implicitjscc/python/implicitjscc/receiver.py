# SPDX-License-Identifier: GPL-3.0-or-later
"""Baseband samples to received contents."""

from __future__ import annotations

from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.receiver import BurstReceiver, Reception

from . import pdu
from .receiver_core import receiver_core


class _relay(gr.basic_block):  # noqa: N801 (a block like the others)
    """Publish what the core received, and end only after the core's last reception.

    When a stream ends, the scheduler tells a block's message neighbours before it calls the
    block's ``stop()``, and a message that is sent from there finds them gone (in 3.10.5 from 6 in
    10 to all of them). So the core's own neighbour is this block alone, which waits for it.
    """

    def __init__(self) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Receiver Relay", None, None)
        self.core: receiver_core | None = None
        self.message_port_register_in(pmt.intern("end"))
        self.message_port_register_out(pmt.intern("received"))
        self.message_port_register_out(pmt.intern("stats"))
        self.set_msg_handler(pmt.intern("end"), self.handle_end)
        self.set_msg_handler(pmt.intern("system"), self.handle_system)

    def handle_end(self, message: Any) -> None:
        """Nothing is sent on this port."""

    def handle_system(self, message: Any) -> None:
        """The core's stream has ended."""
        if self.core is not None:
            self.core.ended.wait()
        self.gateway.system_handler(message)

    def deliver(self, reception: Reception) -> None:
        """Publish a reception and the counters."""
        self._publish(reception, {})
        if self.core is not None:
            self.message_port_pub(pmt.intern("stats"), pdu.to_pmt_dict(self.core.stats))

    def deliver_partial(self, reception: Reception) -> None:
        """Publish what there is so far of a content that is still arriving."""
        self._publish(reception, {"complete": False})

    def _publish(self, reception: Reception, more: dict[str, pdu.Scalar]) -> None:
        measured = {
            "frames_received": reception.frames_received,
            "frames_lost": reception.frames_lost,
            "snr_db": reception.snr_db,
            "cfo_hz": reception.cfo_hz,
            "sro_ppm": reception.sro_ppm,
            "level_dbfs": reception.level_dbfs,
            **more,
        }
        message = pdu.from_received(reception.received, measured, reception.frame_map_db())
        self.message_port_pub(pmt.intern("received"), message)


class receiver(gr.hier_block2):  # noqa: N801 (GNU Radio's convention)
    """Find the bursts in a stream of complex baseband samples and deliver their contents.

    Each content is published on the port ``received`` as soon as its last frame is demodulated, or
    when the stream ends: channel symbols, a noise variance for each (inf where a frame was lost),
    and in the dictionary ``frames_received``, ``frames_lost``, ``snr_db`` (Es/N0), ``cfo_hz``,
    ``sro_ppm``, ``level_dbfs`` and ``frame_snr_db`` (a vector by frame number, NaN where it was
    lost). On ``stats`` follows a dictionary of counters: how many preambles, headers, header errors
    and frames there have been so far. The level of the input does not matter. A receiver that
    cannot keep up holds the flowgraph back; it drops nothing.

    Args:
        sample_rate: in Hz; two samples a symbol.
        contents: end after so many contents; 0 for never.
        idle_flush_s: when no samples come for so long, deliver what there is of a content; 0 for
            never.
        progress_frames: publish a content that is still arriving on ``received`` as well, each time
            so many more of its frames are there, with ``complete`` False in the dictionary; 0 for
            never.

    Raises:
        ImplicitJsccError: an argument is impossible.
    """

    def __init__(
        self,
        sample_rate: float = 1e6,
        contents: int = 0,
        idle_flush_s: float = 5.0,
        progress_frames: int = 0,
    ) -> None:
        gr.hier_block2.__init__(
            self,
            "Implicit-JSCC Receiver",
            gr.io_signature(1, 1, gr.sizeof_gr_complex),
            gr.io_signature(0, 0, 0),
        )
        if not sample_rate > 0 or min(contents, idle_flush_s, progress_frames) < 0:
            raise ImplicitJsccError("sample_rate is positive, all else of the Receiver at least 0")
        self.relay = _relay()
        self.core = receiver_core(
            lambda: BurstReceiver(sample_rate_hz=float(sample_rate)),
            self.relay.deliver,
            int(contents),
            float(idle_flush_s),
            self.relay.deliver_partial,
            int(progress_frames),
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
        return self.core.stats
