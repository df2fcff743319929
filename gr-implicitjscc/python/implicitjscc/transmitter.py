# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents as baseband samples, one burst or a carousel."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from implicitjscc.content import Content
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.transmitter import modulate

from .content_input import ContentInput, load_content
from .worker import take_pending

WORK_DONE = -1
MODES = ("burst", "continuous", "carousel")
_CAROUSEL_CONTENTS = 8


class transmitter(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Emit each content as a burst of complex baseband samples, full scale 1.0.

    Contents come from a file, and as PDUs on the port ``content``. Modes:

    * ``burst``: every content ``repeat`` times, and nothing between contents. The stream ends
      after the file's content, or, without a file, when the block that sends the PDUs has ended.
    * ``continuous``: the same, but zeros while there is nothing to send, and no end: what a radio
      without bursts wants.
    * ``carousel``: the latest contents (at most 8), round and round for ever; ``repeat`` is the
      number of times that each is sent in a turn.

    ``payload_rms`` is the rms of the samples that carry the payload. White noise of power
    payload_rms^2 * samples_per_symbol * 10^(-snr_db / 10) per sample gives an Es/N0 of ``snr_db``;
    in GNU Radio's Channel Model that is a noise voltage of
    payload_rms * sqrt(samples_per_symbol) * 10^(-snr_db / 20).

    Args:
        content_file: path of an ``.ijscc`` file; empty to take contents from the port only.
        mode: "burst", "continuous" or "carousel".
        repeat: bursts a content.
        payload_rms: level; 0.25 leaves 12 dB for the peaks.
        silence_before: zero samples before each burst.
        silence_after: zero samples after each burst. They push its end through the filters and
            buffers that follow: leave some thousand before a simulated channel, and 131,072
            before a HackRF.

    Raises:
        ImplicitJsccError: the file cannot be read, or an argument is impossible.
    """

    def __init__(
        self,
        content_file: str = "",
        mode: str = "burst",
        repeat: int = 1,
        payload_rms: float = 0.25,
        silence_before: int = 4096,
        silence_after: int = 16384,
    ) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC Transmitter", None, [np.complex64])
        if mode not in MODES:
            raise ImplicitJsccError(f"the mode is one of {', '.join(MODES)}, not {mode!r}")
        if not 0 < payload_rms <= 1:
            raise ImplicitJsccError("payload_rms lies between 0 and 1, full scale")
        if repeat < 1 or silence_before < 0 or silence_after < 0:
            raise ImplicitJsccError("repeat is at least 1, silence at least 0")
        self.bursts = 0
        self._mode = mode
        self._repeat = int(repeat)
        self._payload_rms = float(payload_rms)
        self._silence = (int(silence_before), int(silence_after))
        first = load_content(content_file) if content_file else None
        self._input = ContentInput(self._prepare, self.logger, first)
        self._turn: deque[NDArray[np.complex64]] = deque(maxlen=_CAROUSEL_CONTENTS)
        self._burst = np.empty(0, np.complex64)
        self._sent = 0
        self._times_left = 0
        self.message_port_register_in(pmt.intern("content"))
        self.set_msg_handler(pmt.intern("content"), self.handle_content)
        self.set_msg_handler(pmt.intern("system"), self.handle_system)

    @property
    def dropped(self) -> int:
        """Messages that could not be used."""
        return self._input.dropped

    def start(self) -> bool:
        """Called by the scheduler."""
        self._turn.clear()
        self._burst, self._sent, self._times_left = np.empty(0, np.complex64), 0, 0
        self._input.start()
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._input.stop()
        return True

    def handle_content(self, message: Any) -> None:
        """Queue a content PDU."""
        self._input.put_message(message)

    def handle_system(self, message: Any) -> None:
        """A neighbour on the message port has ended."""
        take_pending(self, "content", self.handle_content)
        self._input.end_of_messages()
        self.gateway.system_handler(message)

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        if self._sent == self._burst.size and not self._advance():
            if self._mode != "burst":
                out[:] = 0
                return int(out.size)
            return WORK_DONE if self._input.finished else 0
        count = min(out.size, self._burst.size - self._sent)
        out[:count] = self._burst[self._sent : self._sent + count]
        self._sent += count
        return int(count)

    def _advance(self) -> bool:
        """Make the next burst the current one; False where there is none."""
        if self._times_left == 0:
            may_wait = self._mode == "burst"
            burst = self._input.next() if may_wait or self._input.waiting else None
            if burst is not None and self._mode == "carousel":
                self._turn.append(burst)
            elif burst is None and self._turn:
                burst = self._turn[0]
                self._turn.rotate(-1)
            if burst is None:
                return False
            self._burst, self._times_left = burst, self._repeat
        self._times_left -= 1
        self._sent = 0
        self.bursts += 1
        return True

    def _prepare(self, content: Content) -> NDArray[np.complex64]:
        samples = modulate(content, payload_rms=self._payload_rms).samples
        return np.pad(samples, self._silence).astype(np.complex64, copy=False)
