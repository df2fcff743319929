# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays of real numbers from and to ``.npy`` files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from .files import write_whole
from .formats import MAXIMUM_ARRAY_CHANNELS, ArrayFormat
from .profile import MAXIMUM_PIXELS, SMALLEST_LENGTH

ENDING = ".npy"
MAGIC = b"\x93NUMPY"
_LARGEST_SIDE = 0xFFFF


@dataclass(frozen=True)
class Array:
    """Real numbers on a grid.

    Attributes:
        samples: shape (n,), (height, width) or (height, width, channels), of any real type.
        format: type, bounds and shape; the bounds are those of the source that was encoded.
    """

    samples: NDArray[Any]
    format: ArrayFormat

    @classmethod
    def of(cls, samples: NDArray[Any]) -> Array:
        """An array as a source.

        Raises:
            ImplicitJsccError: it is none that can be encoded.
        """
        source_format = ArrayFormat.of(samples)
        shape = samples.shape
        positions = int(np.prod(shape[:2]))
        if positions < SMALLEST_LENGTH:
            raise ImplicitJsccError(
                f"an array of shape {shape} is too small, at least {SMALLEST_LENGTH} "
                "positions are needed"
            )
        if positions > MAXIMUM_PIXELS:
            raise ImplicitJsccError(
                f"an array of shape {shape} is too large, the limit is {MAXIMUM_PIXELS} positions"
            )
        if samples.ndim > 1 and max(shape[:2]) > _LARGEST_SIDE:
            raise ImplicitJsccError(
                f"an array of shape {shape} is too large, the limit of a side is {_LARGEST_SIDE}"
            )
        if samples.ndim == 3 and shape[2] > MAXIMUM_ARRAY_CHANNELS:
            raise ImplicitJsccError(
                f"{shape[2]} channels are too many, the limit is {MAXIMUM_ARRAY_CHANNELS}"
            )
        return cls(np.ascontiguousarray(samples), source_format)

    @property
    def size(self) -> tuple[int, int, int]:
        """Height (1 for one dimension), width and channels."""
        shape = self.samples.shape
        if len(shape) == 1:
            return 1, shape[0], 1
        return shape[0], shape[1], shape[2] if len(shape) == 3 else 1

    @property
    def peak(self) -> float:
        """Of a PSNR: the span of the source's values."""
        return self.format.span

    def normalised(self) -> NDArray[np.float32]:
        """(x - low) / span, shape (channels, height, width)."""
        values = self.samples.astype(np.float64).reshape(self.size) - self.format.low
        scaled = (values / (self.format.span or 1.0)).astype(np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1))

    @classmethod
    def from_normalised(cls, values: NDArray[np.float32], format: ArrayFormat) -> Array:
        """The array of (x - low) / span, shape (channels, height, width); integers are rounded."""
        numbers = format.low + values.transpose(1, 2, 0).astype(np.float64) * format.span
        if format.one_dimensional:
            numbers = numbers.reshape(-1)
        elif not format.channel_axis:
            numbers = numbers[:, :, 0]
        return cls(_cast(numbers, np.dtype(format.dtype)), format)

    def describe(self) -> str:
        """Type and shape, for messages."""
        return f"{self.samples.dtype} of shape {self.samples.shape}"


def read_array(path: str | os.PathLike[str]) -> Array:
    """Read a ``.npy`` file; nothing in it is executed.

    Raises:
        ImplicitJsccError: no such file, no ``.npy``, a damaged one, or an array that cannot be
            encoded.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise ImplicitJsccError(f"{name}: no such file")
    try:
        with open(name, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ImplicitJsccError(f"{name}: not a .npy file")
        # Mapped: a header that promises more than the file holds allocates nothing.
        mapped = np.load(name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, OverflowError) as error:
        if "Object arrays" in str(error) or "Python objects" in str(error):
            reason = "its type is object"
        else:
            reason = str(error).partition("\n")[0] or type(error).__name__
        raise ImplicitJsccError(f"{name}: the array cannot be read ({reason})") from None
    try:
        native = mapped.dtype.newbyteorder("=")
        return Array.of(np.array(mapped, native) if _acceptable(mapped) else np.asarray(mapped))
    except ImplicitJsccError as error:
        raise ImplicitJsccError(f"{name}: {error}") from None


def write_array(path: str | os.PathLike[str], array: Array) -> None:
    """Write a ``.npy`` file, whole or not at all.

    Raises:
        ImplicitJsccError: the folder does not exist, or the ending is another.
    """
    target = Path(path)
    if target.suffix.lower() != ENDING:
        raise ImplicitJsccError(f"{target}: an array needs an ending of {ENDING}")

    def write(temporary: str) -> None:
        with open(temporary, "wb") as file:
            np.save(file, array.samples, allow_pickle=False)

    write_whole(target, write)


def _acceptable(mapped: NDArray[Any]) -> bool:
    """Whether it is worth a copy: what is not gets its message from the mapped array."""
    return mapped.size <= MAXIMUM_PIXELS * MAXIMUM_ARRAY_CHANNELS


def _cast(numbers: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "b":
        return numbers >= 0.5
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        return np.ascontiguousarray(numbers.clip(float(limits.min), float(limits.max)), dtype)
    low, high = np.iinfo(dtype).min, float(np.iinfo(dtype).max)
    if high > np.iinfo(dtype).max:  # 2^63 and 2^64 are float64s, the integers below them are not
        high = float(np.nextafter(high, 0))
    return np.ascontiguousarray(np.rint(numbers).clip(low, high), dtype)
