# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of every kind as GNU Radio PDUs, and back.

* pictures: ``image_pdu``;
* audio: ``{sample_rate_hz, channels, sample_format}`` and the samples from -1 to 1 with the
  channels interleaved, an f32vector;
* arrays: ``{dtype, shape}``, the shape as a text such as "64x48x3", and the values row by row in
  the vector of their type; float16 travels as an f32vector, bool as a u8vector.

A sender needs no ``sample_format``: the samples count as floats then.
"""

from __future__ import annotations

from math import prod
from typing import Any

import pmt

from implicitjscc.errors import ImplicitJsccError

from . import image_pdu
from .pdu import split
from .pmt_arrays import KINDS, from_array, is_kind, to_array
from .pmt_scalars import Scalar, scalars, to_pmt_dict

MAXIMUM_SAMPLES = 1 << 28
_MOST_DIMENSIONS = 3
_CARRIED_AS = {"float16": "float32", "bool": "uint8"}
_REAL = {name: kind for name, kind in KINDS.items() if not name.startswith("complex")}


def from_source(source: Any, meta: dict[str, Scalar]) -> Any:
    """The PDU of a picture, audio or an array.

    Args:
        source: of the codec's ``sources``.
        meta: what else its dictionary says.
    """
    from implicitjscc.codec import sources

    samples = source.samples
    if isinstance(source, sources.Image):
        return image_pdu.from_image(samples, meta)
    if isinstance(source, sources.Audio):
        entries = {**meta, **source.format.facts(), "channels": samples.shape[1]}
        return pmt.cons(to_pmt_dict(entries), _vector(samples, "float32"))
    dtype = samples.dtype.name
    entries = {**meta, "dtype": dtype, "shape": "x".join(map(str, samples.shape))}
    return pmt.cons(to_pmt_dict(entries), _vector(samples, _CARRIED_AS.get(dtype, dtype)))


def read(message: Any) -> Any:
    """The source of a message: of a PDU, or in the file whose path a text is.

    Raises:
        ImplicitJsccError: the message is neither, or the source cannot be read or encoded.
    """
    if not pmt.is_symbol(message):
        return to_source(message)
    from implicitjscc.codec import sources

    return sources.read_source(pmt.symbol_to_string(message))


def to_source(message: Any) -> Any:
    """The picture, audio or array of a PDU.

    Raises:
        ImplicitJsccError: the message is no such PDU, or what it holds cannot be encoded.
    """
    from implicitjscc.codec import sources

    meta, vector = split(message)
    entries = scalars(meta)
    if "sample_rate_hz" in entries:
        return _audio(entries, vector, sources)
    if "dtype" in entries:
        return sources.Array.of(_array(entries, vector))
    return sources.Image(image_pdu.to_image(message)[0])


def _audio(entries: dict[str, Scalar], vector: Any, sources: Any) -> Any:
    rate, channels = entries["sample_rate_hz"], entries.get("channels", 1)
    if not isinstance(rate, int) or not isinstance(channels, int) or channels < 1:
        raise ImplicitJsccError("the audio PDU's rate and channels are no whole numbers above 0")
    samples = _samples(vector, "float32")
    if samples.size % channels:
        raise ImplicitJsccError("the audio PDU's vector does not match its channels")
    stored = str(entries.get("sample_format", "float32"))
    return sources.Audio.of(samples.reshape(-1, channels), rate, stored)


def _array(entries: dict[str, Scalar], vector: Any) -> Any:
    dtype = str(entries["dtype"])
    carried = _CARRIED_AS.get(dtype, dtype)
    if carried not in _REAL:
        raise ImplicitJsccError(f"the array PDU's dtype {dtype} is not known")
    parts = str(entries.get("shape", "")).split("x")
    if len(parts) > _MOST_DIMENSIONS or not all(
        part.isdecimal() and len(part) < 10 for part in parts
    ):
        raise ImplicitJsccError("the array PDU has no shape")
    samples = _samples(vector, carried)
    shape = tuple(map(int, parts))
    if prod(shape) != samples.size:
        raise ImplicitJsccError("the array PDU's vector does not match its shape")
    return samples.astype(dtype).reshape(shape)


def _vector(samples: Any, dtype: str) -> Any:
    return from_array(samples.astype(dtype).reshape(-1))


def _samples(vector: Any, dtype: str) -> Any:
    if not is_kind(vector, _REAL[dtype]):
        raise ImplicitJsccError(f"the PDU needs a {_REAL[dtype]}vector")
    if pmt.length(vector) > MAXIMUM_SAMPLES:
        raise ImplicitJsccError("the PDU's vector is too long")
    return to_array(vector)
