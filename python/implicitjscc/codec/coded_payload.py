# SPDX-License-Identifier: GPL-3.0-or-later
"""Integers to the message of the channel code, and back.

Each tensor has the order k of its exponential Golomb code (J. Teuhola, "A compression method for
clustered bit-vectors", Inf. Proc. Letters 7(6), 1978) in 4 bits, then its integers; a CRC-32 ends
the message. Within 3 % of ideal codes for Laplacian values, and nothing to adapt
(docs/codec-measurements.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..ldpc import Bits

CRC_BITS = 32
_ORDER_BITS = 4
# Of a code's leading zeros: integers of more than 31 bits are none of ours.
_MOST_ZEROS = 31


def pack(integers: NDArray[np.int64], sizes: Sequence[int]) -> Bits:
    """The message of integers, tensor by tensor.

    Args:
        integers: shape (sum of sizes,).
        sizes: of the tensors.
    """
    words = []
    for part in np.split(_to_unsigned(integers), np.cumsum(sizes)[:-1]):
        order = _best_order(part)
        words.append(f"{order:0{_ORDER_BITS}b}")
        words += [_word(value, order) for value in part.tolist()]
    message: Bits = np.frombuffer("".join(words).encode(), np.uint8) & np.uint8(1)
    return np.concatenate((message, _crc(message)))


def unpack(message: Bits, sizes: Sequence[int]) -> NDArray[np.int64] | None:
    """What :func:`pack` packed, or None where the CRC or the length does not fit."""
    body, crc = message[:-CRC_BITS], message[-CRC_BITS:]
    if not np.array_equal(_crc(body), crc):
        return None
    text = (body + ord("0")).astype(np.uint8).tobytes().decode()
    values: list[int] = []
    place = 0
    try:
        for size in sizes:
            order = int(text[place : place + _ORDER_BITS], 2)
            place += _ORDER_BITS
            for _ in range(size):
                one = text.index("1", place)
                zeros = one - place
                if zeros > _MOST_ZEROS:
                    return None
                place = one + zeros + 1 + order
                if place > len(text):
                    return None
                values.append(int(text[one:place], 2) - (1 << order))
    except ValueError:
        return None
    if place != len(text):
        return None
    return _to_signed(np.array(values, np.int64))


def packed_bits(integers: NDArray[np.int64], sizes: Sequence[int]) -> int:
    """Length of the message that :func:`pack` would make."""
    parts = np.split(_to_unsigned(integers), np.cumsum(sizes)[:-1])
    return CRC_BITS + sum(_ORDER_BITS + int(_lengths(part).min()) for part in parts)


def _to_unsigned(integers: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, -1, 2, -2 ... to 0, 1, 2, 3, 4 ..."""
    return np.where(integers > 0, 2 * integers - 1, -2 * integers)


def _to_signed(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(values % 2 == 1, (values + 1) // 2, -(values // 2))


def _lengths(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of all words for each order."""
    orders = np.arange(1 << _ORDER_BITS)
    # frexp's exponent is the number of bits of a positive integer.
    bits = np.frexp((values[:, None] >> orders) + 1.0)[1].astype(np.int64)
    return (2 * bits - 1 + orders).sum(axis=0)


def _best_order(values: NDArray[np.int64]) -> int:
    return int(np.argmin(_lengths(values)))


def _word(value: int, order: int) -> str:
    shifted = f"{value + (1 << order):b}"
    return "0" * (len(shifted) - order - 1) + shifted


def _crc(message: Bits) -> Bits:
    crc = zlib.crc32(np.packbits(message).tobytes())
    return np.unpackbits(np.frombuffer(crc.to_bytes(4, "big"), np.uint8))
