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
    """Transform all whole blocks, then the last ``block`` slots, so that none is left over.

    Args:
        symbols: payload slots of one frame, shape (P,).
        block: symbols of a block, a power of two; 0 for none. Of fewer slots, the largest power of
            two that there is room for.
    """
    result = symbols.copy()
    for part, size in _blocks(symbols.size, block):
        result[part] = transform(result[part], size)
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
    symbols, noise_variance, valid = symbols.copy(), noise_variance.copy(), valid.copy()
    for part, size in reversed(_blocks(symbols.size, block)):
        symbols[part] = transform(symbols[part], size)
        means = noise_variance[part].reshape(-1, size).mean(axis=1)
        noise_variance[part] = np.repeat(means, size)
        valid[part] = np.repeat(valid[part].reshape(-1, size).all(axis=1), size)
    return symbols, noise_variance, valid


def _blocks(slots: int, block: int) -> list[tuple[slice, int]]:
    """Parts of the slots, and the size of the blocks in each, in the order of spreading."""
    if not block or slots < 2:
        return []
    size = min(block, 1 << slots.bit_length() - 1)
    whole = slots // size * size
    parts = [(slice(0, whole), size)]
    if whole < slots:
        parts.append((slice(slots - size, slots), size))
    return parts


def transform(symbols: NDArray[np.complex64], block: int) -> NDArray[np.complex64]:
    """The orthonormal Walsh-Hadamard transform of each block, its own inverse.

    Args:
        symbols: shape (n,), n a multiple of ``block``.
        block: a power of two.
    """
    parts = symbols.reshape(-1, block)
    mixed = np.empty(parts.shape, np.complex64)
    # Copied into planes: what is not contiguous numpy multiplies without BLAS, ten times slower.
    mixed.real, mixed.imag = np.stack((parts.real, parts.imag)) @ _matrix(block)
    return mixed.reshape(-1)


@functools.lru_cache(maxsize=4)
def _matrix(block: int) -> NDArray[np.float32]:
    return (hadamard(block) / np.sqrt(block)).astype(np.float32)
