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
_STRONG = 12.0  # times what is left on a symbol
# Of a block's energy: many weaker ones would take themselves for what they disturb.
_STRONG_SHARE = 0.16
_UNEVEN = 0.25  # of the weights of a block's coefficients: less has little to gain
_CHUNK = 1 << 16  # symbols; a multiple of every block
_MOST_KEPT = 1 << 20


def spread(symbols: NDArray[np.complex64], left_out: int, block: int) -> NDArray[np.complex64]:
    """The coefficients, in the places of the symbols that they replace.

    Args:
        symbols: of a content, shape (k,).
        left_out: symbols at the end that stay as they are.
        block: symbols of a block, a power of two; 0 for none.
    """
    begin, count = _spread_part(symbols.size, left_out, block)
    if not count:
        return symbols
    order = _order(count)
    coefficients = symbols.copy()
    sent, spread_out = symbols[begin:], coefficients[begin:]
    for first in range(0, count, _CHUNK):
        part = slice(first, min(first + _CHUNK, count))
        turned = sent[order[part]] * _turns(first, part.stop - first)
        spread_out[part] = transform(turned, block)
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
    begin, count = _spread_part(coefficients.size, left_out, block)
    if not count:
        return coefficients, noise_variance
    order = _order(count)
    symbols, variances = coefficients.copy(), noise_variance.copy()
    spread_symbols, spread_variances = symbols[begin:], variances[begin:]
    for first in range(0, count, _CHUNK):
        part = slice(begin + first, begin + min(first + _CHUNK, count))
        found, left = _despread_blocks(coefficients[part], noise_variance[part], block)
        places = order[first : first + _CHUNK]
        spread_symbols[places] = found * _turns(first, places.size).conj()
        spread_variances[places] = left
    return symbols, variances


def _despread_blocks(
    coefficients: NDArray[np.complex64], noise_variance: NDArray[np.float32], block: int
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Symbols, and what is left on each: the strong ones do not disturb the others of their block.

    A symbol that clearly stands out is taken out of the coefficients, and all are estimated from
    what is then left, itself added back: nothing of a symbol is in its own disturbance (orthogonal
    approximate message passing, J. Ma, L. Ping, IEEE Access 5, 2017).
    """
    received = coefficients.reshape(-1, block)
    variance = noise_variance.reshape(-1, block).astype(np.float64)
    found, left = _linear(received, variance)
    uneven = np.flatnonzero(np.ptp(1 / (1 + variance), axis=1) > _UNEVEN)
    if not uneven.size:
        return found.reshape(-1), left.reshape(-1)
    received, variance = received[uneven], variance[uneven]
    symbols, disturbance = found[uneven], left[uneven]
    power = np.abs(symbols).astype(np.float64) ** 2
    strong = power > np.maximum(
        _STRONG * disturbance, _STRONG_SHARE * power.sum(axis=1, keepdims=True)
    )
    kept = np.where(strong, 1 - disturbance / np.where(strong, power, 1), 0)
    taken = (symbols * kept).astype(np.complex64)
    rest = received - transform(taken.reshape(-1), block).reshape(-1, block)
    error = np.where(strong, disturbance, 0).sum(axis=1, keepdims=True) / block
    more, disturbance = _linear(rest, variance, strong.sum(axis=1, keepdims=True), error)
    symbols = taken + more
    found[uneven], left[uneven] = symbols, disturbance
    return found.reshape(-1), left.reshape(-1)


def _linear(
    received: NDArray[np.complex64],
    variance: NDArray[np.float64],
    fitted: NDArray[np.int64] | int = 0,
    fit_error: NDArray[np.float64] | float = 0.0,
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Each symbol with unit gain, by the Wiener weights of its block's coefficients.

    Args:
        received: coefficients, shape (blocks, block).
        variance: of their noise, the same shape; inf where one was lost.
        fitted: symbols of each block that have been taken out, by a fit to these coefficients.
        fit_error: that this left in each coefficient.
    """
    block = received.shape[1]
    arrived = np.isfinite(variance)
    variance = np.where(arrived, variance, 0)
    energy = np.where(arrived, np.abs(received).astype(np.float64) ** 2, 0)
    present = np.maximum(arrived.sum(axis=1, keepdims=True), 1)
    power = energy.sum(axis=1, keepdims=True) / np.maximum(present - fitted, 1)
    power += fit_error - variance.sum(axis=1, keepdims=True) / present
    power = np.maximum(power, _LEAST_POWER)
    # Each coefficient's Wiener weight; divided by their mean the symbol's own gain is 1.
    weight = np.where(arrived, power / (power + variance), 0)
    gain = weight.mean(axis=1, keepdims=True)
    lost = gain[:, 0] == 0
    gain[lost] = 1
    weight /= gain
    spread_of_weights = np.maximum(np.mean(weight**2, axis=1, keepdims=True) - 1, 0)
    noise = np.mean(weight**2 * variance, axis=1, keepdims=True)
    weighted = (np.where(arrived, received, 0) * weight).astype(np.complex64)
    found = transform(weighted.reshape(-1), block).reshape(-1, block)
    # A symbol does not interfere with itself: a block's strongest has the least interference.
    own = np.abs(found).astype(np.float64) ** 2 - noise
    others = np.maximum(power * block - np.maximum(own - spread_of_weights * power, 0), 0)
    left = noise + spread_of_weights * others / (block - 1)
    left[lost] = np.inf
    return found, left


def _spread_part(size: int, left_out: int, block: int) -> tuple[int, int]:
    """First and number of the symbols that are spread.

    What no whole block is left for comes first, and so is left out where a picture's finest detail
    is: its coarsest, the strongest symbols of all, come last before the coded ones.
    """
    spread_symbols = max(size - left_out, 0)
    count = spread_symbols // block * block if block else 0
    return spread_symbols - count, count


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
