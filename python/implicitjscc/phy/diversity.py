# SPDX-License-Identifier: GPL-3.0-or-later
"""Spread each symbol over the frames, so that a lost frame costs all of them a little SNR.

Pseudo-randomly chosen blocks of symbols go through a Walsh-Hadamard transform, and the interleaver
sends the coefficients of a block in different frames. Where some are lost, or noisier, the
transposed transform of the others, weighted, gives each symbol once, plus what the others of its
block leave: noise of a known variance, which a decoder filters. Without this the symbols of the
lost frame are gaps, and as a picture's power is that of few symbols, that costs 3 dB more.

Symbols of a digital code are left out: its decoder bears gaps better than so much noise.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .. import prng
from .profile import AIR_SEED
from .spreading import transform

_TURNS = np.array([1, 1j, -1, -1j], dtype=np.complex64)
_LEAST_POWER = 1e-6
_CHUNK = 1 << 16  # symbols; a multiple of every block
_MOST_KEPT = 1 << 20


def spread(symbols: NDArray[np.complex64], left_out: int, block: int) -> NDArray[np.complex64]:
    """The coefficients, in the places of the symbols that they replace.

    Args:
        symbols: of a content, shape (k,).
        left_out: symbols at the end that stay as they are.
        block: symbols of a block, a power of two; 0 for none.
    """
    count = _count(symbols.size, left_out, block)
    if not count:
        return symbols
    order = _order(count)
    coefficients = symbols.copy()
    for first in range(0, count, _CHUNK):
        part = slice(first, min(first + _CHUNK, count))
        turned = symbols[order[part]] * _turns(first, part.stop - first)
        coefficients[part] = transform(turned, block)
    return coefficients


def despread(
    coefficients: NDArray[np.complex64],
    noise_variance: NDArray[np.float32],
    left_out: int,
    block: int,
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Symbols of unit gain, and the variance of all that is not signal in each.

    Args:
        coefficients: as received, shape (k,).
        noise_variance: of each, inf where it was lost.
        left_out, block: as in :func:`spread`.
    """
    count = _count(coefficients.size, left_out, block)
    if not count:
        return coefficients, noise_variance
    order = _order(count)
    symbols, variances = coefficients.copy(), noise_variance.copy()
    for first in range(0, count, _CHUNK):
        part = slice(first, min(first + _CHUNK, count))
        found, left = _despread_blocks(coefficients[part], noise_variance[part], block)
        symbols[order[part]] = found * _turns(first, part.stop - first).conj()
        variances[order[part]] = left
    return symbols, variances


def _despread_blocks(
    coefficients: NDArray[np.complex64], noise_variance: NDArray[np.float32], block: int
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    received = coefficients.reshape(-1, block)
    variance = noise_variance.reshape(-1, block).astype(np.float64)
    arrived = np.isfinite(variance)
    variance[~arrived] = 0
    energy = np.where(arrived, np.abs(received).astype(np.float64) ** 2 - variance, 0)
    present = np.maximum(arrived.sum(axis=1, keepdims=True), 1)
    power = np.maximum(energy.sum(axis=1, keepdims=True) / present, _LEAST_POWER)
    # Each coefficient's Wiener weight; divided by their mean the symbol's own gain is 1.
    weight = np.where(arrived, power / (power + variance), 0)
    gain = weight.mean(axis=1, keepdims=True)
    lost = gain[:, 0] == 0
    gain[lost] = 1
    weight /= gain
    spread_of_weights = np.maximum(np.mean(weight**2, axis=1, keepdims=True) - 1, 0)
    noise = np.mean(weight**2 * variance, axis=1, keepdims=True)
    weighted = (np.where(arrived, received, 0) * weight).astype(np.complex64)
    found = transform(weighted.reshape(-1), block)
    # A symbol does not interfere with itself: a block's strongest has the least interference.
    own = np.abs(found.reshape(-1, block)).astype(np.float64) ** 2 - noise
    others = np.maximum(power * block - np.maximum(own - spread_of_weights * power, 0), 0)
    left = noise + spread_of_weights * others / (block - 1)
    left[lost] = np.inf
    return found, left.reshape(-1)


def _count(size: int, left_out: int, block: int) -> int:
    return max(size - left_out, 0) // block * block if block else 0


def _order(count: int) -> NDArray[np.int32]:
    """Which symbol goes to each place of the blocks; not to be written to."""
    return (_kept_order if count <= _MOST_KEPT else _draw_order)(count)


def _draw_order(count: int) -> NDArray[np.int32]:
    return prng.permutation(AIR_SEED, prng.Stream.DIVERSITY, count).astype(np.int32)


_kept_order = functools.lru_cache(maxsize=1)(_draw_order)  # a carousel's turns, a content's parts


def _turns(first: int, count: int) -> NDArray[np.complex64]:
    """The factors 1, j, -1 or -j of places from ``first`` on, a multiple of 4."""
    words = prng.words(AIR_SEED, prng.Stream.DIVERSITY, count, 1, first_block=first // 4)
    return _TURNS[words & 3]
