# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw files of little-endian complex64 samples, full scale 1.0."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from ..errors import ImplicitJsccError
from .ends import Samples
from .options import check_folder

_CHUNK = 1 << 18
_SAMPLE_BYTES = 8


class FileSink:
    """Writes a file, whole or not at all.

    Raises:
        ImplicitJsccError: its folder does not exist, or it cannot be written.
    """

    def __init__(self, path: str) -> None:
        check_folder(path)
        self._path = Path(path)

    def __enter__(self) -> FileSink:
        try:
            handle, self._temporary = tempfile.mkstemp(prefix=".", dir=self._path.parent)
        except OSError as error:
            raise ImplicitJsccError(f"{self._path}: {error.strerror}") from None
        self._file = os.fdopen(handle, "wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if kind is None:
            os.chmod(self._temporary, 0o644)
            os.replace(self._temporary, self._path)
        else:
            Path(self._temporary).unlink(missing_ok=True)

    def write(self, samples: Samples) -> None:
        """Append samples."""
        try:
            self._file.write(samples.astype("<c8", copy=False).tobytes())
        except OSError as error:
            raise ImplicitJsccError(f"{self._path}: {error.strerror}") from None


class FileSource:
    """Reads a file.

    Raises:
        ImplicitJsccError: there is none, or its length is not one of samples.
    """

    def __init__(self, path: str) -> None:
        try:
            size = os.stat(path).st_size
        except OSError as error:
            raise ImplicitJsccError(f"{path}: {error.strerror}") from None
        if not os.path.isfile(path):
            raise ImplicitJsccError(f"{path}: not a file")
        if size == 0:
            raise ImplicitJsccError(f"{path}: the file is empty")
        if size % _SAMPLE_BYTES:
            raise ImplicitJsccError(
                f"{path}: {size} bytes are no whole number of complex64 samples of 8 bytes"
            )
        self._path = path

    def __enter__(self) -> FileSource:
        try:
            self._file = open(self._path, "rb")
        except OSError as error:
            raise ImplicitJsccError(f"{self._path}: {error.strerror}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def chunks(self) -> Iterator[Samples]:
        """The file's samples, a piece at a time."""
        while data := self._file.read(_CHUNK * _SAMPLE_BYTES):
            yield np.frombuffer(data, "<c8").astype(np.complex64)
