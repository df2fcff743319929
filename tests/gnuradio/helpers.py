# SPDX-License-Identifier: GPL-3.0-or-later
"""Small blocks and contents for the tests of the blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pmt
from gnuradio import blocks, gr
from gnuradio.implicitjscc import pdu

from implicitjscc.content import DESCRIPTION_BYTES, Content


class message_source(gr.basic_block):  # noqa: N801 (a block)
    """Sends messages on its port ``out``, then ends unless it shall stay."""

    def __init__(self, messages: list[Any], stays: bool = False) -> None:
        gr.basic_block.__init__(self, "message source", None, None)
        self._messages = messages
        self._stays = stays
        self.message_port_register_out(pmt.intern("out"))

    def start(self) -> bool:
        """Send all of them."""
        for message in self._messages:
            self.message_port_pub(pmt.intern("out"), message)
        if not self._stays:
            end = pmt.cons(pmt.intern("done"), pmt.from_long(1))
            self.gateway.to_basic_block()._post(pmt.intern("system"), end)
        return True


class message_store(gr.basic_block):  # noqa: N801 (a block)
    """Keeps what comes on its port ``in``."""

    def __init__(self) -> None:
        gr.basic_block.__init__(self, "message store", None, None)
        self.messages: list[Any] = []
        self.message_port_register_in(pmt.intern("in"))
        self.set_msg_handler(pmt.intern("in"), self.handle_in)

    def handle_in(self, message: Any) -> None:
        """Keep it."""
        self.messages.append(message)


def tagged_source(samples: Any, tags: Iterable[tuple[int, str, Any]]) -> Any:
    """A source of samples with tags, each a sample's number, a key and a value."""
    marks = [
        gr.tag_utils.python_to_tag((offset, pmt.intern(key), value, pmt.intern("radio")))
        for offset, key, value in tags
    ]
    return blocks.vector_source_c(samples.tolist(), False, 1, marks)


def make_content(size: int = 3000, content_id: int = 0x1234ABCD, seed: int = 1) -> Content:
    """A content of noise: all that the blocks around the codec need."""
    rng = np.random.default_rng(seed)
    symbols = (rng.normal(size=size) + 1j * rng.normal(size=size)) / np.sqrt(2)
    symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
    description = bytes(rng.integers(0, 256, DESCRIPTION_BYTES, np.uint8))
    return Content(symbols.astype(np.complex64), description, content_id)


def error_db(sent: Content, message: Any) -> float:
    """Es/N0 of the symbols in a received-content PDU against those that were sent."""
    received, _ = pdu.to_received(message)
    assert received.content_id == sent.content_id
    assert received.description == sent.description
    error = np.mean(np.abs(received.symbols - sent.symbols) ** 2)
    return float(-10 * np.log10(max(error, 1e-30)))
