# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a SigMF recording in pieces; nothing in its metadata decides how much memory that takes."""

from __future__ import annotations

import hashlib
import logging
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from .metadata import LARGEST_METADATA_BYTES, parse
from .paths import recording_paths

_log = logging.getLogger(__name__)

_CHUNK = 1 << 18  # samples
_HASH_BYTES = 1 << 20


class SigmfReader:
    """Gives the samples of a recording.

    Args:
        base: path without ending, or that of either file.
        verify: whether to check the data file's hash before the first sample.

    Attributes:
        recorded: what its metadata says.
        samples: how many there are.

    Raises:
        ImplicitJsccError: a file is missing or cannot be read, its metadata makes no sense or names
            what cannot be read here, its length is no whole number of samples, or its hash differs.
    """

    def __init__(self, base: str, *, verify: bool = False) -> None:
        meta, self._path = recording_paths(base)
        text = _read_metadata(meta)
        try:
            self.recorded = parse(text)
        except ImplicitJsccError as error:
            raise ImplicitJsccError(f"{meta}: {error}") from None
        size = _size(self._path)
        sample_bytes = self.recorded.datatype.sample_bytes
        if size == 0:
            raise ImplicitJsccError(f"{self._path}: the file is empty")
        if size % sample_bytes:
            raise ImplicitJsccError(
                f"{self._path}: {size} bytes are no whole number of {self.recorded.datatype.name} "
                f"samples of {sample_bytes} bytes"
            )
        self.samples = size // sample_bytes
        if verify:
            self._verify()

    def chunks(self) -> Iterator[NDArray[np.complex64]]:
        """The samples, full scale 1.0, a piece at a time; a piece ends where others are missing.

        Raises:
            ImplicitJsccError: the file cannot be read.
        """
        datatype, left = self.recorded.datatype, self.samples
        ends = [*(cut for cut in self.recorded.cuts if cut < left), left]
        try:
            with open(self._path, "rb") as file:
                while left:
                    end = ends[bisect_right(ends, self.samples - left)]
                    most = min(_CHUNK, end - (self.samples - left))
                    data = file.read(most * datatype.sample_bytes)
                    whole = len(data) // datatype.sample_bytes
                    if not whole:
                        _log.warning("%s: became shorter while it was read", self._path)
                        return
                    left -= whole
                    yield datatype.unpack(data[: whole * datatype.sample_bytes])
        except OSError as error:
            raise ImplicitJsccError(f"{self._path}: {error.strerror}") from None

    def _verify(self) -> None:
        if self.recorded.sha512 is None:
            raise ImplicitJsccError(f"{self._path}: its metadata has no hash to verify")
        hashed = hashlib.sha512()
        try:
            with open(self._path, "rb") as file:
                while data := file.read(_HASH_BYTES):
                    hashed.update(data)
        except OSError as error:
            raise ImplicitJsccError(f"{self._path}: {error.strerror}") from None
        if hashed.hexdigest() != self.recorded.sha512.lower():
            raise ImplicitJsccError(f"{self._path}: damaged (its SHA-512 does not match)")


def _read_metadata(path: Path) -> bytes:
    _size(path)
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_METADATA_BYTES + 1)
    except OSError as error:
        raise ImplicitJsccError(f"{path}: {error.strerror}") from None


def _size(path: Path) -> int:
    try:
        size = os.stat(path).st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise ImplicitJsccError(f"{path}: {reason}") from None
    if not path.is_file():
        raise ImplicitJsccError(f"{path}: not a file")
    return size
