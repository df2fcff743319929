# SPDX-License-Identifier: GPL-3.0-or-later
"""Where overfitting starts: X and the decoder such that the first reconstruction is the picture.

The picture is turned to its principal colours (KLT). The first goes into a pyramid, finest level
to coarsest; the second and third take the maps of the second and third level, at half and quarter
resolution. Every level is scaled as analog transmission wants it: noise on a map reaches each
pixel with the same weight whatever the level, so gains that minimise the error under a power
constraint are proportional to (n_k var_k)^(-1/4), n_k being the level's size. The decoder starts
as the inverse, a linear map that passes through the activations as pairs of opposite sign.
Measured against starting from a Laplacian pyramid of the luma: docs/codec.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import bicubic_kernel, upsample
from .profile import CodecProfile

_GAIN_INTO_SYNTHESIS = 4.0  # scale of the first hidden layer; measured best of 1, 2, 4
_RANDOM_SYMBOL_STD = 0.1
_TINY = 1e-12
_FLAT_VARIANCE = 1e-9


@dataclass(frozen=True)
class Start:
    """Initial values.

    Attributes:
        reals: X before power normalisation, shape (real_symbols,).
        tensors: ten tensors of the synthesis module, then ReDU's kernel of shape (64,).
    """

    reals: Tensor
    tensors: list[Tensor]


def random_start(profile: CodecProfile, generator: torch.Generator) -> Start:
    """X small and random, the decoder as overfitted codecs initialise theirs.

    Linear layers are uniform in 1 / (out^2 sqrt(in)), biases and residual layers zero.
    """
    reals = torch.randn(profile.real_symbols, generator=generator) * _RANDOM_SYMBOL_STD
    return Start(reals, _random_tensors(profile, generator, shrink=True))


def image_start(profile: CodecProfile, source: Tensor, generator: torch.Generator) -> Start:
    """X and decoder from the picture; random where the decoder is too narrow to pass it through.

    Args:
        profile: sizes.
        source: shape (channels, height, width), 0 to 1.
        generator: of the weights that the linear map leaves free.
    """
    channels = source.shape[0]
    usable = len(profile.level_channels) > channels and min(profile.level_channels) > 0
    if profile.hidden_dim < 2 * channels or not usable:
        return random_start(profile, generator)
    mean = source.mean((1, 2))
    colours = _principal_colours(source, mean)
    components = torch.einsum("pc,chw->phw", colours, source - mean[:, None, None])
    maps = _component_maps(components, profile)
    size = torch.tensor([float(level.numel()) for level in maps])
    variance = torch.stack([level.double().square().mean() for level in maps]).float()
    gains = (size * (variance + _TINY)).pow(-0.25)
    # Only ratios matter: the power constraint scales all of X. This makes its power 1/2 a real.
    energy = (size * variance * gains.square()).sum()
    gains *= torch.sqrt(0.5 * size.sum() / (energy + _TINY))
    levels = []
    flat = float(variance.max()) < _FLAT_VARIANCE  # one colour: nothing to start X from
    for level, gain, count in zip(maps, gains, profile.level_channels, strict=True):
        if flat:
            level = torch.randn(level.shape, generator=generator) / gain
        extra = torch.randn((count - 1, *level.shape), generator=generator) * _RANDOM_SYMBOL_STD
        levels.append(torch.cat(((level * gain).unsqueeze(0), extra)).reshape(-1))
    tensors = _random_tensors(profile, generator, shrink=False)
    _pass_through(tensors, profile, gains, colours, mean)
    return Start(torch.cat(levels), tensors)


def _random_tensors(
    profile: CodecProfile, generator: torch.Generator, *, shrink: bool
) -> list[Tensor]:
    tensors = []
    for shape in profile.synthesis.tensors:
        if len(shape) == 2:
            bound = 1 / sqrt(shape[1])
            weight = (torch.rand(shape, generator=generator) * 2 - 1) * bound
            tensors.append(weight / shape[0] ** 2 if shrink else weight)
        else:
            tensors.append(torch.zeros(shape))
    return [*tensors, bicubic_kernel()]


def _principal_colours(source: Tensor, mean: Tensor) -> Tensor:
    """Rows are unit colour vectors, that of the largest variance first."""
    centred = (source - mean[:, None, None]).reshape(source.shape[0], -1).double()
    _, vectors = torch.linalg.eigh(centred @ centred.T)
    colours = vectors.flip(1).T
    # An eigenvector has no sign of its own: bright is positive, also for approximation.py.
    return torch.where(colours.sum(1, keepdim=True) < 0, -colours, colours).float().contiguous()


def _component_maps(components: Tensor, profile: CodecProfile) -> list[Tensor]:
    """One map a level, finest first, whose upsampled sum is each principal colour."""
    kernel = bicubic_kernel()
    sizes = profile.level_sizes
    count = components.shape[0]
    halved = [components]
    for _ in sizes[1:]:
        halved.append(F.avg_pool2d(halved[-1], 2, ceil_mode=True, count_include_pad=False))
    first = [level[:1] for level in halved]
    coarse = first[count]
    for level in range(count - 1, -1, -1):
        coarse = upsample(coarse, kernel, sizes[level])
    maps = [first[0] - coarse]
    maps += [halved[level][level : level + 1] for level in range(1, count)]
    for level in range(count, len(sizes) - 1):
        maps.append(first[level] - upsample(first[level + 1], kernel, sizes[level]))
    maps.append(first[-1])
    return [level.squeeze(0) for level in maps]


def _pass_through(
    tensors: list[Tensor], profile: CodecProfile, gains: Tensor, colours: Tensor, mean: Tensor
) -> None:
    """Set the layers so that the synthesis module starts as the inverse of the start's maps."""
    w1, _, w2, _, w3, b3 = tensors[:6]
    channels = colours.shape[0]
    pairs = 2 * channels
    starts = [sum(profile.level_channels[:k]) for k in range(len(profile.level_channels))]
    inverse = torch.zeros(channels, w1.shape[1])
    for level, column in enumerate(starts):
        component = level if 0 < level < channels else 0
        inverse[component, column] = 1 / gains[level]
    w1[0:pairs:2] = inverse * _GAIN_INTO_SYNTHESIS
    w1[1:pairs:2] = -inverse * _GAIN_INTO_SYNTHESIS
    w2[:pairs] = 0
    w2[:pairs, :pairs] = torch.eye(pairs)
    w3.zero_()
    w3[:, 0:pairs:2] = colours.T / _GAIN_INTO_SYNTHESIS
    w3[:, 1:pairs:2] = -colours.T / _GAIN_INTO_SYNTHESIS
    b3.copy_(mean)
