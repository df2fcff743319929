# SPDX-License-Identifier: GPL-3.0-or-later
"""Track a slowly moving phase through observations at known times, forwards and backwards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded, solveh_banded

_LEAST_WALK = 1e-9  # rad^2 a symbol: 1 mrad rms over a thousand symbols
# rad^2, of an observation that tells nothing; less precision would be singular beside the walk's.
_MOST_VARIANCE = 1e4
_WALKS = _LEAST_WALK * 10 ** (np.arange(14) / 2)


def smooth_random_walk(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    variances: NDArray[np.float64],
    walk: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The most likely path of a random walk: a tridiagonal system (Rauch-Tung-Striebel smoother).

    Args:
        times: increasing, shape (n,), in symbols.
        values: noisy observations at these times.
        variances: of their noise.
        walk: variance of the walk's increment over one symbol.

    Returns:
        the path at these times, and how much each observation weighs in its own estimate (its
        leverage, 0 to 1).
    """
    stiffness = 1 / (max(walk, _LEAST_WALK) * np.maximum(np.diff(times), 1e-9))
    precision = 1 / np.minimum(variances, _MOST_VARIANCE)
    banded = np.zeros((2, times.size))
    banded[1] = precision
    banded[1, :-1] += stiffness
    banded[1, 1:] += stiffness
    banded[0, 1:] = -stiffness
    path = solveh_banded(banded, precision * values)
    return path, precision * _inverse_diagonal(banded[1], -stiffness)


def _inverse_diagonal(
    diagonal: NDArray[np.float64], off: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Diagonal of the inverse of a symmetric tridiagonal matrix, by its two eliminations."""
    size = diagonal.size
    down, up = diagonal.copy(), diagonal.copy()
    for n in range(1, size):
        down[n] -= off[n - 1] ** 2 / down[n - 1]
    for n in range(size - 2, -1, -1):
        up[n] -= off[n] ** 2 / up[n + 1]
    return 1 / (down + up - diagonal)


def estimate_walk(
    times: NDArray[np.float64], values: NDArray[np.float64], variances: NDArray[np.float64]
) -> float:
    """The most likely variance of the walk's increment over one symbol, of a grid of half decades.

    The likelihood of all observations together, the path integrated out. Differences between
    observations alone would tell a quiet oscillator from none much less well, and an estimate
    that is too large lets the path follow the noise. Arguments are those of
    :func:`smooth_random_walk`.
    """
    gaps = np.maximum(np.diff(times), 1e-9)
    precision = 1 / np.minimum(variances, _MOST_VARIANCE)
    weighted = precision * values
    scores = []
    for walk in _WALKS:
        stiffness = 1 / (walk * gaps)
        banded = np.zeros((2, times.size))
        banded[1] = precision
        banded[1, :-1] += stiffness
        banded[1, 1:] += stiffness
        banded[0, 1:] = -stiffness
        factor = cholesky_banded(banded)
        explained = float(weighted @ cho_solve_banded((factor, False), weighted))
        log_determinants = 2 * np.sum(np.log(factor[1])) + np.sum(np.log(walk * gaps))
        scores.append(explained - float(log_determinants))
    return float(_WALKS[int(np.argmax(scores))])
