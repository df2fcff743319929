# SPDX-License-Identifier: GPL-3.0-or-later
"""What sort of source was encoded: the kind's part of the description that travels in the header.

A codec turns values from 0 to 1 on a grid into symbols and back. A format says what such values
stand for: grey levels, a waveform at some rate, or numbers of some type between two bounds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from .bitfields import Reader

KIND_BITS = 57
"""Bits of the description that belong to the kind."""

MAXIMUM_AUDIO_CHANNELS = 8
MAXIMUM_ARRAY_CHANNELS = 32
MAXIMUM_SAMPLE_RATE_HZ = (1 << 24) - 1

SAMPLE_FORMATS = ("pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64")
"""How a waveform was stored, in the order of their numbers on the air."""

PEAK_STEPS = 1 << 16

_INTEGERS = tuple(f"{sign}int{8 << n}" for sign in ("u", "") for n in range(4))
ARRAY_DTYPES = (*_INTEGERS, "float16", "float32", "float64", "bool")
"""numpy's names of the types that an array can have, in the order of their numbers on the air."""

_PICTURE_KINDS = 2
_AUDIO_KIND = 2
_FIRST_ARRAY_KIND = 3
_SPAN_BITS = 23
_SPAN_DROPPED_BITS = 8  # of float32's mantissa

_NEWER = "the content needs a newer version of this program"


class SourceFormat(Protocol):
    """What every format has."""

    @property
    def kind(self) -> str:
        """Name of the kind, for people and reports."""

    @property
    def number(self) -> int:
        """The kind's number on the air, 4 bits."""

    @property
    def dimensions(self) -> int:
        """1 for signals over time, 2 for pictures."""

    def allows(self, channels: int) -> bool:
        """Whether a source of this format can have so many channels."""

    def fields(self) -> list[tuple[int, int]]:
        """Values and widths of the kind's bits, at most ``KIND_BITS`` in all; the rest is zero."""

    def facts(self) -> dict[str, Any]:
        """The same for a report: plain values."""


@dataclass(frozen=True)
class ImageFormat:
    """Grey levels.

    Attributes:
        bits: 8 or 16 a sample.

    Raises:
        ImplicitJsccError: another depth.
    """

    bits: int = 8

    dimensions: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Check the depth."""
        if self.bits not in (8, 16):
            raise ImplicitJsccError(f"pictures have 8 or 16 bits a sample, not {self.bits}")

    @property
    def kind(self) -> str:
        """ "image8" or "image16"."""
        return f"image{self.bits}"

    @property
    def number(self) -> int:
        """0 or 1."""
        return int(self.bits == 16)

    def allows(self, channels: int) -> bool:
        """What picture files hold: grey or RGB, and grey of 16 bits."""
        return channels == 1 or (channels == 3 and self.bits == 8)

    def fields(self) -> list[tuple[int, int]]:
        """None."""
        return []

    def facts(self) -> dict[str, Any]:
        """The depth is in the kind's name already."""
        return {}


IMAGE8, IMAGE16 = ImageFormat(8), ImageFormat(16)


@dataclass(frozen=True)
class AudioFormat:
    """A waveform from -1 to 1.

    Attributes:
        sample_rate_hz: 1 to 16,777,215.
        sample_format: one of ``SAMPLE_FORMATS``, as the source was stored.
        peak_steps: at most this part of full scale is in use, in steps of 1/65536. The codec works
            on the waveform at this gain: one that hardly moves would drown in the noise on the
            decoder's biases.

    Raises:
        ImplicitJsccError: one of them is out of its bounds.
    """

    sample_rate_hz: int
    sample_format: str = "pcm16"
    peak_steps: int = PEAK_STEPS

    dimensions: ClassVar[int] = 1
    kind: ClassVar[str] = "audio"
    number: ClassVar[int] = _AUDIO_KIND

    def __post_init__(self) -> None:
        """Check the fields."""
        if not 1 <= self.sample_rate_hz <= MAXIMUM_SAMPLE_RATE_HZ:
            raise ImplicitJsccError(
                f"a sample rate of {self.sample_rate_hz} Hz is out of bounds, "
                f"1 to {MAXIMUM_SAMPLE_RATE_HZ} can be sent"
            )
        if self.sample_format not in SAMPLE_FORMATS:
            raise ImplicitJsccError(f"unknown sample format {self.sample_format!r}")
        if not 1 <= self.peak_steps <= PEAK_STEPS:
            raise ImplicitJsccError("the waveform's peak is impossible")

    @property
    def peak(self) -> float:
        """The largest magnitude of a sample, rounded up."""
        return self.peak_steps / PEAK_STEPS

    @property
    def output_bits(self) -> int | None:
        """Bits a sample of what is written: 16 or 24 (for all above 16); None for floats."""
        return {"pcm8": 16, "pcm16": 16, "pcm24": 24, "pcm32": 24}.get(self.sample_format)

    def allows(self, channels: int) -> bool:
        """Up to eight."""
        return 1 <= channels <= MAXIMUM_AUDIO_CHANNELS

    def fields(self) -> list[tuple[int, int]]:
        """Rate, sample format and peak."""
        return [
            (self.sample_rate_hz, 24),
            (SAMPLE_FORMATS.index(self.sample_format), 4),
            (self.peak_steps - 1, 16),
        ]

    def facts(self) -> dict[str, Any]:
        """Rate, sample format and peak."""
        return {
            "sample_rate_hz": self.sample_rate_hz,
            "sample_format": self.sample_format,
            "peak": self.peak,
        }


@dataclass(frozen=True)
class ArrayFormat:
    """Numbers of one type from ``low`` to ``low + span``.

    Attributes:
        dtype: one of ``ARRAY_DTYPES``.
        low: at most the least value; exactly a float32.
        span: of the values; a float32 without sign and the last 8 bits of its mantissa.
        one_dimensional: of shape (n,).
        channel_axis: of shape (height, width, channels), the last one maybe of 1.

    Raises:
        ImplicitJsccError: another type, bounds that are not exactly such numbers, or both flags.
    """

    dtype: str
    low: float = 0.0
    span: float = 1.0
    one_dimensional: bool = False
    channel_axis: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        if self.dtype not in ARRAY_DTYPES:
            raise ImplicitJsccError(f"arrays of {self.dtype} cannot be encoded")
        exact = isfinite(self.low) and isfinite(self.span) and self.span >= 0
        if not exact or self.low != _float32(self.low) or self.span != span_above(self.span):
            raise ImplicitJsccError("the array's bounds are impossible")
        if self.one_dimensional and self.channel_axis:
            raise ImplicitJsccError("an array of one dimension has no axis of channels")

    @classmethod
    def of(cls, values: NDArray[Any]) -> ArrayFormat:
        """The format of an array of 1, 2 or 3 axes.

        Raises:
            ImplicitJsccError: no such shape, its type cannot be encoded, it is empty, or its values
                are not finite or beyond float32.
        """
        dtype = values.dtype.name
        if dtype not in ARRAY_DTYPES:
            raise ImplicitJsccError(
                f"arrays of {dtype} cannot be encoded, only real numbers of up to 64 bits"
            )
        if not 1 <= values.ndim <= 3:
            raise ImplicitJsccError(
                f"an array of {values.ndim} axes cannot be encoded: shapes are (n,), "
                "(height, width) and (height, width, channels)"
            )
        if values.size == 0:
            raise ImplicitJsccError("an empty array cannot be encoded")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ImplicitJsccError("the array has values that are not finite")
        low, span = _bounds(values)
        return cls(dtype, low, span, values.ndim == 1, values.ndim == 3)

    @property
    def kind(self) -> str:
        """ "array_" and the type."""
        return f"array_{self.dtype}"

    @property
    def number(self) -> int:
        """One for each type."""
        return _FIRST_ARRAY_KIND + ARRAY_DTYPES.index(self.dtype)

    @property
    def dimensions(self) -> int:
        """1 or 2."""
        return 1 if self.one_dimensional else 2

    def allows(self, channels: int) -> bool:
        """One, or up to 32 where they have an axis."""
        return 1 <= channels <= (MAXIMUM_ARRAY_CHANNELS if self.channel_axis else 1)

    def fields(self) -> list[tuple[int, int]]:
        """Bounds and shape."""
        return [
            (_float32_bits(self.low), 32),
            (_float32_bits(self.span) >> _SPAN_DROPPED_BITS, _SPAN_BITS),
            (int(self.one_dimensional), 1),
            (int(self.channel_axis), 1),
        ]

    def facts(self) -> dict[str, Any]:
        """Type and bounds."""
        return {"dtype": self.dtype, "low": self.low, "span": self.span}


def dimensions_of(number: int, kind_bits: int) -> int:
    """Dimensions of a kind before its fields are checked: the size's layout follows from them.

    Args:
        number: of the kind.
        kind_bits: the last ``KIND_BITS`` bits of the description.
    """
    if number < _FIRST_ARRAY_KIND:
        return 1 if number == _AUDIO_KIND else 2
    return 1 if kind_bits >> 1 & 1 else 2


def read_format(number: int, reader: Reader) -> SourceFormat:
    """The format of a kind's number and the bits that :meth:`SourceFormat.fields` packed.

    Raises:
        ImplicitJsccError: there is no such kind in this version, or a field is impossible.
    """
    if number < _PICTURE_KINDS:
        return IMAGE16 if number else IMAGE8
    if number == _AUDIO_KIND:
        rate, stored = reader.take(24), reader.take(4)
        if stored >= len(SAMPLE_FORMATS):
            raise ImplicitJsccError(_NEWER)
        return AudioFormat(rate, SAMPLE_FORMATS[stored], reader.take(16) + 1)
    if number - _FIRST_ARRAY_KIND >= len(ARRAY_DTYPES):
        raise ImplicitJsccError(_NEWER)
    low = _from_float32_bits(reader.take(32))
    span = _from_float32_bits(reader.take(_SPAN_BITS) << _SPAN_DROPPED_BITS)
    return ArrayFormat(
        dtype=ARRAY_DTYPES[number - _FIRST_ARRAY_KIND],
        low=low,
        span=span,
        one_dimensional=bool(reader.take(1)),
        channel_axis=bool(reader.take(1)),
    )


def span_above(span: float) -> float:
    """The least span that the header can carry and that is not below ``span``; inf beyond it."""
    nearest = _float32(span)
    if nearest < span:
        nearest = float(np.nextafter(np.float32(nearest), np.float32(np.inf)))
    if not isfinite(nearest):
        return float("inf")
    units = -(-_float32_bits(nearest) >> _SPAN_DROPPED_BITS)
    return _from_float32_bits(units << _SPAN_DROPPED_BITS)


def _bounds(values: NDArray[Any]) -> tuple[float, float]:
    """Low, rounded down to a float32, and the span from there, rounded up."""
    least, most = values.min().item(), values.max().item()
    low = _float32(least)
    if low > least:
        low = float(np.nextafter(np.float32(low), np.float32(-np.inf)))
    span = span_above(float(most) - low) if isfinite(low) else float("inf")
    if not isfinite(span):
        raise ImplicitJsccError("the array has values beyond the range of float32")
    return low + 0.0, span  # not minus zero


def _float32(value: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(value))


def _float32_bits(value: float) -> int:
    return int.from_bytes(struct.pack(">f", value), "big")


def _from_float32_bits(bits: int) -> float:
    return float(struct.unpack(">f", bits.to_bytes(4, "big"))[0])
