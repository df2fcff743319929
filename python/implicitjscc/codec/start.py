# SPDX-License-Identifier: GPL-3.0-or-later
"""Where overfitting starts: X and the decoder such that the first reconstruction is the source.

The source's channels are turned to their principal components (KLT), for a picture its colours,
which are spread over the pyramid's maps (:mod:`.decomposition`). Every map is scaled as analog
transmission wants it: noise on a map reaches each pixel with the same weight whatever the level, so
gains that minimise the error under a power constraint are proportional to (n_k var_k)^(-1/4), n_k
being the map's size. The decoder starts as the weighted sum of the maps as received (the Wiener
filter of each), a linear map that passes through the activations as pairs of opposite sign.
Measured against other starts: docs/codec-measurements.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from .decomposition import Decomposition, Slots, decompose
from .network import bicubic_kernel
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
        tensors: ten tensors of the synthesis module, then ReDU's kernel, flat.
        brightness: which maps carry the first component, as bits from that of the first map on.
    """

    reals: Tensor
    tensors: list[Tensor]
    brightness: int = 0


def random_start(profile: CodecProfile, generator: torch.Generator) -> Start:
    """X small and random, the decoder as overfitted codecs initialise theirs.

    Linear layers are uniform in 1 / (out^2 sqrt(in)), biases and residual layers zero.
    """
    reals = torch.randn(profile.real_symbols, generator=generator) * _RANDOM_SYMBOL_STD
    return Start(reals, _random_tensors(profile, generator, shrink=True))


def source_start(
    profile: CodecProfile, source: Tensor, symbols_rms: float, generator: torch.Generator
) -> Start:
    """X and decoder from the source; random where the decoder is too narrow to pass it through.

    Maps that the source does not need start small and random.

    Args:
        profile: sizes.
        source: shape (channels, height, width), 0 to 1.
        symbols_rms: of X's real values as transmitted, of which the decoder's gains follow.
        generator: of the values and weights that the linear map leaves free.
    """
    # A pair of hidden units passes one component through the activations.
    count = min(source.shape[0], profile.hidden_dim // 2)
    if count == 0:
        return random_start(profile, generator)
    mean = source.mean((1, 2))
    colours = _principal_colours(source, mean)[:count]
    components = torch.einsum("pc,chw->phw", colours, source - mean[:, None, None])
    # One colour only: nothing to start X from.
    flat = float(components.square().mean()) < _FLAT_VARIANCE
    spread = decompose(components, profile, symbols_rms)
    gains, weights = _gains(spread, profile, symbols_rms)
    levels = [
        size
        for maps, size in zip(profile.level_channels, profile.level_sizes, strict=True)
        for _ in range(maps)
    ]
    reals = []
    for size, values, gain in zip(levels, spread.maps, gains, strict=True):
        if flat:
            reals.append(torch.randn(size, generator=generator))
        elif values is None:
            reals.append(torch.randn(size, generator=generator) * _RANDOM_SYMBOL_STD)
        else:
            reals.append(values * gain)
    tensors = _random_tensors(profile, generator, shrink=False)
    _pass_through(tensors, spread.components, weights, colours, mean)
    brightness = sum(1 << n for n, component in enumerate(spread.components) if component == 0)
    return Start(torch.cat([values.reshape(-1) for values in reals]), tensors, brightness)


def _gains(
    spread: Decomposition, profile: CodecProfile, symbols_rms: float
) -> tuple[list[float], list[float]]:
    """What each map is multiplied with before it is sent, and what its receiver multiplies it with
    that knows the noise; 0 for maps without a component."""
    used = [values for values in spread.maps if values is not None]
    variances = [float(values.double().square().mean()) + _TINY for values in used]
    sizes = [values.numel() for values in used]
    gains = [(size * variance) ** -0.25 for size, variance in zip(sizes, variances, strict=True)]
    # The rule fixes ratios only; the scale is that of the power constraint.
    energy = sum(n * s * g * g for n, s, g in zip(sizes, variances, gains, strict=True))
    scale = symbols_rms * sqrt(profile.real_symbols / (energy + _TINY))
    noise = profile.noise_variance / 2
    pairs = []
    for gain, variance in zip(gains, variances, strict=True):
        power = (scale * gain) ** 2 * variance
        pairs.append((scale * gain, power / (power + noise) / (scale * gain)))
    rest = iter(pairs)
    both = [(0.0, 0.0) if values is None else next(rest) for values in spread.maps]
    return [gain for gain, _ in both], [weight for _, weight in both]


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
    colours = vectors.flip(1).T
    # An eigenvector has no sign of its own: bright is positive, also for approximation.py.
    return torch.where(colours.sum(1, keepdim=True) < 0, -colours, colours).float().contiguous()


def _pass_through(
    tensors: list[Tensor], components: Slots, weights: list[float], colours: Tensor, mean: Tensor
) -> None:
    """Set the layers so that the synthesis module starts as the weighted sum of the maps."""
    w1, _, w2, _, w3, b3 = tensors[:6]
    count = colours.shape[0]
    pairs = 2 * count
    inverse = torch.zeros(count, w1.shape[1])
    for column, (component, weight) in enumerate(zip(components, weights, strict=True)):
        if component is not None:
            inverse[component, column] = weight
    w1[0:pairs:2] = inverse * _GAIN_INTO_SYNTHESIS
    w1[1:pairs:2] = -inverse * _GAIN_INTO_SYNTHESIS
    w2[:pairs] = 0
    w2[:pairs, :pairs] = torch.eye(pairs)
    w3.zero_()
    w3[:, 0:pairs:2] = colours.T / _GAIN_INTO_SYNTHESIS
    w3[:, 1:pairs:2] = -colours.T / _GAIN_INTO_SYNTHESIS
    b3.copy_(mean)
