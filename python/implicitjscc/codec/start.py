# SPDX-License-Identifier: GPL-3.0-or-later
"""Where overfitting starts: X and the decoder such that the first reconstruction is the source.

The source's channels are turned to their principal components (KLT), for a picture its colours.
Where a level has one map, the first component goes into a pyramid, finest level to coarsest; the
second and third take the maps of the second and third level, at half and quarter resolution. Where
it has more, as many components have pyramids. Every level is scaled as analog transmission wants
it: noise on a map reaches each pixel with the same weight whatever the level, so gains that
minimise the error under a power constraint are proportional to (n_k var_k)^(-1/4), n_k being the
level's size. The decoder starts as the weighted sum of the maps as received (the Wiener filter of
each), a linear map that passes through the activations as pairs of opposite sign.
Measured against starting from a Laplacian pyramid of the luma: docs/codec.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import bicubic_kernel, upsample
from .profile import CodecProfile

_GAIN_INTO_SYNTHESIS = 4.0  # scale of the first hidden layer; measured best of 1, 2, 4
_RANDOM_SYMBOL_STD = 0.1
# Binomial: two levels share what lies between them, which tells more against noise than a sharp
# split does. Measured against means of pairs, and 6, 8 and 12 taps: docs/codec.md.
_HALVING_TAPS = (0.125, 0.375, 0.375, 0.125)
_TINY = 1e-12
_FLAT_VARIANCE = 1e-9


@dataclass(frozen=True)
class Start:
    """Initial values.

    Attributes:
        reals: X before power normalisation, shape (real_symbols,).
        tensors: ten tensors of the synthesis module, then ReDU's kernel, flat.
    """

    reals: Tensor
    tensors: list[Tensor]


def random_start(profile: CodecProfile, generator: torch.Generator) -> Start:
    """X small and random, the decoder as overfitted codecs initialise theirs.

    Linear layers are uniform in 1 / (out^2 sqrt(in)), biases and residual layers zero.
    """
    reals = torch.randn(profile.real_symbols, generator=generator) * _RANDOM_SYMBOL_STD
    return Start(reals, _random_tensors(profile, generator, shrink=True))


def source_start(
    profile: CodecProfile, source: Tensor, symbols_rms: float, generator: torch.Generator
) -> Start:
    """X and decoder from the source; random where the levels have no place for its components.

    Args:
        profile: sizes.
        source: shape (channels, height, width), 0 to 1.
        symbols_rms: of X's real values as transmitted, of which the decoder's gains follow.
        generator: of the weights that the linear map leaves free.
    """
    maps_a_level = min(profile.level_channels)
    # A pair of hidden units passes one component through the activations.
    count = min(source.shape[0], profile.hidden_dim // 2)
    places = -(-count // maps_a_level) if maps_a_level else 0
    if count == 0 or places == 0 or len(profile.level_channels) <= places:
        return random_start(profile, generator)
    mean = source.mean((1, 2))
    colours = _principal_colours(source, mean)[:count]
    components = torch.einsum("pc,chw->phw", colours, source - mean[:, None, None])
    placed = _place_components(components, profile, maps_a_level)
    size = torch.tensor([float(map_.values.numel()) for map_ in placed])
    variance = torch.stack([map_.values.double().square().mean() for map_ in placed]).float()
    gains = (size * (variance + _TINY)).pow(-0.25)
    # The rule fixes ratios only; the scale is that of the power constraint.
    energy = (size * variance * gains.square()).sum()
    gains *= symbols_rms * torch.sqrt(size.sum() / (energy + _TINY))
    flat = float(variance.max()) < _FLAT_VARIANCE  # one colour: nothing to start X from
    levels = []
    for level, (maps, shape) in enumerate(
        zip(profile.level_channels, profile.level_sizes, strict=True)
    ):
        values = torch.randn((maps, *shape), generator=generator) * _RANDOM_SYMBOL_STD
        for map_, gain in zip(placed, gains, strict=True):
            if map_.level == level and not flat:
                values[map_.index] = map_.values * gain
        levels.append(values.reshape(-1))
    tensors = _random_tensors(profile, generator, shrink=False)
    # What a receiver that knows the noise multiplies each map with (Wiener).
    powers = gains.square() * variance
    weights = powers / (powers + 0.5 * profile.noise_variance) / gains
    _pass_through(tensors, profile, placed, weights, colours, mean)
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
    return [*tensors, bicubic_kernel(profile.dimensions)]


def _principal_colours(source: Tensor, mean: Tensor) -> Tensor:
    """Rows are unit colour vectors, that of the largest variance first."""
    centred = (source - mean[:, None, None]).reshape(source.shape[0], -1).double()
    _, vectors = torch.linalg.eigh(centred @ centred.T)
    return vectors.flip(1).T.float().contiguous()


@dataclass(frozen=True)
class _Map:
    """What one map of the pyramid starts with."""

    level: int
    index: int
    component: int
    values: Tensor


def _place_components(components: Tensor, profile: CodecProfile, maps_a_level: int) -> list[_Map]:
    """Maps whose upsampled sums are the components, finest level first.

    As many components as a level has maps get pyramids; the next ones a map of level 2 each, the
    next ones of level 3, and so on, in the columns of the pyramids, which skip those levels.
    """
    halved = [components]
    for _ in profile.level_sizes[1:]:
        halved.append(_halve(halved[-1]))
    placed = []
    for column in range(min(maps_a_level, components.shape[0])):
        own = range(column, components.shape[0], maps_a_level)
        skipped = range(1, len(own))
        pyramid = _pyramid([level[column] for level in halved], profile, skipped)
        placed += [_Map(level, column, column, values) for level, values in pyramid.items()]
        for level in skipped:
            placed.append(_Map(level, column, own[level], halved[level][own[level]]))
    return sorted(placed, key=lambda map_: (map_.level, map_.index))


def _pyramid(halved: list[Tensor], profile: CodecProfile, skipped: range) -> dict[int, Tensor]:
    """A Laplacian pyramid without some levels: what remains of each over the next one in it."""
    kernel = bicubic_kernel(profile.dimensions)
    levels = [level for level in range(len(halved)) if level not in skipped]
    maps = {}
    for level, coarser in pairwise(levels):
        coarse = halved[coarser].unsqueeze(0)
        for between in range(coarser - 1, level - 1, -1):
            coarse = upsample(coarse, kernel, profile.level_sizes[between])
        maps[level] = halved[level] - coarse.squeeze(0)
    return {**maps, levels[-1]: halved[levels[-1]]}


def _halve(maps: Tensor) -> Tensor:
    """Half as wide and high, rounded up; sides of 1 stay. Borders are replicated."""
    across = _halve_rows(maps)
    return _halve_rows(across.transpose(1, 2)).transpose(1, 2)


def _halve_rows(maps: Tensor) -> Tensor:
    width = maps.shape[2]
    if width == 1:
        return maps
    padded = F.pad(maps, (1, 1 + width % 2), mode="replicate")
    rows = padded.reshape(-1, 1, padded.shape[2])
    taps = torch.tensor(_HALVING_TAPS).view(1, 1, -1)
    return F.conv1d(rows, taps, stride=2).view(*maps.shape[:2], -1)


def _pass_through(
    tensors: list[Tensor],
    profile: CodecProfile,
    placed: list[_Map],
    weights: Tensor,
    colours: Tensor,
    mean: Tensor,
) -> None:
    """Set the layers so that the synthesis module starts as the weighted sum of the maps."""
    w1, _, w2, _, w3, b3 = tensors[:6]
    components = colours.shape[0]
    pairs = 2 * components
    inverse = torch.zeros(components, w1.shape[1])
    for map_, weight in zip(placed, weights, strict=True):
        column = sum(profile.level_channels[: map_.level]) + map_.index
        inverse[map_.component, column] = weight
    w1[0:pairs:2] = inverse * _GAIN_INTO_SYNTHESIS
    w1[1:pairs:2] = -inverse * _GAIN_INTO_SYNTHESIS
    w2[:pairs] = 0
    w2[:pairs, :pairs] = torch.eye(pairs)
    w3.zero_()
    w3[:, 0:pairs:2] = colours.T / _GAIN_INTO_SYNTHESIS
    w3[:, 1:pairs:2] = -colours.T / _GAIN_INTO_SYNTHESIS
    b3.copy_(mean)
