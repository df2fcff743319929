# SPDX-License-Identifier: GPL-3.0-or-later
"""Received contents as files, with what there is to say of each."""

from __future__ import annotations

import argparse
import logging
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError

if TYPE_CHECKING:
    from ..content import Content
    from ..phy.reception import Reception

_log = logging.getLogger(__name__)


class ContentWriter:
    """Rebuilds contents and writes them to files of their own.

    Args:
        options: what ``receive`` parsed.
        reference: what was encoded, for the PSNR; or None.
        truth: what was sent, for the Es/N0 loss; or None.

    Attributes:
        results: figures of each content that was written.
    """

    def __init__(self, options: argparse.Namespace, reference: Any, truth: Content | None) -> None:
        self._options, self._reference, self._truth = options, reference, truth
        self._names: Counter[str] = Counter()
        self.results: list[dict[str, Any]] = []
        self._failures: list[str] = []

    @property
    def written(self) -> int:
        """Contents so far, those that could not be rebuilt included."""
        return len(self.results) + len(self._failures)

    def write(self, reception: Reception, *, several: bool) -> None:
        """One content; one that cannot be rebuilt does not keep others from it."""
        name = f"{reception.received.content_id:08x}"
        self._names[name] += 1
        if self._names[name] > 1:  # evicted before, or another content of the same id
            name += f"-{self._names[name]}"
        try:
            self.results.append(
                _rebuild(
                    reception,
                    self._options,
                    self._reference,
                    self._truth,
                    f"-{name}" if several else "",
                )
            )
        except (ImplicitJsccError, MemoryError, RuntimeError) as error:
            # PyTorch says with a RuntimeError that there is not enough memory.
            self._failures.append(str(error).partition("\n")[0] or "not enough memory")

    def last(self) -> dict[str, Any]:
        """The last one's figures.

        Raises:
            ImplicitJsccError: nothing could be rebuilt.
        """
        if not self.results:
            raise ImplicitJsccError(self._failures[0])
        for failure in self._failures:
            _log.warning("%s", failure)
        return self.results[-1]


def _rebuild(
    reception: Reception,
    options: argparse.Namespace,
    reference: Any,
    truth: Content | None,
    suffix: str,
) -> dict[str, Any]:
    from ..codec import decoder, metrics, sources

    received = reception.received
    decoded = decoder.decode(received, options.engine)
    source = decoded.source
    output = Path(options.output)
    output = output.with_name(f"{output.stem}{suffix}{output.suffix}")
    output = sources.fitting_path(output, source)
    sources.write_source(output, source)
    result: dict[str, Any] = {
        "content_id": f"{received.content_id:08x}",
        "output": os.fspath(output),
        "decoder": decoded.decoder,
        "snr_db": reception.snr_db,
        "cfo_hz": reception.cfo_hz,
        "sro_ppm": reception.sro_ppm,
        "level_dbfs": reception.level_dbfs,
        "frames_received": reception.frames_received,
        "frames_lost": reception.frames_lost,
        "frame_snr_db": reception.frame_snr_db,
        "receptions": reception.receptions,
    }
    if reception.frames_lost:
        _log.warning(
            "content %08x: %d frames are lost, it is rebuilt from the others",
            received.content_id,
            reception.frames_lost,
        )
    if decoded.decoder == "approximate":
        _log.warning(
            "content %08x: the decoder's parameters are lost, the picture is a grey likeness",
            received.content_id,
        )
    if reference is not None:
        try:
            result["psnr_db"] = metrics.psnr_db(reference, source)
        except ImplicitJsccError as error:
            _log.warning("no PSNR of content %08x: %s", received.content_id, error)
    if truth is not None:
        result["es_n0_loss_db"] = _es_n0_loss_db(reception, truth, options.snr)
    return result


def _es_n0_loss_db(reception: Reception, truth: Content, snr_db: float) -> float | None:
    """How much noisier the received symbols are than the nominal Es/N0 says."""
    import numpy as np

    received = reception.received
    if received.content_id != truth.content_id:
        _log.warning("no Es/N0 loss of content %08x: the truth is another", received.content_id)
        return None
    arrived = ~received.lost
    error = received.symbols[arrived].astype(np.complex128) - truth.symbols[arrived]
    return float(10 * np.log10(np.mean(np.abs(error) ** 2)) + snr_db)
