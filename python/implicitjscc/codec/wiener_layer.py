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
    part = 1 / _box_sum(torch.ones_like(received))
    mean = _box_sum(received) * part
    deviation = received - mean
    signal = _box_sum(deviation.square()) * part - variance * (1 - part)
    signal = signal.clamp_min(0)
    return mean + deviation * (signal + noise.filtered_variance) / (signal + variance)


def _box_sum(maps: Tensor) -> Tensor:
    """Sum over the 3 x 3 neighbourhood of each value, with nothing beyond the border."""
    return avg_pool2d(maps, 3, stride=1, padding=1, count_include_pad=True) * 9
