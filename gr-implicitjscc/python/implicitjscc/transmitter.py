# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents as baseband samples, one burst or a carousel."""

from __future__ import annotations

import math
import time
from typing import Any

import pmt

from implicitjscc.content import Content
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import profile_file
from implicitjscc.phy.transmitter import modulate

from .burst_queue import MODES, BurstQueue, PreparedBurst
from .content_input import load_content
from .content_source import content_source
from .pmt_scalars import to_pmt_dict
from .transmitter_status import transmitter_status

WORK_DONE = -1
_STATUS_S = 1.0


class transmitter(content_source):  # noqa: N801 (GNU Radio's convention)
    """Emit each content as a burst of complex baseband samples, full scale 1.0.

    Contents come from a file, and as PDUs on the port ``content``. Modes:

    * ``burst``: every content ``repeat`` times, and nothing between contents. The stream ends
      after the file's content, or, without a file, when the block that sends the PDUs has ended.
    * ``continuous``: the same, but zeros while there is nothing to send, and no end: what a radio
      without bursts wants.
    * ``carousel``: the latest contents (at most 8, each once), round and round for ever; ``repeat``
      is the number of times that each is sent in a turn.

    White noise of power payload_rms^2 * samples_per_symbol * 10^(-snr_db / 10) per sample gives an
    Es/N0 of ``snr_db``; in GNU Radio's Channel Model that is a noise voltage of
    payload_rms * sqrt(samples_per_symbol) * 10^(-snr_db / 20).

    On ``status`` a dictionary comes about once a second of a running stream, and at its end: what
    ``implicitjscc status`` shows of a transmitter (docs/control.md).

    Args:
        content_file: path of an ``.ijscc`` file; empty to take contents from the port only.
        mode: "burst", "continuous" or "carousel".
        repeat: bursts a content.
        payload_rms: level, the rms of the samples that carry payload; 0.25 is -12 dBFS.
        silence_before: zero samples before each burst.
        silence_after: zero samples after each burst, the pause of a carousel. They push its end
            through what follows: some thousand for a simulated channel, 131,072 for a HackRF.
        waveform: "standard", "robust", "fast", or the path of a profile.
        samples_per_symbol: 2, 4, 8 or 16; 0 for the waveform's own, 2.
        clip_db: largest magnitude of a sample over ``payload_rms``; 0 for no limit.

    Raises:
        ImplicitJsccError: a file cannot be read, or an argument is impossible.
    """

    def __init__(
        self,
        content_file: str = "",
        mode: str = "burst",
        repeat: int = 1,
        payload_rms: float = 0.25,
        silence_before: int = 4096,
        silence_after: int = 16384,
        waveform: str = "standard",
        samples_per_symbol: int = 0,
        clip_db: float = 0.0,
    ) -> None:
        if mode not in MODES:
            raise ImplicitJsccError(f"the mode is one of {', '.join(MODES)}, not {mode!r}")
        if not 0 < payload_rms <= 1:
            raise ImplicitJsccError("payload_rms lies between 0 and 1, full scale")
        if repeat < 1 or silence_before < 0 or silence_after < 0:
            raise ImplicitJsccError("repeat is at least 1, silence at least 0")
        if not 0 <= clip_db <= 60:
            raise ImplicitJsccError("clip_db lies between 0, no limit, and 60")
        self._profile = profile_file.load(waveform, samples_per_symbol)
        self._payload_rms = float(payload_rms)
        self._clip_db = float(clip_db) or None
        super().__init__("Implicit-JSCC Transmitter", content_file, self._prepare)
        self._file = content_file
        self._status_due_s = 0.0
        self.message_port_register_out(pmt.intern("status"))
        silence = int(silence_before), int(silence_after)
        self._queue = BurstQueue(self._input, mode, int(repeat), silence)

    def set_payload_rms(self, payload_rms: float) -> None:
        """Change the level of what is sent from now on, within a burst as well."""
        if 0 < payload_rms <= 1:
            self._queue.gain = float(payload_rms) / self._payload_rms
        else:
            self.logger.warn("the level is kept: payload_rms lies between 0 and 1, full scale")

    def set_level_dbfs(self, level_dbfs: float) -> None:
        """The same in dB, 0 for full scale."""
        self.set_payload_rms(10 ** (level_dbfs / 20) if math.isfinite(level_dbfs) else 0.0)

    def set_content(self, content_file: str) -> None:
        """Send a file's content next; a carousel sends only that from then on."""
        try:
            content = load_content(content_file)
        except ImplicitJsccError as error:
            self.logger.warn(str(error))
            return
        self._file, self._file_id = content_file, content.content_id
        self._queue.replace(content.content_id)
        self._input.put(content)

    def start(self) -> bool:
        """Called by the scheduler."""
        self._queue.restart()
        self._input.start()
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        count = self._queue.fill(out)
        if time.monotonic() >= self._status_due_s:
            self._publish()
        if count:
            return count
        if self._queue.mode != "burst":
            out[:] = 0
            return int(out.size)
        if not self._input.finished:
            return 0
        self._publish()  # here: in stop() the neighbours are gone
        return WORK_DONE

    def _publish(self) -> None:
        self._status_due_s = time.monotonic() + _STATUS_S
        file = self._file_id, self._file
        status = transmitter_status(self._queue, self._input, self._payload_rms, file)
        status |= {"waveform": self._profile.name, "samples": self.nitems_written(0)}
        self.message_port_pub(pmt.intern("status"), to_pmt_dict(status))

    def _prepare(self, content: Content) -> PreparedBurst:
        burst = modulate(content, self._profile, self._payload_rms, self._clip_db)
        peak = burst.payload_rms * 10 ** (burst.papr_db / 20)
        return PreparedBurst(content.content_id, burst.samples, burst.frames, float(peak))
