# SPDX-License-Identifier: GPL-3.0-or-later
"""What Encoder, Decoder and Digital Reference share: a message in, a long job, messages out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError

from .worker import Worker, end_when_idle, take_pending


class worker_block(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Works in a thread of its own, and ends after the last message of its neighbour's.

    A subclass has ``handle_<port>(message)``, which gives jobs to ``self._worker``.

    Args:
        name: of the block.
        port: where messages come in.
        outputs: ports where messages go out.
        work: does a job.

    Attributes:
        dropped: messages that could not be used.
    """

    def __init__(
        self, name: str, port: str, outputs: tuple[str, ...], work: Callable[[Any], None]
    ) -> None:
        gr.basic_block.__init__(self, name, None, None)
        self.dropped = 0
        self._port = port
        self._worker = Worker(work, self.logger)
        self.message_port_register_in(pmt.intern(port))
        for output in outputs:
            self.message_port_register_out(pmt.intern(output))
        self.set_msg_handler(pmt.intern(port), self._handler)
        self.set_msg_handler(pmt.intern("system"), self.handle_system)

    @property
    def failures(self) -> int:
        """Jobs that could not be done."""
        return self._worker.failures

    @property
    def _handler(self) -> Callable[[Any], None]:
        handler: Callable[[Any], None] = getattr(self, f"handle_{self._port}")
        return handler

    def start(self) -> bool:
        """Called by the scheduler."""
        self._worker.start()
        return True

    def stop(self) -> bool:
        """Called by the scheduler; returns when what is queued is done."""
        self._worker.close()
        return True

    def handle_system(self, message: Any) -> None:
        """The neighbour has ended: end after its last message."""
        take_pending(self, self._port, self._handler)
        end_when_idle(self, self._worker, message)

    def _read(self, read: Callable[[Any], Any], message: Any) -> Any:
        """What a message holds; None, logged and counted, where it is not what the port takes."""
        try:
            return read(message)
        except ImplicitJsccError as error:
            self.dropped += 1
            self.logger.warn(str(error))
            return None
