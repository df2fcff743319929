# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter for receivers with more noise than the codec was designed for.

A decoder that was trained at the design SNR shrinks what it receives as much as noise of that
variance asks for: a value of signal variance s by about s / (s + v_design). Noise of variance v
asks for s / (s + v). Here each value's deviation from the mean of its neighbourhood is multiplied
by the ratio of the two, (s + v_design) / (s + v), with s as the neighbourhood tells it: the Wiener
filter for local statistics of J.-S. Lee, "Digital image enhancement and noise filtering by use of
local statistics", IEEE Trans. PAMI 2(2), 1980, relative to the design.

It leaves alone what has the design's noise or less. A lost value becomes the mean of its nearest
neighbours. What whole-map gains and gains above 1 did in its place: docs/codec-measurements.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.model import FILTER_SIDES, FilteredNoise
from .profile import CodecProfile

_LEAST_SIDE = FILTER_SIDES[0]
# Variances that differ by less are equal: single precision, and no decoding is slowed for it.
_TOLERANCE = 1e-3


def uniform_noise(variance: NDArray[np.float32], profile: CodecProfile) -> FilteredNoise | None:
    """What an engine needs to filter by itself; None where the noise differs between symbols.

    Args:
        variance: of the noise on each real value; inf where it was lost.
        profile: sizes and design SNR.
    """
    lowest, highest = float(variance.min()), float(variance.max())
    if not highest <= lowest * (1 + _TOLERANCE):
        return None
    mean, filtered = (lowest + highest) / 2, profile.filtered_noise_variance / 2
    if mean <= filtered * (1 + _TOLERANCE):
        filtered = mean
    return FilteredNoise(mean, filtered, profile.filter_side)


def scale(
    reals: NDArray[np.float32], variance: NDArray[np.float32], profile: CodecProfile
) -> NDArray[np.float32]:
    """The pyramid's received values as the decoder wants them.

    Args:
        reals: Y, shape (real_symbols,), 0 where a value was lost.
        variance: of the noise on each real value, the same shape; inf where it was lost.
        profile: sizes and design SNR.

    Returns:
        the shape of ``reals``; where a value was lost, the mean of its neighbours that arrived.
    """
    design_variance = profile.filtered_noise_variance / 2
    if not (variance > design_variance * (1 + _TOLERANCE)).any():
        return reals
    filtered = np.empty_like(reals)
    first = 0
    for maps, size in zip(profile.level_channels, profile.level_sizes, strict=True):
        for _ in range(maps):
            part = slice(first, first + size[0] * size[1])
            filtered[part] = filter_map(
                reals[part].reshape(size),
                variance[part].reshape(size),
                design_variance,
                profile.filter_side,
            ).reshape(-1)
            first = part.stop
    return filtered


def filter_map(
    values: NDArray[np.float32],
    variance: NDArray[np.floating[Any]],
    design_variance: float,
    side: int = _LEAST_SIDE,
) -> NDArray[np.float32]:
    """Filter one map.

    Args:
        values: received, shape (height, width).
        variance: of the noise on each, the same shape; inf where a value was lost.
        design_variance: of the noise that the decoder was trained for, above 0.
        side: of the neighbourhoods, odd.
    """
    arrived = np.isfinite(variance)
    noise = variance.astype(np.float32)
    whole = bool(arrived.all())
    if not whole:
        values, noise = (np.where(arrived, a, 0).astype(np.float32) for a in (values, noise))
    # One over the neighbours that arrived; where there is none, the mean is 0.
    here = np.ones(values.shape, bool) if whole else arrived
    part = 1 / np.maximum(box_sum(here, side), 1)
    mean = box_sum(values, side) * part
    deviation = values - mean
    if not whole:
        deviation *= arrived
    # A deviation from the mean of n values has lost one n-th of the noise.
    signal = box_sum(np.square(deviation), side) * part
    signal -= box_sum(noise, side) * part * (1 - part)
    np.maximum(signal, 0, out=signal)
    design = np.float32(design_variance)
    deviation *= (signal + design) / (signal + np.maximum(noise, design))
    deviation += mean
    if not whole and side > _LEAST_SIDE:
        _fill(deviation, values, arrived)
    return deviation


def _fill(
    filtered: NDArray[np.float32], values: NDArray[np.float32], arrived: NDArray[np.bool_]
) -> None:
    """What was lost becomes the mean of the nearest neighbours, where any of them arrived."""
    count = box_sum(arrived, _LEAST_SIDE)
    lost = ~arrived & (count > 0)
    filtered[lost] = box_sum(values, _LEAST_SIDE)[lost] / count[lost]


def box_sum(values: NDArray[Any], side: int = _LEAST_SIDE) -> NDArray[np.float32]:
    """Sum over the square neighbourhood of each value, with nothing beyond the border."""
    values = values.astype(np.float32, copy=False)
    rows = values.copy()
    for shift in range(1, min(side // 2 + 1, values.shape[0])):
        rows[shift:] += values[:-shift]
        rows[:-shift] += values[shift:]
    total = rows.copy()
    for shift in range(1, min(side // 2 + 1, values.shape[1])):
        total[:, shift:] += rows[:, :-shift]
        total[:, :-shift] += rows[:, shift:]
    return total
