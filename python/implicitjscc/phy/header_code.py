# SPDX-License-Identifier: GPL-3.0-or-later
"""The header's code: an irregular repeat-accumulate LDPC code of rate 1/5.

416 information bits are repeated 4 or 16 times, permuted, and combined two by two into 1,664
accumulated parity bits.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .. import prng
from ..ldpc import RepeatAccumulateCode, connect
from .header import HEADER_BITS
from .profile import AIR_SEED

PARITY_BITS = 1664
CODE_BITS = HEADER_BITS + PARITY_BITS
_PER_CHECK = 2
_EDGES = _PER_CHECK * PARITY_BITS
_LOW_DEGREE, _HIGH_DEGREE = 4, 16
_ITERATIONS = 60


@functools.cache
def code() -> RepeatAccumulateCode:
    """The code itself."""
    high = (_EDGES - _LOW_DEGREE * HEADER_BITS) // (_HIGH_DEGREE - _LOW_DEGREE)
    degrees = np.full(HEADER_BITS, _LOW_DEGREE)
    degrees[:high] = _HIGH_DEGREE
    left = _EDGES - int(degrees.sum())
    degrees[HEADER_BITS - left // _LOW_DEGREE :] += _LOW_DEGREE
    connections = connect(degrees, _PER_CHECK, AIR_SEED, prng.Stream.HEADER_CODE)
    return RepeatAccumulateCode(HEADER_BITS, connections)


def edges() -> NDArray[np.int64]:
    """Which two information bits each check combines, shape (1664, 2)."""
    return code().connections


def encode(information: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The code word, shape (2080,), of 416 information bits, which come first."""
    return code().encode(information)


def decode(llr: NDArray[np.floating]) -> tuple[NDArray[np.uint8], bool]:
    """The most likely information bits.

    Args:
        llr: shape (2080,), log P(0) / P(1) of each code bit, 0 where nothing is known.

    Returns:
        shape (416,) and whether every check is satisfied; without that the bits are a guess.
    """
    return code().decode(llr, _ITERATIONS)


def soft_syndrome(llr: NDArray[np.floating]) -> tuple[float, float]:
    """How far the checks are kept before any decoding.

    A check whose bits have the log-likelihood ratios l contributes the product of tanh(l / 2).
    Over code words this product has the mean of its own square, over anything else the mean 0.
    The checks between two parity bits that are known count as one: their sum.

    Args:
        llr: as for :func:`decode`.

    Returns:
        the sum over all checks, and what it would be, on average, for a code word; the latter is
        also the sum's variance.
    """
    t = np.tanh(np.clip(llr, -50, 50) / 2)
    known = np.flatnonzero(t[HEADER_BITS:])
    if not known.size:
        return 0.0, 0.0
    parity = t[HEADER_BITS:][known]
    combined = t[edges()].prod(axis=1)[: known[-1] + 1]
    product = np.multiply.reduceat(combined, np.concatenate(([0], known[:-1] + 1))) * parity
    product[1:] *= parity[:-1]
    return float(product.sum()), float(np.sum(product**2))
