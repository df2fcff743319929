# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be shown of a picture whose decoder's parameters are lost: a grey likeness.

Encoding starts from a pyramid (start.py) whose maps are scaled by (n_k var_k)^(-1/4), n_k being a
map's size. Their received powers p_k therefore tell those gains but for a common factor: gain_k is
proportional to (n_k p_k)^(-1/2). The header says which maps carry the first principal colour, which
is brightness for nearly every picture; put together by the fixed bicubic kernel they make a picture
whose mean and contrast are not known: typical ones are taken. Training moves the symbols away from
that start; how far: docs/codec-measurements.md.
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from torch import Tensor

from ..engine.model import FloatArray
from .network import bicubic_kernel, upsample
from .profile import CodecProfile

# Of the luma, 0 to 1: means over the 24 photographs of the Kodak set.
_TYPICAL_MEAN = 0.43
_TYPICAL_DEVIATION = 0.19
_TINY = 1e-12


def approximate(profile: CodecProfile, reals: FloatArray, variance: FloatArray) -> FloatArray:
    """A grey likeness from the received pyramid alone.

    Args:
        profile: sizes, and which maps carry brightness.
        reals: Y, shape (real_symbols,), 0 where lost.
        variance: of the noise on each real value, the same shape; inf where lost.

    Returns:
        shape (channels, height, width), nominally 0 to 1, all channels alike.
    """
    kernel = bicubic_kernel(profile.dimensions)
    sizes = profile.level_sizes
    brightness = torch.zeros(1, *sizes[-1])
    last = sum(profile.level_channels)
    end = profile.real_symbols
    for level in range(len(sizes) - 1, -1, -1):
        if brightness.shape[1:] != sizes[level]:
            brightness = upsample(brightness, kernel, sizes[level])
        for index in range(last - 1, last - 1 - profile.level_channels[level], -1):
            part = slice(end - prod(sizes[level]), end)
            if profile.brightness >> index & 1:
                values, noise = (
                    torch.from_numpy(x[part].reshape(1, *sizes[level])) for x in (reals, variance)
                )
                brightness = brightness + _unscaled(values, noise)
            end = part.start
        last -= profile.level_channels[level]
    centred = brightness - brightness.mean()
    grey = _TYPICAL_MEAN + _TYPICAL_DEVIATION * centred / (centred.std() + _TINY)
    return np.ascontiguousarray(grey.expand(profile.channels, -1, -1).numpy())


def _unscaled(level: Tensor, noise: Tensor) -> Tensor:
    """One map, noise suppressed, over its gain."""
    arrived = torch.isfinite(noise)
    if not arrived.any():
        return torch.zeros_like(level)
    variance = noise[arrived].mean()
    power = (level[arrived].square().mean() - variance).clamp(min=_TINY)
    wiener = power / (power + torch.where(arrived, noise, torch.inf))
    return level * wiener * torch.sqrt(level.numel() * power)
