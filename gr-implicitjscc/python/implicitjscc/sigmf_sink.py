# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream as a SigMF recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.datatypes import datatype_of
from implicitjscc.recording.metadata import HIGHEST_SAMPLE_RATE_HZ, Description
from implicitjscc.recording.writer import SigmfWriter

WORK_DONE = -1


class sigmf_sink(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Write complex baseband samples, full scale 1.0, as a SigMF recording.

    ``BASE.sigmf-data`` and ``BASE.sigmf-meta`` appear when the flowgraph ends, and replace those of
    an earlier run. Where the disk fails, the stream ends and what was written before is kept.

    Args:
        base: path without ending, or that of either file.
        sample_rate: of the stream in Hz.
        datatype: ``cf32_le``, ``ci16_le`` or ``ci8``.
        frequency: of the recording's centre in Hz; 0 where it is not known.
        description: one line of text.
        author: who records; empty to leave it out.

    Attributes:
        samples: recorded so far in this run.
        clipped: how many of them were beyond full scale.
        failed: whether the disk refused samples of this run.

    Raises:
        ImplicitJsccError: there is no such folder or datatype, or a number is out of bounds.
    """

    def __init__(
        self,
        base: str = "recording",
        sample_rate: float = 1e6,
        datatype: str = "cf32_le",
        frequency: float = 0.0,
        description: str = "",
        author: str = "",
    ) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC SigMF Sink", [np.complex64], None)
        if not base:
            raise ImplicitJsccError("the SigMF Sink needs a file")
        if not 0 < sample_rate <= HIGHEST_SAMPLE_RATE_HZ:
            raise ImplicitJsccError("the recording's sample rate is out of bounds")
        if not 0 <= frequency <= HIGHEST_SAMPLE_RATE_HZ:
            raise ImplicitJsccError("the recording's frequency is out of bounds")
        self._base = base
        self._description = Description(
            datatype_of(datatype),
            float(sample_rate),
            frequency or None,
            description,
            author or None,
        )
        self.failed = False
        self._writer = self._make()
        self._open = False

    @property
    def samples(self) -> int:
        """Recorded so far in this run."""
        return self._writer.samples

    @property
    def clipped(self) -> int:
        """How many of them were beyond full scale."""
        return self._writer.clipped

    def start(self) -> bool:
        """Called by the scheduler."""
        self.failed = False
        try:
            self._writer = self._make()
            self._writer.__enter__()
        except ImplicitJsccError as error:
            self._fail(error)
        self._open = not self.failed
        return True

    def stop(self) -> bool:
        """Called by the scheduler; the two files appear, and the writer logs what was clipped."""
        if self._open:
            self._open = False
            try:
                self._writer.__exit__(None, None, None)
            except ImplicitJsccError as error:
                self._fail(error)
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        if self.failed:
            return WORK_DONE
        samples = input_items[0]
        try:
            self._writer.write(samples)
        except ImplicitJsccError as error:
            self._fail(error)
            return WORK_DONE
        return int(samples.size)

    def _make(self) -> SigmfWriter:
        return SigmfWriter(self._base, self._description, keep_partial=True)

    def _fail(self, error: ImplicitJsccError) -> None:
        self.failed = True
        self.logger.error(str(error))
