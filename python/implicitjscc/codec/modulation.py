# SPDX-License-Identifier: GPL-3.0-or-later
"""Gray-mapped square QAM: bits to symbols, soft bits from noisy symbols, and what it can carry."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

BITS_PER_SYMBOL = (2, 4, 6)
NAMES = {2: "QPSK", 4: "16-QAM", 6: "64-QAM"}
_QUADRATURE_NODES = 48
_LARGEST_LLR = 50.0
_LEAST_VARIANCE = 1e-6


@functools.cache
def _levels(bits: int) -> NDArray[np.float64]:
    """Amplitudes of one dimension by the number that its bits form; mean power 1/2."""
    count = 1 << bits
    place = np.arange(count)
    levels = np.empty(count)
    levels[place ^ place >> 1] = count - 1 - 2 * place
    return levels / np.sqrt(2 * np.mean(levels**2))


def modulate(code_bits: NDArray[np.uint8], bits_per_symbol: int) -> NDArray[np.complex64]:
    """Symbols of unit mean power over all points; 0 bits are positive amplitudes.

    Args:
        code_bits: shape (bits_per_symbol n,), the first half of each symbol's for its real part.
        bits_per_symbol: 2, 4 or 6.

    Returns:
        shape (n,).
    """
    half = bits_per_symbol // 2
    weights = 1 << np.arange(half)[::-1]
    numbers = code_bits.reshape(-1, half).astype(np.int64) @ weights
    return _levels(half)[numbers].astype(np.float32).view(np.complex64)


def log_likelihoods(
    symbols: NDArray[np.complex64], noise_variance: NDArray[np.float32], bits_per_symbol: int
) -> NDArray[np.float64]:
    """log P(0) / P(1) of each code bit.

    Args:
        symbols: shape (n,).
        noise_variance: of the complex noise, the same shape; inf where a symbol was lost.
        bits_per_symbol: 2, 4 or 6.

    Returns:
        shape (bits_per_symbol n,); 0 where a symbol was lost.
    """
    reals = np.ascontiguousarray(symbols, np.complex64).view(np.float32).astype(np.float64)
    lost = np.repeat(~np.isfinite(noise_variance), 2)
    variance = np.maximum(np.repeat(noise_variance.astype(np.float64), 2), _LEAST_VARIANCE)
    variance[lost] = 1.0
    llr = _soft_bits(reals, variance / 2, bits_per_symbol // 2)
    llr[lost] = 0.0
    return np.clip(llr, -_LARGEST_LLR, _LARGEST_LLR).reshape(-1)


def _soft_bits(
    reals: NDArray[np.float64], variance: NDArray[np.float64], bits: int
) -> NDArray[np.float64]:
    """Shape (n, bits), of real values with noise of a variance each."""
    levels = _levels(bits)
    metric = -np.square(reals[:, None] - levels) / (2 * variance[:, None])
    result = np.empty((reals.size, bits))
    for place in range(bits):
        ones = (np.arange(levels.size) >> (bits - 1 - place) & 1).astype(bool)
        result[:, place] = np.logaddexp.reduce(metric[:, ~ones], axis=1) - np.logaddexp.reduce(
            metric[:, ones], axis=1
        )
    return result


@functools.lru_cache(maxsize=4096)
def information_per_bit(snr_db: float, bits_per_symbol: int) -> float:
    """Mutual information of a code bit and its soft value over AWGN, 0 to 1.

    G. Caire, G. Taricco, E. Biglieri, "Bit-interleaved coded modulation", IEEE Trans. Inf. Theory
    44(3), 1998; by Gauss-Hermite quadrature.

    Args:
        snr_db: Es/N0.
        bits_per_symbol: 2, 4 or 6.
    """
    bits = bits_per_symbol // 2
    variance = 10 ** (-snr_db / 10) / 2
    nodes, weights = np.polynomial.hermite_e.hermegauss(_QUADRATURE_NODES)
    levels = _levels(bits)
    received = (levels[:, None] + np.sqrt(variance) * nodes).reshape(-1)
    soft = _soft_bits(received, np.full(received.size, variance), bits)
    sent = np.arange(levels.size)[:, None] >> np.arange(bits)[::-1] & 1
    signs = np.repeat(1 - 2 * sent, nodes.size, axis=0)
    missing = np.logaddexp(0, -signs * soft).mean(axis=1) / np.log(2)
    mean = missing.reshape(levels.size, -1) @ (weights / weights.sum())
    return float(1 - mean.mean())
