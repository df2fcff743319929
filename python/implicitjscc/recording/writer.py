# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a SigMF recording, sample by sample, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from .metadata import BurstNote, Description
from .paths import recording_paths

_log = logging.getLogger(__name__)

# A recording of days must neither fill the memory nor outgrow what readers accept.
MOST_NOTES = 2000


class SigmfWriter:
    """Takes samples and notes; the two files appear when it is left.

    Args:
        base: path without ending.
        description: of the recording.
        keep_partial: whether an error leaves a recording of what came before it, in place of none.

    Attributes:
        samples: written so far.
        clipped: how many of them were beyond the datatype's range.

    Raises:
        ImplicitJsccError: the folder does not exist, or the files cannot be written.
    """

    def __init__(self, base: str, description: Description, *, keep_partial: bool = False) -> None:
        self._meta, self._data = recording_paths(base)
        for path in (self._meta, self._data):
            if not path.parent.is_dir():
                raise ImplicitJsccError(f"{path.parent}: no such folder")
            if path.is_dir():
                raise ImplicitJsccError(f"{path}: is a folder, not a file to write")
        self._description = description
        self._keep_partial = keep_partial
        self._notes: list[BurstNote] = []
        self._dropped_notes = 0
        self._hash = hashlib.sha512()
        self.samples = 0
        self.clipped = 0

    def __enter__(self) -> SigmfWriter:
        try:
            handle, self._temporary = tempfile.mkstemp(prefix=".", dir=self._data.parent)
        except OSError as error:
            raise ImplicitJsccError(f"{self._data}: {error.strerror}") from None
        self._file = os.fdopen(handle, "wb")
        self._started = datetime.now(timezone.utc)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._close(keep=kind is None or self._keep_partial)
        except OSError as failure:
            if kind is None:
                raise ImplicitJsccError(f"{self._data}: {failure.strerror}") from None
        finally:
            Path(self._temporary).unlink(missing_ok=True)
        if self.clipped:
            _log.warning("%d recorded samples are clipped at full scale", self.clipped)
        if self._dropped_notes:
            _log.warning("%d further bursts are recorded without a note", self._dropped_notes)

    def write(self, samples: NDArray[np.complex64]) -> None:
        """Append samples of full scale 1.0."""
        data, clipped = self._description.datatype.pack(samples)
        try:
            self._file.write(data)
        except OSError as error:
            raise ImplicitJsccError(f"{self._data}: {error.strerror}") from None
        self._hash.update(data)
        self.samples += samples.size
        self.clipped += clipped

    def annotate(self, note: BurstNote) -> None:
        """Say what a part of the recording holds; the first ``MOST_NOTES`` are kept."""
        if len(self._notes) < MOST_NOTES:
            self._notes.append(note)
        else:
            self._dropped_notes += 1

    def _close(self, *, keep: bool) -> None:
        self._file.close()
        if not keep:
            return
        os.chmod(self._temporary, 0o644)
        # Never old metadata beside new samples.
        self._meta.unlink(missing_ok=True)
        os.replace(self._temporary, self._data)
        handle, temporary = tempfile.mkstemp(prefix=".", dir=self._meta.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._metadata(), file, indent=4, allow_nan=False)
                file.write("\n")
            os.chmod(temporary, 0o644)
            os.replace(temporary, self._meta)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _metadata(self) -> dict[str, object]:
        notes = sorted(self._notes, key=lambda note: note.sample_start)
        annotations = [note.annotation(self._description.frequency_hz) for note in notes]
        return self._description.metadata(self._hash.hexdigest(), self._started, annotations)
