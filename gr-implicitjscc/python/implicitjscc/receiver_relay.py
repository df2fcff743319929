# SPDX-License-Identifier: GPL-3.0-or-later
"""The end inside the Receiver: publishes what the core received."""

from __future__ import annotations

from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.phy.combiner import Combiner
from implicitjscc.phy.receiver import Reception

from . import pdu
from .pmt_scalars import to_pmt_dict
from .receiver_core import receiver_core


class receiver_relay(gr.basic_block):  # noqa: N801 (a block like the others)
    """Publish what the core received, and end only after the core's last reception.

    When a stream ends, the scheduler tells a block's message neighbours before it calls the
    block's ``stop()``, and a message that is sent from there finds them gone (in 3.10.5 from 6 in
    10 to all of them). So the core's own neighbour is this block alone, which waits for it.
    """

    def __init__(self) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Receiver Relay", None, None)
        self.core: receiver_core | None = None
        self.combiner: Combiner | None = None
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
        """Publish a reception, or what all of its content give together, and the counters."""
        if self.combiner is not None:
            _, reception, _ = self.combiner.add(reception)
        self._publish(reception, {})
        self.message_port_pub(pmt.intern("stats"), to_pmt_dict(self.stats))

    def deliver_partial(self, reception: Reception) -> None:
        """Publish what there is of a content that is still arriving, unless there is more of it."""
        content_id = reception.received.content_id
        if self.combiner is None or not self.combiner.knows(content_id):
            self._publish(reception, {"complete": False})

    def _publish(self, reception: Reception, more: dict[str, pdu.Scalar]) -> None:
        measured = {
            "frames_received": reception.frames_received,
            "frames_lost": reception.frames_lost,
            "snr_db": reception.snr_db,
            "cfo_hz": reception.cfo_hz,
            "sro_ppm": reception.sro_ppm,
            "level_dbfs": reception.level_dbfs,
            "receptions": reception.receptions,
            **more,
        }
        message = pdu.from_received(reception.received, measured, reception.frame_map_db())
        self.message_port_pub(pmt.intern("received"), message)

    @property
    def stats(self) -> dict[str, Any]:
        """The counters of the core and of the combiner."""
        core = self.core.stats if self.core is not None else {}
        return {**core, **(self.combiner.stats.as_dict() if self.combiner is not None else {})}
