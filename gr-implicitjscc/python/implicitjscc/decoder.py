# SPDX-License-Identifier: GPL-3.0-or-later
"""Received contents to pictures, audio and arrays."""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import Any

import pmt

from implicitjscc.errors import ImplicitJsccError

from . import pdu, source_pdu
from .output_files import OutputFiles, summary
from .worker import take_pending
from .worker_block import worker_block

_KEPT_REPORTS = 64


class decoder(worker_block):  # noqa: N801 (GNU Radio's convention)
    """Rebuild the source of each received content, in a thread of its own.

    Each is published on the port ``reconstruction`` as a source PDU whose dictionary also has what
    the receiver measured, ``decode_ms``, ``decoder`` and, with a reference, ``psnr_db``.
    ``decoder`` is "exact", "averaged", or "approximate" where the decoder's parameters are lost and
    a picture is shown as a grey likeness. With an output file it is written there as well; from a
    second content on, each goes to a file of its own: ``out.png`` becomes
    ``out-<content id>.png``. A content that is received again overwrites. Of a long run the newest
    ``keep_files`` stay; older ones that this block wrote are deleted. A content that is still
    arriving (the Receiver's ``progress_frames``) is only published, with ``complete`` False, and
    passed over where a newer state of it waits already.

    Args:
        output_file: path to write to; its ending says the format, and is changed with a notice
            where it does not fit what was received. Empty for none.
        reference_file: source to measure the PSNR against. Empty for none.
        engine: "auto", or one of the codec's engines.
        keep_files: how many contents' files stay.
        latest_only: pass over what a newer content has overtaken while the decoder was busy: for a
            display that follows a carousel. Otherwise every content is decoded.

    Attributes:
        last_report: dictionary of the last source's figures; empty before the first.
        reports: the last 64 of them.
        dropped: messages that were no received contents, or came when 64 were waiting.
        failures: contents that could not be decoded or written.

    Raises:
        ImplicitJsccError: the reference cannot be read, the output's folder does not exist,
            ``keep_files`` is below 1, the engine is unknown, or PyTorch is missing.
    """

    def __init__(
        self,
        output_file: str = "",
        reference_file: str = "",
        engine: str = "auto",
        keep_files: int = 256,
        latest_only: bool = False,
    ) -> None:
        super().__init__("Implicit-JSCC Decoder", "received", ("reconstruction",), self._rebuild)
        try:
            from implicitjscc.codec import decoder as codec
            from implicitjscc.codec import metrics, sources
            from implicitjscc.engine import select
        except ImportError as error:
            raise ImplicitJsccError(f"decoding needs PyTorch here: {error}") from error
        select(engine)  # what is wrong with it is said now
        self._decode, self._metrics, self._sources = codec.decode, metrics, sources
        self._files = OutputFiles(output_file, keep_files) if output_file else None
        self._reference = sources.read_source(reference_file) if reference_file else None
        self._engine = engine
        self._latest_only = bool(latest_only)
        self.last_report: dict[str, Any] = {}
        self.reports: deque[dict[str, Any]] = deque(maxlen=_KEPT_REPORTS)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Decode what has arrived so far; True unless the time was not enough.

        A flowgraph that ends by itself needs no call: its ``wait()`` returns after the last
        source. After ``stop()`` on a running one, this rebuilds what the receiver found last.
        """
        if self._worker.running:
            return self._worker.drain(timeout_s)
        take_pending(self, "received", lambda m: self._worker.do(partial(self._rebuild, m)))
        return True

    def handle_received(self, message: Any) -> None:
        """Queue a received-content PDU; of those that are still arriving the latest is enough."""
        partial_content = pdu.is_partial(message)
        if partial_content or self._latest_only:
            self._worker.submit_latest(message, rank=0 if partial_content else 1)
        elif not self._worker.submit(message):
            self.dropped += 1
            self.logger.warn("a content was dropped: too many wait for the decoder")

    def _rebuild(self, message: Any) -> None:
        read = self._read(pdu.to_received, message)
        if read is None:
            return
        received, measured = read
        began = time.perf_counter()
        decoded = self._decode(received, engine=self._engine)
        source = decoded.source
        report: dict[str, Any] = {**measured, "content_id": received.content_id}
        report["decode_ms"] = 1e3 * (time.perf_counter() - began)
        report["decoder"] = decoded.decoder
        self._compare(source, report)
        whole = not pdu.is_partial(message)
        if self._files is not None and whole:
            ending = self._sources.fitting_path(self._files.output, source).suffix
            path = self._files.path_for(received.content_id, ending)
            self._sources.write_source(path, source)
            report["output"] = str(path)
            for old in self._files.surplus():
                self.logger.info(f"{old} deleted: of more contents only the newest stay")
        if whole:
            self.logger.info(summary(report))
            self.last_report = report
            self.reports.append(report)
        message = source_pdu.from_source(source, report)
        self.message_port_pub(pmt.intern("reconstruction"), message)

    def _compare(self, source: Any, report: dict[str, Any]) -> None:
        if self._reference is None:
            return
        try:
            report["psnr_db"] = float(self._metrics.psnr_db(self._reference, source))
        except ImplicitJsccError as error:  # of another size; the source itself is good
            self.logger.warn(str(error))
