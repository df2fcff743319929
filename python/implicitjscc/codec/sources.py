# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of every kind: pictures, audio, arrays; from and to files."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from . import arrays, audio
from .arrays import Array, read_array, write_array
from .audio import Audio, read_audio, write_audio
from .formats import ArrayFormat, AudioFormat, ImageFormat, SourceFormat
from .images import Image, is_picture_ending, is_readable_ending, read_image, write_image

__all__ = [
    "Array",
    "Audio",
    "Image",
    "Source",
    "check_ending",
    "fitting_path",
    "from_normalised",
    "is_source_ending",
    "read_array",
    "read_audio",
    "read_image",
    "read_source",
    "write_array",
    "write_audio",
    "write_image",
    "write_source",
]

_log = logging.getLogger(__name__)


class Source(Protocol):
    """What the codec needs of a source."""

    @property
    def format(self) -> SourceFormat:
        """What its values stand for."""

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width, channels; height 1 for one dimension."""

    @property
    def samples(self) -> NDArray[Any]:
        """In the source's own type and shape: what a PSNR compares."""

    @property
    def peak(self) -> float:
        """The PSNR's, in units of the samples."""

    def normalised(self) -> NDArray[np.float32]:
        """Values from 0 to 1, shape (channels, height, width)."""

    def describe(self) -> str:
        """Size and type, for messages."""


def from_normalised(values: NDArray[np.float32], format: SourceFormat) -> Source:
    """The source of a decoder's values from 0 to 1, shape (channels, height, width)."""
    if isinstance(format, AudioFormat):
        return Audio.from_normalised(values, format)
    if isinstance(format, ArrayFormat):
        return Array.from_normalised(values, format)
    assert isinstance(format, ImageFormat)
    return Image.from_normalised(values, format)


def read_source(path: str | os.PathLike[str]) -> Source:
    """Read a picture, a WAV or FLAC file or a ``.npy``: told by content, else by the ending.

    Raises:
        ImplicitJsccError: no such file, or none that can be encoded; the message says why.
    """
    name = os.fspath(path)
    if os.path.exists(name) and not os.path.isfile(name):
        raise ImplicitJsccError(f"{name}: not a file")
    try:
        with open(name, "rb") as file:
            start = file.read(12)
    except FileNotFoundError:
        raise ImplicitJsccError(f"{name}: no such file") from None
    except OSError as error:
        raise ImplicitJsccError(f"{name}: cannot be read ({error.strerror})") from None
    ending = Path(name).suffix.lower()
    wave = start[:4] in (b"RIFF", b"RF64", b"RIFX") and start[8:12] == b"WAVE"
    if wave or start[:4] == b"fLaC" or ending in audio.ENDINGS:
        return read_audio(name)
    if start.startswith(arrays.MAGIC) or ending == arrays.ENDING:
        return read_array(name)
    return read_image(name)


def is_source_ending(path: str | os.PathLike[str]) -> bool:
    """Whether a file's ending is one of a source that :func:`read_source` may read."""
    ending = Path(path).suffix.lower()
    return ending in audio.ENDINGS or ending == arrays.ENDING or is_readable_ending(path)


def write_source(path: str | os.PathLike[str], source: Source) -> None:
    """Write a source in the format that the file's ending names, whole or not at all.

    Raises:
        ImplicitJsccError: the folder does not exist, or the ending does not fit the source.
    """
    if isinstance(source, Audio):
        write_audio(path, source)
    elif isinstance(source, Array):
        write_array(path, source)
    else:
        assert isinstance(source, Image)
        write_image(path, source)


def check_ending(path: str | os.PathLike[str], source: Source | None = None) -> None:
    """Refuse a file's ending before any work is done.

    Args:
        path: to be written.
        source: of the kind that will be written; None where that is not known yet.

    Raises:
        ImplicitJsccError: the ending names no format, or none that holds such a source.
    """
    ending = Path(path).suffix.lower()
    if source is None:
        if not (ending in audio.ENDINGS or ending == arrays.ENDING or is_picture_ending(path)):
            raise ImplicitJsccError(
                f"{path}: its ending names no format: .png would for pictures, .wav or .flac for "
                "audio, .npy for arrays"
            )
    elif not _fits(path, source):
        raise ImplicitJsccError(
            f"{path}: its ending names no format of {_noun(source)}, {_default(source)} would"
        )


def fitting_path(path: str | os.PathLike[str], source: Source) -> Path:
    """The path, with another ending where its own does not fit what was received; that is said."""
    target = Path(path)
    if _fits(target, source):
        return target
    fitting = target.with_suffix(_default(source))
    _log.warning("the content is of %s: it goes to %s", _noun(source), fitting)
    return fitting


def _fits(path: str | os.PathLike[str], source: Source) -> bool:
    ending = Path(path).suffix.lower()
    if isinstance(source, Audio):
        return ending in audio.ENDINGS
    return ending == arrays.ENDING if isinstance(source, Array) else is_picture_ending(path)


def _default(source: Source) -> str:
    if isinstance(source, Audio):
        return ".wav"
    return arrays.ENDING if isinstance(source, Array) else ".png"


def _noun(source: Source) -> str:
    if isinstance(source, Audio):
        return "audio"
    return "arrays" if isinstance(source, Array) else "pictures"
