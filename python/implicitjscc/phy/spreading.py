# SPDX-License-Identifier: GPL-3.0-or-later
"""Walsh-Hadamard spreading of the payload: each symbol's power goes to a block of neighbours.

A codec's symbols have heavy tails, and a single carrier shows each of them as a peak. Blocks of
their sums are close to Gaussian, whatever they were. The interleaver's turns have given the symbols
random signs before; blocks lie within a frame, so that a lost frame costs the same symbols as
without spreading. White noise stays white.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard


def spread(symbols: NDArray[np.complex64], block: int) -> NDArray[np.complex64]:
    """The transform of each whole block; its own inverse. What is left over stays as it is.

    Args:
        symbols: payload slots of one frame, shape (P,).
        block: symbols of a block, a power of two; 0 for none.
    """
    whole = symbols.size // block * block if block else 0
    if not whole:
        return symbols
    result = symbols.copy()
    parts = symbols[:whole].reshape(-1, block)
    matrix = _matrix(block)
    mixed = np.empty(parts.shape, np.complex64)
    mixed.real, mixed.imag = parts.real @ matrix, parts.imag @ matrix
    result[:whole] = mixed.reshape(-1)
    return result


def despread(
    symbols: NDArray[np.complex64],
    noise_variance: NDArray[np.floating],
    valid: NDArray[np.bool_],
    block: int,
) -> tuple[NDArray[np.complex64], NDArray[np.floating], NDArray[np.bool_]]:
    """Undo :func:`spread`.

    Args:
        symbols: as received, shape (P,).
        noise_variance: of the noise on each, shape (P,).
        valid: shape (P,); a block with a slot that is not has lost all of its symbols.
        block: as in :func:`spread`.

    Returns:
        the three for the payload's symbols; each has the mean noise of its block.
    """
    whole = symbols.size // block * block if block else 0
    if not whole:
        return symbols, noise_variance, valid
    noise_variance, valid = noise_variance.copy(), valid.copy()
    means = noise_variance[:whole].reshape(-1, block).mean(axis=1)
    noise_variance[:whole] = np.repeat(means, block)
    valid[:whole] = np.repeat(valid[:whole].reshape(-1, block).all(axis=1), block)
    return spread(symbols, block), noise_variance, valid


@functools.lru_cache(maxsize=4)
def _matrix(block: int) -> NDArray[np.float32]:
    return (hadamard(block) / np.sqrt(block)).astype(np.float32)
