# SPDX-License-Identifier: GPL-3.0-or-later
"""Portable random numbers: one integer, counter-based generator for all that two ends must share.

Transmitter and receiver draw the noise matrix, every permutation, every pilot from here. Only
integer arithmetic is used, so that every processor and every library version gives the same
values: torch's generators differ between devices, and numpy does not promise that the values of
``Generator.standard_normal`` stay what they are (NEP 19).

The generator is Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC11, 2011, doi:10.1145/2063384.2063405.
"""

from __future__ import annotations

import enum
import functools
import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

UInt32Array = NDArray[np.uint32]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL_INCREMENTS = (0x9E3779B9, 0xBB67AE85)
_LOW_32_BITS = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_ROUNDS = 10

# Fixed point of the normal table: its largest entry is 4.32 standard deviations.
NORMAL_ONE_SIGMA = 4096
_NORMAL_TABLE_SHA256 = "1ea009ce409dac97d6bd609266910f809c5fb912f78e16bd89145b08174d6fc5"


class Stream(enum.IntEnum):
    """Which independent sequence of a seed is drawn; the numbers are part of the air format."""

    NOISE_MATRIX = 1
    INTERLEAVER_FRAMES = 2
    INTERLEAVER_POSITIONS = 3
    QUARTER_TURNS = 4
    PILOTS = 5
    HEADER_CODE = 6
    HEADER_SCRAMBLER = 7
    FILLER = 8
    PARAMETER_CODE = 9
    DIVERSITY = 10


def philox4x32(counters: UInt32Array, key: tuple[int, int]) -> UInt32Array:
    """Philox4x32-10 of every counter.

    Args:
        counters: shape (n, 4), uint32; column 0 is the least significant word.
        key: two 32-bit words.

    Returns:
        shape (n, 4), uint32.
    """
    c0, c1, c2, c3 = (np.ascontiguousarray(counters[:, i], dtype=np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0 = c0 * _MULTIPLIERS[0]
        product1 = c2 * _MULTIPLIERS[1]
        c0 = (product1 >> _32) ^ c1 ^ np.uint64(k0)
        c1 = product1 & _LOW_32_BITS
        c2 = (product0 >> _32) ^ c3 ^ np.uint64(k1)
        c3 = product0 & _LOW_32_BITS
        k0 = (k0 + _WEYL_INCREMENTS[0]) & 0xFFFFFFFF
        k1 = (k1 + _WEYL_INCREMENTS[1]) & 0xFFFFFFFF
    return np.stack((c0, c1, c2, c3), axis=1).astype(np.uint32)


def words(
    seed: int, stream: Stream, count: int, index: int = 0, first_block: int = 0
) -> UInt32Array:
    """``count`` uniform 32-bit words of one stream.

    Args:
        seed: 32 bits.
        stream: which sequence of that seed.
        count: how many words.
        index: a sub-sequence of the stream (a frame number, a pyramid level), 32 bits.
        first_block: blocks of four words that are left out before the first.

    Returns:
        shape (count,), uint32.
    """
    blocks = -(-count // 4)
    counters = np.zeros((blocks, 4), dtype=np.uint32)
    counters[:, 0] = np.arange(first_block, first_block + blocks, dtype=np.uint32)
    counters[:, 1] = np.uint32(index)
    return philox4x32(counters, (seed & 0xFFFFFFFF, int(stream))).reshape(-1)[:count]


def normals(seed: int, stream: Stream, count: int, index: int = 0) -> NDArray[np.int16]:
    """``count`` normal variates in fixed point: a value of ``NORMAL_ONE_SIGMA`` is one sigma.

    Two variates come from each 32-bit word, its low half first, through a table of the inverse
    normal distribution at the 65,536 midpoints. Arguments are those of :func:`words`.

    Returns:
        shape (count,), int16.
    """
    halves = words(seed, stream, -(-count // 2), index).astype("<u4").view("<u2")
    return _normal_table()[halves[:count]]


def permutation(seed: int, stream: Stream, count: int, index: int = 0) -> NDArray[np.int64]:
    """A permutation of ``range(count)``: the order that sorts ``count`` words, ties by position.

    Arguments are those of :func:`words`.
    """
    return np.argsort(words(seed, stream, count, index), kind="stable")


@functools.cache
def _normal_table() -> NDArray[np.int16]:
    upper = np.rint(ndtri((np.arange(32768, 65536) + 0.5) / 65536) * NORMAL_ONE_SIGMA)
    table = np.concatenate((-upper[::-1], upper)).astype("<i2")
    if hashlib.sha256(table.tobytes()).hexdigest() != _NORMAL_TABLE_SHA256:
        # A scipy whose inverse normal differs in the last digits would draw another noise matrix
        # than the other end of the link: no picture, and no hint why.
        raise RuntimeError("the table of normal variates differs from the published one")
    return table.astype(np.int16)
