# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter for receivers with more noise than the codec was designed for.

A decoder that was trained at the design SNR shrinks what it receives as much as noise of that
variance asks for: a value of signal variance s by about s / (s + v_design). Noise of variance v
asks for s / (s + v). Here each value's deviation from the mean of its neighbourhood is multiplied
by the ratio of the two, (s + v_design) / (s + v), with s as the neighbourhood tells it: the Wiener
filter for local statistics of J.-S. Lee, "Digital image enhancement and noise filtering by use of
local statistics", IEEE Trans. PAMI 2(2), 1980, relative to the design.

It leaves alone what has the design's noise or less. One gain for a whole map, in place of local
ones, and gains above 1 lost quality: docs/codec.md has the figures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profile import CodecProfile

_TINY = 1e-30


def scale(
    reals: NDArray[np.float32], variance: NDArray[np.float32], profile: CodecProfile
) -> NDArray[np.float32]:
    """The pyramid's received values as the decoder wants them.

    Args:
        reals: Y, shape (real_symbols,), 0 where a value was lost.
        variance: of the noise on each real value, the same shape; inf where it was lost.
        profile: sizes and design SNR.

    Returns:
        the shape of ``reals``; lost values as they are.
    """
    design_variance = profile.noise_variance / 2
    if not (variance[np.isfinite(variance)] > design_variance).any():
        return reals
    filtered = np.empty_like(reals)
    first = 0
    for maps, size in zip(profile.level_channels, profile.level_sizes, strict=True):
        for _ in range(maps):
            part = slice(first, first + size[0] * size[1])
            filtered[part] = filter_map(
                reals[part].reshape(size), variance[part].reshape(size), design_variance
            ).reshape(-1)
            first = part.stop
    return filtered


def filter_map(
    values: NDArray[np.float32], variance: NDArray[np.floating[Any]], design_variance: float
) -> NDArray[np.float64]:
    """Filter one map.

    Args:
        values: received, shape (height, width).
        variance: of the noise on each, the same shape; inf where a value was lost.
        design_variance: of the noise that the decoder was trained for, above 0.
    """
    arrived = np.isfinite(variance)
    noise = np.where(arrived, variance, 0).astype(np.float64)
    known = np.where(arrived, values, 0).astype(np.float64)
    count = np.maximum(box_sum(arrived.astype(np.float64)), 1)
    mean = box_sum(known) / count
    deviation = np.where(arrived, known - mean, 0)
    # A deviation from the mean of n values has lost one n-th of the noise.
    expected = box_sum(noise) / count * (1 - 1 / count)
    signal = np.maximum(box_sum(np.square(deviation)) / count - expected, 0)
    gain = (signal + design_variance) / (signal + np.maximum(noise, design_variance) + _TINY)
    return np.where(arrived, mean + gain * deviation, values)


def box_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the 3 x 3 neighbourhood of each value, with nothing beyond the border."""
    padded = np.pad(values, 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray(rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:])
