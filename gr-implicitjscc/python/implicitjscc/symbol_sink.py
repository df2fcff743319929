# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel symbols from a stream, without a waveform: the paper's ideal channel ends here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
from gnuradio import gr

from implicitjscc.content import ReceivedContent
from implicitjscc.errors import ImplicitJsccError

from . import pdu


class symbol_sink(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Collect the symbols of each content and send them on as a received-content PDU.

    A content begins at the stream tag ``content`` that the Symbol Source sets; the channel between
    the two must neither delay nor resample nor scale. Complex white Gaussian noise of power
    10^(-snr_db / 10) is what ``snr_db`` stands for: in GNU Radio's Noise Source, Gaussian, an
    amplitude of 10^(-snr_db / 20).

    Args:
        snr_db: SNR of the channel, 1 / noise variance, for symbols of unit mean power; -60 to 100.

    Raises:
        ImplicitJsccError: it is out of bounds.
    """

    def __init__(self, snr_db: float = 10.0) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Symbol Sink", [np.complex64], None)
        self.contents = 0
        self.dropped = 0
        self._variance = _variance(snr_db)
        self._symbols = np.empty(0, np.complex64)
        self._filled = 0
        self._meta: Any = None
        self.message_port_register_out(pmt.intern("received"))

    def set_snr_db(self, snr_db: float) -> None:
        """Say what the channel's SNR is from the next content on; what makes no sense is logged."""
        try:
            self._variance = _variance(snr_db)
        except ImplicitJsccError as error:
            self.logger.warn(str(error))

    def start(self) -> bool:
        """Called by the scheduler."""
        self._meta = None
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._drop_partial()
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        items = input_items[0]
        start = self.nitems_read(0)
        tags = self.get_tags_in_window(0, 0, items.size, pmt.intern("content"))
        position = 0
        for tag in sorted(tags, key=lambda tag: tag.offset):
            self._take(items[position : tag.offset - start])
            position = tag.offset - start
            self._begin(tag.value)
        self._take(items[position:])
        return int(items.size)

    def _begin(self, meta: Any) -> None:
        self._drop_partial()
        uses = pmt.PMT_NIL
        if pmt.is_dict(meta):
            uses = pmt.dict_ref(meta, pmt.intern("channel_uses"), pmt.PMT_NIL)
        if not pmt.is_integer(uses) or not 0 < pmt.to_long(uses) <= pdu.MAXIMUM_CHANNEL_USES:
            self._drop("a tag 'content' without a usable number of channel_uses was ignored")
            return
        self._meta = meta
        self._symbols = np.empty(pmt.to_long(uses), np.complex64)
        self._filled = 0

    def _take(self, items: Any) -> None:
        if self._meta is None:
            return
        count = min(items.size, self._symbols.size - self._filled)
        self._symbols[self._filled : self._filled + count] = items[:count]
        self._filled += count
        if self._filled == self._symbols.size:
            self._publish()

    def _publish(self) -> None:
        message = pmt.cons(self._meta, pmt.make_c32vector(1, 0))
        self._meta = None
        try:
            sent = pdu.to_content(message)
        except ImplicitJsccError as error:
            self._drop(str(error))
            return
        variance = np.full(self._symbols.size, self._variance, np.float32)
        received = ReceivedContent(self._symbols, variance, sent.description, sent.content_id)
        snr_db = float(-10 * np.log10(self._variance))
        self.message_port_pub(
            pmt.intern("received"), pdu.from_received(received, {"snr_db": snr_db})
        )
        self.contents += 1

    def _drop_partial(self) -> None:
        if self._meta is not None:
            self._drop(f"only {self._filled} of {self._symbols.size} symbols of a content came")
            self._meta = None

    def _drop(self, why: str) -> None:
        self.dropped += 1
        self.logger.warn(why)


def _variance(snr_db: float) -> float:
    if not -60 <= snr_db <= 100:
        raise ImplicitJsccError(f"an SNR of {snr_db:g} dB is not from -60 to 100")
    return float(10 ** (-snr_db / 10))
