# SPDX-License-Identifier: GPL-3.0-or-later
"""NumPy arrays to uniform PMT vectors and back.

By way of PMT's serial form (pmt_serialize.cc of GNU Radio): a tag, the type, the number of elements
in 32 bits, padding, then the elements, all big-endian. pmt.to_python and the init functions make a
Python object of every element, which for a picture keeps all other Python blocks from running for
20 to 70 ms.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

KINDS: dict[str, str] = {
    **{f"{'u' * (s == 'u')}int{bits}": f"{s}{bits}" for s in "us" for bits in (8, 16, 32, 64)},
    "float32": "f32",
    "float64": "f64",
    "complex64": "c32",
    "complex128": "c64",
}


def from_array(values: NDArray[Any]) -> Any:
    """The uniform vector of an array of numbers, in C order.

    Raises:
        KeyError: PMT has no vector of that type.
    """
    values = np.ascontiguousarray(values)
    one = _serial_of_one(values.dtype.name)
    tag, padding = one[:2], one[6 : len(one) - values.itemsize]
    count = values.size.to_bytes(4, "big")
    elements = values.astype(values.dtype.newbyteorder(">"), copy=False).tobytes()
    return pmt.deserialize_str(tag + count + padding + elements)


def to_array(vector: Any) -> NDArray[Any]:
    """The elements of a uniform vector, shape (n,).

    Raises:
        TypeError: it is none.
    """
    name = next((name for name, kind in KINDS.items() if is_kind(vector, kind)), None)
    if name is None:
        raise TypeError("not a uniform vector")
    serial = pmt.serialize_str(vector)
    first = len(_serial_of_one(name)) - np.dtype(name).itemsize
    big_endian = np.frombuffer(serial, np.dtype(name).newbyteorder(">"), offset=first)
    return big_endian.astype(name)


def is_kind(vector: Any, kind: str) -> bool:
    """Whether it is a vector of that kind, such as "f32"."""
    return bool(getattr(pmt, f"is_{kind}vector")(vector))


@functools.cache
def _serial_of_one(name: str) -> bytes:
    """A vector of one element, as PMT writes it."""
    make = getattr(pmt, f"init_{KINDS[name]}vector")
    return bytes(pmt.serialize_str(make(1, [np.dtype(name).type(0).item()])))
