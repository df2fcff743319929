# SPDX-License-Identifier: GPL-3.0-or-later
"""Track a slowly moving quantity through observations at known times, forwards and backwards."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.linalg import solveh_banded

_LEAST_WALK = 1e-9  # a symbol: for a phase, 1 mrad rms over a thousand symbols
_WALKS = _LEAST_WALK * 10 ** (np.arange(29) / 4)
# Of an observation that tells nothing; less precision would be singular beside the walk's.
_MOST_VARIANCE = 1e4


def smooth_random_walk(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    variances: NDArray[np.float64],
    walk: float,
) -> NDArray[np.float64]:
    """The most likely path of a random walk: a tridiagonal system (Rauch-Tung-Striebel smoother).

    Args:
        times: increasing, shape (n,), in symbols.
        values: noisy observations at these times.
        variances: of their noise.
        walk: variance of the walk's increment over one symbol.

    Returns:
        the path at these times.
    """
    stiffness = 1 / (max(walk, _LEAST_WALK) * np.maximum(np.diff(times), 1e-9))
    precision = 1 / np.minimum(variances, _MOST_VARIANCE)
    banded = np.zeros((2, times.size))
    banded[1] = precision
    banded[1, :-1] += stiffness
    banded[1, 1:] += stiffness
    banded[0, 1:] = -stiffness
    banded[1] *= 1 + 1e-12  # where stiffness dwarfs all precision, rounding must not win
    return np.asarray(solveh_banded(banded, precision * values, check_finite=False))


def estimate_walk(
    groups: list[tuple[NDArray[np.float64], float]],
    spacing: float | list[float],
    evidence: float = 0.0,
) -> float:
    """The most likely variance of a walk's increment over one symbol, of a grid of quarter decades.

    The likelihood of all observations together, the path integrated out: the cosine transform
    makes the increments' and the observations' covariances diagonal at once. Differences between
    observations alone would tell a quiet oscillator from none much less well, and an estimate
    that is too large lets the path follow the noise.

    Args:
        groups: pairs of observations at even distances, shape (n,), and the variance of their
            noise.
        spacing: symbols from one observation to the next, in all groups or in each.
        evidence: twice the log-likelihood ratio that any walk must have over the least.
    """
    scores = np.zeros(_WALKS.size)
    spacings = spacing if isinstance(spacing, list) else [spacing] * len(groups)
    for (values, variance), step in zip(groups, spacings, strict=True):
        power = dct(values, norm="ortho")[1:] ** 2
        expected = _path_spectrum(values.size, step)[1:] * _WALKS[:, None] + variance
        scores += np.sum(np.log(expected) + power / expected, axis=1)
    best = int(np.argmin(scores))
    return float(_WALKS[best if scores[best] < scores[0] - evidence else 0])


def smoothed_variance(count: int, walk: float, variance: float, spacing: float) -> float:
    """Mean variance of the smoothed path at evenly spaced observations."""
    path = _path_spectrum(count, spacing) * max(walk, _LEAST_WALK)
    return float(np.mean(path * variance / (path + variance)))


def middle(values: NDArray) -> float:
    """The upper median. numpy's own takes ten times as long for a few hundred values."""
    return float(np.partition(values, values.size // 2)[values.size // 2])


@lru_cache(maxsize=16)
def _path_spectrum(count: int, spacing: float) -> NDArray[np.float64]:
    """Variance of each cosine of a walk of unit variance a symbol; that of the mean is free."""
    waves = 2 - 2 * np.cos(np.pi * np.arange(count) / count)
    waves[0] = 1e-12
    return np.asarray(spacing / waves)
