# SPDX-License-Identifier: GPL-3.0-or-later
"""The header's code: an irregular repeat-accumulate LDPC code of rate 1/5.

416 information bits are repeated 4 or 16 times, permuted, and combined two by two into 1,664
accumulated parity bits. H. Jin, A. Khandekar, R. McEliece, "Irregular repeat-accumulate codes",
2nd Int. Symp. on Turbo Codes, 2000. Decoded by sum-product.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .. import prng
from .header import HEADER_BITS
from .profile import AIR_SEED

PARITY_BITS = 1664
CODE_BITS = HEADER_BITS + PARITY_BITS
_EDGES = 2 * PARITY_BITS
_LOW_DEGREE, _HIGH_DEGREE = 4, 16
_ITERATIONS = 60
_LARGEST_LLR = 25.0


@functools.cache
def edges() -> NDArray[np.int64]:
    """Which two information bits each check combines, shape (1664, 2)."""
    high = (_EDGES - _LOW_DEGREE * HEADER_BITS) // (_HIGH_DEGREE - _LOW_DEGREE)
    degrees = np.full(HEADER_BITS, _LOW_DEGREE)
    degrees[:high] = _HIGH_DEGREE
    left = _EDGES - int(degrees.sum())
    degrees[HEADER_BITS - left // _LOW_DEGREE :] += _LOW_DEGREE
    # Strong and weak bits alternate, so that no field of the header has only weak ones.
    order = prng.permutation(AIR_SEED, prng.Stream.HEADER_CODE, HEADER_BITS, 1)
    sockets = np.repeat(np.arange(HEADER_BITS), degrees[order])
    bits = sockets[prng.permutation(AIR_SEED, prng.Stream.HEADER_CODE, _EDGES)]
    for check in range(PARITY_BITS):
        step = 2
        while bits[2 * check] == bits[2 * check + 1]:  # would cancel: trade with a later check
            other = (2 * check + 1 + step) % _EDGES
            bits[2 * check + 1], bits[other] = bits[other], bits[2 * check + 1]
            step += 2
    return bits.reshape(PARITY_BITS, 2)


def encode(information: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The code word, information bits first.

    Args:
        information: shape (416,), 0 or 1.

    Returns:
        shape (2080,), 0 or 1.
    """
    pairs = information[edges()]
    parity = np.bitwise_xor.accumulate(pairs[:, 0] ^ pairs[:, 1])
    return np.concatenate((information, parity)).astype(np.uint8)


def decode(llr: NDArray[np.floating]) -> tuple[NDArray[np.uint8], bool]:
    """The most likely information bits.

    Args:
        llr: shape (2080,), log P(0) / P(1) of each code bit, 0 where nothing is known.

    Returns:
        shape (416,) and whether every check is satisfied; without that the bits are a guess.
    """
    combined = edges()
    flat = combined.reshape(-1)
    channel = np.clip(llr.astype(np.float64), -_LARGEST_LLR, _LARGEST_LLR)
    channel_information, channel_parity = channel[:HEADER_BITS], channel[HEADER_BITS:]
    # Messages from checks: to their two information bits, to their parity bit, to the one before.
    to_information = np.zeros((PARITY_BITS, 2))
    to_own = np.zeros(PARITY_BITS)
    to_previous = np.zeros(PARITY_BITS)
    hard = (channel_information < 0).astype(np.uint8)
    for _ in range(_ITERATIONS):
        total = channel_information + np.bincount(
            flat, to_information.reshape(-1), minlength=HEADER_BITS
        )
        from_information = total[combined] - to_information
        from_next = np.append(to_previous[1:], 0.0)
        from_own = channel_parity + from_next
        from_previous = np.append(_LARGEST_LLR, (channel_parity + to_own)[:-1])
        inputs = np.column_stack((from_information, from_own, from_previous))
        t = np.tanh(np.clip(inputs, -_LARGEST_LLR, _LARGEST_LLR) / 2)
        # The bit before the first parity bit is a known 0.
        t[0, 3] = 1.0
        front, back = t[:, 0] * t[:, 1], t[:, 2] * t[:, 3]
        others = np.column_stack((t[:, 1] * back, t[:, 0] * back, front * t[:, 3], front * t[:, 2]))
        outputs = 2 * np.arctanh(np.clip(others, -1 + 1e-11, 1 - 1e-11))
        to_information, to_own, to_previous = outputs[:, :2], outputs[:, 2], outputs[:, 3]
        total = channel_information + np.bincount(
            flat, to_information.reshape(-1), minlength=HEADER_BITS
        )
        hard = (total < 0).astype(np.uint8)
        parity = (channel_parity + to_own + np.append(to_previous[1:], 0.0)) < 0
        word = encode(hard)
        if np.array_equal(word[HEADER_BITS:], parity.astype(np.uint8)):
            return hard, True
    return hard, False
