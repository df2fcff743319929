# SPDX-License-Identifier: GPL-3.0-or-later
"""What Transmitter and Symbol Source share: contents come in, samples go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pmt
from gnuradio import gr

from implicitjscc.content import Content

from .content_input import ContentInput, load_content
from .worker import take_pending


class content_source(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """A source of samples that contents feed, from a file and from the port ``content``.

    Args:
        name: of the block.
        content_file: path of an ``.ijscc`` file; empty to take contents from the port only.
        prepare: makes of a content what ``work()`` sends; called in a worker thread.

    Raises:
        ImplicitJsccError: the file cannot be read.
    """

    def __init__(self, name: str, content_file: str, prepare: Callable[[Content], Any]) -> None:
        gr.sync_block.__init__(self, name, None, [np.complex64])
        first = load_content(content_file) if content_file else None
        self._file_id = None if first is None else first.content_id
        self._input = ContentInput(prepare, self.logger, first)
        self.message_port_register_in(pmt.intern("content"))
        self.set_msg_handler(pmt.intern("content"), self.handle_content)
        self.set_msg_handler(pmt.intern("system"), self.handle_system)

    @property
    def dropped(self) -> int:
        """Messages that could not be used."""
        return self._input.dropped

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._input.stop()
        return True

    def handle_content(self, message: Any) -> None:
        """Queue a content PDU."""
        self._input.put_message(message)

    def handle_system(self, message: Any) -> None:
        """A neighbour on the message port has ended.

        The message is not passed on: the scheduler would end this block the first time that it has
        nothing to send, even where a content is still being prepared. ``work()`` knows better.
        """
        take_pending(self, "content", self.handle_content)
        self._input.end_of_messages()
