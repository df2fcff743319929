# SPDX-License-Identifier: GPL-3.0-or-later
"""How a source's principal components are spread over the maps of a pyramid, whatever its shape.

Each component takes at most one map of a level, and its maps form a Laplacian pyramid of their
own: the coarsest holds the component at that level's resolution, each finer one what upsampling the
next coarser one leaves over. What is finer than a component's finest map is lost. Which map goes to
which component is chosen such that linear analog transmission at the design SNR loses least: the
error of that is known in closed form (:mod:`.power_allocation`), so a few sweeps over the maps find
a good choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import bicubic_kernel, upsample
from .power_allocation import allocate
from .profile import CodecProfile

_SWEEPS = 4
# Binomial: two levels share what lies between them, which tells more against noise than a sharp
# split does. Measured against means of pairs, and 6, 8 and 12 taps: docs/codec-measurements.md.
_HALVING_TAPS = (0.125, 0.375, 0.375, 0.125)

Slots = list[int | None]
"""The component of each map, finest level first; None where a map stays free."""


@dataclass(frozen=True)
class Decomposition:
    """A source in maps.

    Attributes:
        components: the component of each map, or None.
        maps: one for each map that has a component, shape (h_k, w_k); None for the others.
    """

    components: Slots
    maps: list[Tensor | None]


def decompose(components: Tensor, profile: CodecProfile, symbols_rms: float) -> Decomposition:
    """Spread components over the profile's maps.

    Args:
        components: shape (P, height, width), of mean 0.
        profile: sizes and design SNR.
        symbols_rms: of X's real values as transmitted.
    """
    levels = _level_of_each_map(profile.level_channels)
    halved = [components]
    for _ in profile.level_sizes[1:]:
        halved.append(halve(halved[-1]))
    chosen = _Chooser(halved, profile, levels, symbols_rms).choose()
    kernel = bicubic_kernel(profile.dimensions)
    maps: list[Tensor | None] = []
    for level, component in zip(levels, chosen, strict=True):
        if component is None:
            maps.append(None)
            continue
        plane = slice(component, component + 1)
        coarser = _next_coarser(levels, chosen, level, component)
        own = halved[level][plane]
        if coarser is not None:
            own = own - _upsampled(halved[coarser][plane], coarser, level, profile, kernel)
        maps.append(own.squeeze(0))
    return Decomposition(chosen, maps)


class _Chooser:
    """Tables of what each choice would cost, and the search over choices."""

    def __init__(
        self, halved: list[Tensor], profile: CodecProfile, levels: list[int], symbols_rms: float
    ) -> None:
        self._levels = levels
        self._count = halved[0].shape[0]
        self._sizes = [prod(size) for size in profile.level_sizes]
        self._noise = profile.noise_variance / 2
        self._energy = symbols_rms**2 * profile.real_symbols
        self._whole = [plane.square().mean((1, 2)).tolist() for plane in halved]
        self._residual: dict[tuple[int, int], list[float]] = {}
        kernel = bicubic_kernel(profile.dimensions)
        for coarse in sorted({0, *levels} - {0}):
            finer = halved[coarse]
            for level in range(coarse - 1, -1, -1):
                finer = upsample(finer, kernel, profile.level_sizes[level])
                rest = (halved[level] - finer).square().mean((1, 2))
                self._residual[level, coarse] = rest.tolist()

    def choose(self) -> Slots:
        """From no map in use, change map after map as long as the error falls."""
        chosen: Slots = [None] * len(self._levels)
        best = self._error(chosen)
        for _ in range(_SWEEPS):
            before = best
            for index in range(len(chosen)):
                for option in (None, *range(self._count)):
                    trial = [*chosen[:index], option, *chosen[index + 1 :]]
                    error = self._error(trial)
                    if error < best:
                        best, chosen = error, trial
            if best >= before:
                break
        return chosen

    def _error(self, chosen: Sequence[int | None]) -> float:
        """Mean square of a pixel's error: what no map carries, and the channel's noise."""
        lost = 0.0
        variances, sizes = [], []
        for component in range(self._count):
            used = [k for k, c in zip(self._levels, chosen, strict=True) if c == component]
            if len(set(used)) != len(used):
                return float("inf")
            if not used:
                lost += self._whole[0][component]
                continue
            lost += self._residual[0, used[0]][component] if used[0] else 0.0
            for level, coarser in zip(used, [*used[1:], None], strict=True):
                sizes.append(self._sizes[level])
                variances.append(
                    self._whole[level][component]
                    if coarser is None
                    else self._residual[level, coarser][component]
                )
        return lost + allocate(variances, sizes, self._energy, self._noise).error


def _level_of_each_map(level_channels: Sequence[int]) -> list[int]:
    return [level for level, maps in enumerate(level_channels) for _ in range(maps)]


def halve(maps: Tensor) -> Tensor:
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


def _next_coarser(levels: list[int], chosen: Slots, level: int, component: int) -> int | None:
    coarser = [k for k, c in zip(levels, chosen, strict=True) if c == component and k > level]
    return min(coarser, default=None)


def _upsampled(
    maps: Tensor, coarse: int, fine: int, profile: CodecProfile, kernel: Tensor
) -> Tensor:
    for level in range(coarse - 1, fine - 1, -1):
        maps = upsample(maps, kernel, profile.level_sizes[level])
    return maps
