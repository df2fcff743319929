# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel symbols as a stream, without a waveform: the paper's ideal channel begins here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

from implicitjscc.content import Content

from . import pdu
from .content_source import content_source

WORK_DONE = -1
TAIL = 4096
"""Zeros that end the stream: blocks that work in multiples of some items keep the last few."""


class symbol_source(content_source):  # noqa: N801 (GNU Radio's convention)
    """Emit the channel symbols of contents, one complex item a channel use.

    The first symbol of each content carries a stream tag ``content``: a dictionary with
    ``content_id``, ``description`` and ``channel_uses``, which the Symbol Sink looks for. The
    symbols have a mean power of 1 over each content.

    With a content file the stream ends after it (or never, with ``repeat``); without one it ends
    when the block that sends to the port ``content`` has ended; either way some zeros follow.

    Args:
        content_file: path of an ``.ijscc`` file; empty to take contents from the port only.
        repeat: send the file's content again and again.

    Raises:
        ImplicitJsccError: the file cannot be read.
    """

    def __init__(self, content_file: str = "", repeat: bool = False) -> None:
        super().__init__("Implicit-JSCC Symbol Source", content_file, self._prepare)
        self._repeat = bool(repeat)
        self._symbols = np.empty(0, np.complex64)
        self._sent = 0
        self._tail_left = TAIL
        self._tag: Any = None

    def start(self) -> bool:
        """Called by the scheduler."""
        self._symbols, self._sent = np.empty(0, np.complex64), 0
        self._tail_left = TAIL
        self._input.start()
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        if self._sent == self._symbols.size and not self._advance():
            return self._end(out) if self._input.finished else 0
        count = min(out.size, self._symbols.size - self._sent)
        out[:count] = self._symbols[self._sent : self._sent + count]
        if self._sent == 0:
            self.add_item_tag(0, self.nitems_written(0), pmt.intern("content"), self._tag)
        self._sent += count
        return int(count)

    def _advance(self) -> bool:
        again = self._repeat and self._symbols.size > 0 and not self._input.waiting
        burst = None if again else self._input.next()
        if burst is not None:
            self._symbols, self._tag = burst
        elif not again:
            return False
        self._sent = 0
        return True

    def _end(self, out: NDArray[np.complex64]) -> int:
        count = min(out.size, self._tail_left)
        out[:count] = 0
        self._tail_left -= count
        return count if count else WORK_DONE

    def _prepare(self, content: Content) -> tuple[NDArray[np.complex64], Any]:
        meta = pmt.car(pdu.from_content(content))
        uses = pmt.from_long(content.symbols.size)
        return content.symbols, pmt.dict_add(meta, pmt.intern("channel_uses"), uses)
