# SPDX-License-Identifier: GPL-3.0-or-later
"""The same picture over the same channel uses, sent digitally, to compare with."""

from __future__ import annotations

import math
from typing import Any

import pmt

from implicitjscc.content import DESCRIPTION_BYTES, ReceivedContent
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.reception import snr_db_of

from . import pdu, source_pdu
from .pmt_scalars import to_pmt_dict
from .worker_block import worker_block


class digital_reference(worker_block):  # noqa: N801 (GNU Radio's convention)
    """Send a picture as JPEG, LDPC and QAM over each channel use that the Receiver reports.

    For every whole content on the port ``received`` the digital system sends as many symbols; each
    has the noise variance that the Receiver found there, and is lost where it was lost. So both
    systems have the same channel, and the digital one is spared synchronisation. Modulation, code
    rate and file size fit the design SNR. On ``reconstruction`` comes a picture's PDU, or where its
    CRC is wrong a PDU without a vector whose dictionary says so in ``status``. On ``symbols`` are
    its received symbols, for a display's port ``received``.

    Args:
        source_file: the picture.
        design_snr_db: the SNR that the digital system is planned for.
        seed: of its noise.

    Attributes:
        dropped: messages that were no received contents.
        failures: contents for which nothing could be sent.
        reports: dictionaries of what was published, the last 64.

    Raises:
        ImplicitJsccError: the file is no picture that can be read, or PyTorch is missing.
    """

    def __init__(self, source_file: str, design_snr_db: float = 10.0, seed: int = 0) -> None:
        outputs = ("reconstruction", "symbols")
        super().__init__("Implicit-JSCC Digital Reference", "received", outputs, self._work)
        try:
            from implicitjscc.codec import digital_reference as digital
            from implicitjscc.codec import metrics, sources
        except ImportError as error:
            raise ImplicitJsccError(f"the digital reference needs PyTorch here: {error}") from error
        if seed < 0 or not math.isfinite(design_snr_db):
            raise ImplicitJsccError("the digital reference's seed or design SNR makes no sense")
        self._make, self._psnr_db = digital.DigitalReference, metrics.psnr_db
        self._image = sources.read_image(source_file)
        self._design_snr_db = float(design_snr_db)
        self._made: tuple[int, float] | None = None
        self._reference: digital.DigitalReference
        self._seed = int(seed)
        self._turn = 0
        self.reports: list[dict[str, Any]] = []

    def set_design_snr_db(self, design_snr_db: float) -> None:
        """Plan for another SNR from the next content on."""
        self._design_snr_db = float(design_snr_db)

    def handle_received(self, message: Any) -> None:
        """Take a received-content PDU; the latest is enough."""
        if not pdu.is_partial(message):
            self._worker.submit_latest(message)

    def _work(self, message: Any) -> None:
        read = self._read(pdu.to_received, message)
        if read is None:
            return
        received, _ = read
        wanted = (received.symbols.size, self._design_snr_db)
        if self._made != wanted:
            self._reference = self._make(self._image, *wanted)
            self._made = wanted
        reference = self._reference
        self._turn += 1
        reception = reference.receive(received.noise_variance, self._seed + self._turn)
        sent = ReceivedContent(
            reception.symbols,
            received.noise_variance[: reception.symbols.size],
            bytes(DESCRIPTION_BYTES),
            received.content_id,
        )
        self.message_port_pub(pmt.intern("symbols"), pdu.from_received(sent))
        arrived = received.noise_variance[~received.lost]
        report: dict[str, Any] = {
            "modulation": reference.name,
            "file_bytes": reference.file_bytes,
            "code_words": f"{reception.words_right} of {reception.words} right",
        }
        if arrived.size:
            report["snr_db"] = snr_db_of(received)
        if reception.image is None:
            fault = reception.words_right + 1
            report["code_words"] = f"{fault} of {reception.words} is wrong"
            report["status"] = "no picture: the file is damaged"
            published = pmt.cons(to_pmt_dict(report), pmt.PMT_NIL)
        else:
            report["psnr_db"] = float(self._psnr_db(self._image, reception.image))
            published = source_pdu.from_source(reception.image, report)
        self.reports = [*self.reports[-63:], report]
        self.message_port_pub(pmt.intern("reconstruction"), published)
