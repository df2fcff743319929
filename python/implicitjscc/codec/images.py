# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures from and to files."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from ..errors import ImplicitJsccError
from .files import write_whole
from .formats import IMAGE8, IMAGE16, ImageFormat
from .profile import MAXIMUM_PIXELS

_log = logging.getLogger(__name__)

SMALLEST_SIDE = 16


@dataclass(frozen=True)
class Image:
    """A picture.

    Attributes:
        pixels: shape (height, width, channels), uint8 or uint16; 1 channel (grey) or 3 (RGB).
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]

    @property
    def format(self) -> ImageFormat:
        """8 or 16 bits."""
        return IMAGE16 if self.pixels.dtype == np.uint16 else IMAGE8

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        height, width, channels = self.pixels.shape
        return height, width, channels

    @property
    def samples(self) -> NDArray[Any]:
        """What a PSNR compares."""
        return self.pixels

    @property
    def peak(self) -> int:
        """The largest value a sample can have: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    def normalised(self) -> NDArray[np.float32]:
        """Values from 0 to 1, shape (channels, height, width)."""
        values = self.pixels.astype(np.float32) / np.float32(self.peak)
        return np.ascontiguousarray(values.transpose(2, 0, 1))

    @classmethod
    def from_normalised(cls, values: NDArray[np.float32], format: ImageFormat) -> Image:
        """The picture of values from 0 to 1, shape (channels, height, width), rounded."""
        peak = (1 << format.bits) - 1
        rounded = np.rint(values.transpose(1, 2, 0) * np.float32(peak))
        return cls(np.ascontiguousarray(rounded).astype(f"uint{format.bits}"))

    def describe(self) -> str:
        """Its size, for messages."""
        height, width, channels = self.pixels.shape
        return f"{width}x{height}, {channels} x {8 * self.pixels.itemsize} bits"


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read a picture in any mode that Pillow reads.

    Alpha is dropped, palettes and other colour spaces become RGB; more than 8 bits a sample stay 16
    bits where the file has grey levels of that depth. What is changed is said in the log.

    Raises:
        ImplicitJsccError: no such file, no picture, a damaged one, or a size out of bounds.
    """
    name = os.fspath(path)
    try:
        with PillowImage.open(name) as opened:
            _check_size(name, *opened.size)
            opened.load()
            pixels = _to_pixels(name, opened)
    except FileNotFoundError:
        raise ImplicitJsccError(f"{name}: no such file") from None
    except UnidentifiedImageError:
        raise ImplicitJsccError(f"{name}: not a picture that Pillow can read") from None
    except PillowImage.DecompressionBombError as error:
        raise ImplicitJsccError(f"{name}: {error}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImplicitJsccError(f"{name}: the picture cannot be read ({reason})") from None
    return Image(pixels)


def write_image(path: str | os.PathLike[str], image: Image) -> None:
    """Write a picture in the format that the file's ending names, whole or not at all.

    Raises:
        ImplicitJsccError: the folder does not exist, or the ending names no format that holds it.
    """
    pixels = image.pixels[:, :, 0] if image.pixels.shape[2] == 1 else image.pixels
    write_whole(Path(path), PillowImage.fromarray(pixels).save)


def is_picture_ending(path: str | os.PathLike[str]) -> bool:
    """Whether a file's ending names a format that Pillow writes."""
    PillowImage.init()
    return PillowImage.EXTENSION.get(Path(path).suffix.lower()) in PillowImage.SAVE


def is_readable_ending(path: str | os.PathLike[str]) -> bool:
    """Whether a file's ending names a format that Pillow reads."""
    PillowImage.init()
    return PillowImage.EXTENSION.get(Path(path).suffix.lower()) in PillowImage.OPEN


def _check_size(name: str, width: int, height: int) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise ImplicitJsccError(
            f"{name}: {width}x{height} pixels are too few, each side needs at least {SMALLEST_SIDE}"
        )
    if width * height > MAXIMUM_PIXELS or max(width, height) > 0xFFFF:
        raise ImplicitJsccError(
            f"{name}: {width}x{height} pixels are too many, the limit is {MAXIMUM_PIXELS}"
        )


def _to_pixels(name: str, picture: PillowImage.Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if picture.mode.startswith("I;16"):
        pixels = np.asarray(picture).astype(np.uint16)
    elif picture.mode in ("I", "F"):
        pixels = _wide_grey(name, np.asarray(picture))
    else:
        pixels = np.asarray(_to_grey_or_rgb(name, picture))
    return np.ascontiguousarray(np.atleast_3d(pixels))


def _to_grey_or_rgb(name: str, picture: PillowImage.Image) -> PillowImage.Image:
    has_alpha = picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info
    if has_alpha:
        _log.warning("%s: its transparency is dropped", name)
    if picture.mode in ("1", "L", "LA", "La"):
        # Pillow converts premultiplied grey only to grey with alpha.
        grey = picture.convert("LA") if picture.mode == "La" else picture
        return grey.convert("L")
    if picture.mode == "RGBa":
        picture = picture.convert("RGBA")
    return picture.convert("RGB")


def _wide_grey(name: str, values: NDArray[np.int32] | NDArray[np.float32]) -> NDArray[np.uint16]:
    if not np.isfinite(values).all():
        raise ImplicitJsccError(f"{name}: the picture has values that are no numbers")
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "i" and 0 <= low and high <= 0xFFFF:
        return values.astype(np.uint16)
    _log.warning("%s: values from %g to %g are scaled to 16 bits", name, low, high)
    span = high - low or 1.0
    return np.rint((values.astype(np.float64) - low) / span * 0xFFFF).astype(np.uint16)
