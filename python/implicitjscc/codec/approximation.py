# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be shown of a picture whose decoder's parameters are lost: a grey likeness.

Encoding starts from a known pyramid (start.py) whose levels are scaled by (n_k var_k)^(-1/4), n_k
being a level's size. Their received powers p_k therefore tell those gains but for a common factor:
gain_k is proportional to (n_k p_k)^(-1/2). The first principal colour, which is brightness for
nearly every picture, is in the finest level and in those behind the colours; put together by the
fixed bicubic kernel they make a picture whose mean and contrast are not known: typical ones are
taken. Training moves the symbols away from that start; how far: docs/codec.md.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .network import bicubic_kernel, upsample
from .profile import CodecProfile

# Of the luma, 0 to 1: means over the 24 photographs of the Kodak set.
_TYPICAL_MEAN = 0.43
_TYPICAL_DEVIATION = 0.19
_TINY = 1e-12


def approximate(profile: CodecProfile, levels: list[Tensor], noise: list[Tensor]) -> Tensor:
    """A grey likeness from the received pyramid alone.

    Args:
        profile: sizes.
        levels: received, finest first, each of shape (L_k, h_k, w_k), 0 where lost.
        noise: variance of the noise on each real value, the same shapes; inf where lost.

    Returns:
        shape (channels, height, width), nominally 0 to 1, all channels alike.
    """
    kernel = bicubic_kernel()
    sizes = profile.level_sizes
    colours = range(1, min(profile.channels, len(levels) - 1))
    brightness: Tensor | None = None
    for index in range(len(levels) - 1, -1, -1):
        if brightness is not None:
            brightness = upsample(brightness, kernel, sizes[index])
        if index in colours or not levels[index].shape[0]:
            continue
        detail = _unscaled(levels[index][:1], noise[index][:1])
        brightness = detail if brightness is None else brightness + detail
    assert brightness is not None  # the coarsest level always has a map
    centred = brightness - brightness.mean()
    grey = _TYPICAL_MEAN + _TYPICAL_DEVIATION * centred / (centred.std() + _TINY)
    return grey.expand(profile.channels, -1, -1)


def _unscaled(level: Tensor, noise: Tensor) -> Tensor:
    """One level, noise suppressed, over its gain."""
    arrived = torch.isfinite(noise)
    if not arrived.any():
        return torch.zeros_like(level)
    variance = noise[arrived].mean()
    power = (level[arrived].square().mean() - variance).clamp(min=_TINY)
    wiener = power / (power + torch.where(arrived, noise, torch.inf))
    return level * wiener * torch.sqrt(level.numel() * power)
