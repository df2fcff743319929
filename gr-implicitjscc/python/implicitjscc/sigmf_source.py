# SPDX-License-Identifier: GPL-3.0-or-later
"""A SigMF recording as a stream."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.reader import SigmfReader

from .stream_marks import DISCONTINUITY

WORK_DONE = -1
_NOTHING = np.empty(0, np.complex64)


class sigmf_source(gr.sync_block):  # noqa: N801 (GNU Radio's convention)
    """Emit the samples of a SigMF recording, full scale 1.0, as fast as they are taken.

    Datatypes ``cf32_le``, ``ci16_le`` and ``ci8``, one channel, whoever recorded it. Where the
    recording's captures tell that samples are missing, and where it begins again, the next sample
    has the tag ``discontinuity``, by which a Receiver knows.

    Args:
        base: path without ending, or that of either file.
        sample_rate: of the flowgraph in Hz, which must be the recording's; 0 for any.
        repeat: whether to begin again at the end, for ever.
        verify: whether to check the data file's hash first.

    Attributes:
        sample_rate_hz: that the recording names; None where it does not.

    Raises:
        ImplicitJsccError: the recording cannot be read, has another sample rate, or is damaged.
    """

    def __init__(
        self,
        base: str = "recording",
        sample_rate: float = 0.0,
        repeat: bool = False,
        verify: bool = False,
    ) -> None:
        gr.sync_block.__init__(self, "Implicit-JSCC SigMF Source", None, [np.complex64])
        if not base:
            raise ImplicitJsccError("the SigMF Source needs a file")
        self._reader = SigmfReader(base, verify=verify)
        self.sample_rate_hz = own = self._reader.recorded.sample_rate_hz
        if own and sample_rate and not math.isclose(sample_rate, own, rel_tol=1e-9):
            raise ImplicitJsccError(
                f"{base}: was recorded at {own:g} samples/s, the flowgraph has {sample_rate:g}"
            )
        self._repeat = repeat
        self._pieces: Iterator[NDArray[np.complex64]] = iter(())
        self._left = _NOTHING
        self._position = 0
        self._key = pmt.intern(DISCONTINUITY)

    def start(self) -> bool:
        """Called by the scheduler."""
        self._pieces, self._left = self._reader.chunks(), _NOTHING
        self._position = 0
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._pieces, self._left = iter(()), _NOTHING  # closes the file
        return True

    def work(self, input_items: Any, output_items: Any) -> int:
        """Called by the scheduler."""
        try:
            if not self._left.size and not self._read():
                return WORK_DONE
        except ImplicitJsccError as error:
            self.logger.error(str(error))
            return WORK_DONE
        out = output_items[0]
        count = min(out.size, self._left.size)
        out[:count] = self._left[:count]
        self._left = self._left[count:]
        return int(count)

    def _read(self) -> bool:
        """Get the next piece; False at the end."""
        piece = next(self._pieces, None)
        if piece is None and self._repeat:
            self._pieces, self._position = self._reader.chunks(), 0
            piece = next(self._pieces, None)
        if piece is None:
            return False
        written = self.nitems_written(0)
        if self._position in self._reader.recorded.cuts or (written and not self._position):
            self.add_item_tag(0, written, self._key, pmt.PMT_T)
        self._left = piece
        self._position += piece.size
        return True
