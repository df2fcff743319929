# SPDX-License-Identifier: GPL-3.0-or-later
"""The receiver's filter of :mod:`.wiener` as a layer that training goes through, in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..engine.model import FilteredNoise


def filter_maps(received: Tensor, noise: FilteredNoise) -> Tensor:
    """Maps of shape (maps, height, width) as the filter leaves them."""
    variance = noise.variance
    if noise.filtered_variance >= variance or not received.shape[0]:
        return received
    side = noise.side
    part = 1 / _box_sum(torch.ones_like(received), side)
    mean = _box_sum(received, side) * part
    deviation = received - mean
    signal = _box_sum(deviation.square(), side) * part - variance * (1 - part)
    signal = signal.clamp_min(0)
    return mean + deviation * (signal + noise.filtered_variance) / (signal + variance)


def _box_sum(maps: Tensor, side: int) -> Tensor:
    """Sum over the square neighbourhood of each value, with nothing beyond the border."""
    return avg_pool2d(maps, side, stride=1, padding=side // 2, count_include_pad=True) * side**2
