# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as GNU Radio PDUs, and back.

The dictionary has ``height``, ``width``, ``channels``, ``bits`` (8 or 16) and what else the sender
says of the image; the samples follow row by row with the channels interleaved, as a u8vector or a
u16vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

from implicitjscc.errors import ImplicitJsccError

from .pdu import split
from .pmt_arrays import from_array, to_array
from .pmt_scalars import Scalar, scalar, scalars

MAXIMUM_SAMPLES = 1 << 28


def from_image(pixels: NDArray[Any], meta: dict[str, Scalar]) -> Any:
    """The image PDU of an array of shape (height, width, channels), uint8 or uint16."""
    height, width, channels = pixels.shape
    wide = pixels.dtype == np.uint16
    sizes: dict[str, Scalar] = {"height": height, "width": width, "channels": channels}
    sizes["bits"] = 16 if wide else 8
    entries = pmt.make_dict()
    for key, value in {**meta, **sizes}.items():
        entries = pmt.dict_add(entries, pmt.intern(key), scalar(value))
    return pmt.cons(entries, from_array(pixels.reshape(-1)))


def to_image(message: Any) -> tuple[NDArray[Any], dict[str, Scalar]]:
    """The array of an image PDU, shape (height, width, channels), and its dictionary.

    Raises:
        ImplicitJsccError: the message is no such PDU.
    """
    meta, vector = split(message)
    if not (pmt.is_u8vector(vector) or pmt.is_u16vector(vector)):
        raise ImplicitJsccError("an image PDU needs a u8vector or a u16vector")
    entries = scalars(meta)
    sizes = [entries.get(key) for key in ("height", "width", "channels")]
    shape = [size for size in sizes if isinstance(size, int) and size > 0]
    if len(shape) != 3:
        raise ImplicitJsccError("the image PDU lacks height, width or channels")
    count = shape[0] * shape[1] * shape[2]
    if count > MAXIMUM_SAMPLES or count != pmt.length(vector):
        raise ImplicitJsccError("the image PDU's vector does not match its size")
    return to_array(vector).reshape(shape), entries
