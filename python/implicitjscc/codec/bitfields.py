# SPDX-License-Identifier: GPL-3.0-or-later
"""Unsigned integers of given widths, packed into bytes without gaps, most significant bit first."""

from __future__ import annotations

from collections.abc import Sequence


def pack(fields: Sequence[tuple[int, int]], length: int) -> bytes:
    """Pack (value, width in bits) pairs in order, zero bits after them, into ``length`` bytes.

    Raises:
        ValueError: a value does not fit its width, or the fields do not fit the length.
    """
    bits = used = 0
    for value, width in fields:
        if not 0 <= value < 1 << width:
            raise ValueError(f"{value} does not fit {width} bits")
        bits = bits << width | value
        used += width
    if used > 8 * length:
        raise ValueError(f"{used} bits do not fit {length} bytes")
    return (bits << (8 * length - used)).to_bytes(length, "big")


class Reader:
    """Reads fields back in the order in which they were packed."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, width: int) -> int:
        """The next field of ``width`` bits.

        Raises:
            ValueError: fewer bits are left.
        """
        if width > self._left:
            raise ValueError("no bits left")
        self._left -= width
        return self._bits >> self._left & ((1 << width) - 1)

    def rest(self) -> int:
        """What is left, as one number: zero where nothing was packed behind the last field."""
        return self.take(self._left)
