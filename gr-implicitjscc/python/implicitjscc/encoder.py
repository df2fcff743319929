# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources to contents."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from typing import Any

import pmt

from implicitjscc.errors import ImplicitJsccError

from . import pdu, source_pdu
from .pmt_scalars import to_pmt_dict
from .worker_block import worker_block


class encoder(worker_block):  # noqa: N801 (GNU Radio's convention)
    """Overfit channel symbols and a decoder to each source, in a thread of its own.

    Sources (pictures, audio, arrays) come from a file, and on the port ``source``: a text is the
    path of one, a source PDU (``source_pdu``) is one. Each becomes a content PDU on the port
    ``content``; on the way, a hundred times at most, a dictionary with ``step``, ``steps``,
    ``psnr_db``, ``done`` (0 to 1) and ``seconds_left`` goes to the port ``progress``. Encoding
    takes from seconds to hours, by preset and size.

    With a source file the block ends after it, and with it a flowgraph of bursts; without one it
    ends when the block that sends to ``source`` has ended.

    Args:
        source_file: path of a source; empty to take sources from the port only.
        snr_db: design SNR.
        preset: "draft", "standard", "best" or "paper".
        steps: gradient steps in place of the preset's; 0 leaves them.
        seed: of the noise matrix and of the training's random draws.
        power_db: repeated parameters' power over the mean, in place of the preset's, or None.
        engine: "auto", or one of the codec's engines.
        parameters: how they are sent, "coded" or "repetition"; "auto" takes coded, but repetition
            with the preset "paper" or a power.
        snr_range_db: lowest and highest SNR of the receivers to train for, around the design SNR;
            None trains for that alone.

    Attributes:
        contents: sources encoded.
        dropped: messages that were no sources, or came when 64 were waiting.
        failures: sources that could not be encoded.

    Raises:
        ImplicitJsccError: the file cannot be read, a setting is out of range, or PyTorch is
            missing.
    """

    def __init__(
        self,
        source_file: str = "",
        snr_db: float = 10.0,
        preset: str = "standard",
        steps: int = 0,
        seed: int = 0,
        power_db: float | None = None,
        engine: str = "auto",
        parameters: str = "auto",
        snr_range_db: tuple[float, float] | None = None,
    ) -> None:
        super().__init__("Implicit-JSCC Encoder", "source", ("content", "progress"), self._job)
        try:
            from implicitjscc.codec import encoder as codec
            from implicitjscc.codec import settings, sources
            from implicitjscc.engine import select
        except ImportError as error:
            raise ImplicitJsccError(f"encoding needs PyTorch here: {error}") from error
        select(engine)  # what is wrong with it is said now
        self._encode = codec.encode
        self._settings = settings.EncoderSettings(
            snr_db=float(snr_db),
            snr_range_db=snr_range_db and (float(snr_range_db[0]), float(snr_range_db[1])),
            preset=preset,
            steps=int(steps) or None,
            seed=int(seed),
            power_db=None if power_db is None else float(power_db),
            engine=engine,
            parameters=None if parameters == "auto" else parameters,
        )
        self._first = sources.read_source(source_file) if source_file else None
        self.contents = 0
        self._stop = threading.Event()
        self._reported = 0.0

    def set_snr_db(self, snr_db: float) -> None:
        """Prepare the sources that begin from now on for another SNR."""
        try:
            self._settings = replace(self._settings, snr_db=float(snr_db))
        except ImplicitJsccError as error:
            self.logger.warn(str(error))  # raising would end a Qt application

    def start(self) -> bool:
        """Called by the scheduler."""
        self._stop.clear()
        super().start()
        if self._first is not None:
            self._worker.submit(self._first)
            end = pmt.cons(pmt.intern("done"), pmt.from_long(1))
            self.gateway._post(pmt.intern("system"), end)
        return True

    def stop(self) -> bool:
        """Called by the scheduler; what is not encoded yet is dropped."""
        self._stop.set()
        return super().stop()

    def handle_source(self, message: Any) -> None:
        """Queue a source."""
        if not self._worker.submit(message):
            self.dropped += 1
            self.logger.warn("a source was dropped: too many wait for the encoder")

    def _job(self, source: Any) -> None:
        if self._stop.is_set():
            return
        if isinstance(source, pmt.pmt_base):
            source = self._read(source_pdu.read, source)
        if source is None:
            return
        self._reported = 0.0
        encoded = self._encode(source, self._settings, self._progress, self._stop)
        if self._stop.is_set():
            return
        self.message_port_pub(pmt.intern("content"), pdu.from_content(encoded.content()))
        self.contents += 1

    def _progress(self, progress: Any) -> None:
        if progress.done >= self._reported + 0.01:
            self._reported = progress.done
            message = to_pmt_dict(asdict(progress))
            self.message_port_pub(pmt.intern("progress"), message)
