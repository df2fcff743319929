# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder and its training step in PyTorch: the reference, and what runs without a compiler."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..engine.model import DecoderShape, FilteredNoise, FloatArray, StepSettings, SymbolState
from .network import SynthesisShape, bicubic_kernel, synthesise, upsample_pyramid
from .pyramid import level_sizes
from .wiener_layer import filter_maps

_TINY = 1e-12


class TorchModel:
    """One source's decoder; see :class:`implicitjscc.engine.model.Model`.

    Args:
        shape: sizes.
        device: where PyTorch computes; None for a CUDA device where there is one.
    """

    def __init__(self, shape: DecoderShape, device: str | None = None) -> None:
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        inputs = sum(shape.level_channels) * (2 if shape.noise_matrix else 1)
        self._synthesis = SynthesisShape(inputs, shape.hidden_dim, shape.channels, shape.dimensions)
        self._activation = shape.activation
        self._dimensions = shape.dimensions
        sizes = level_sizes(shape.height, shape.width, len(shape.level_channels))
        self._levels = [
            (maps, height, width)
            for maps, (height, width) in zip(shape.level_channels, sizes, strict=True)
        ]
        self._noise_matrix: Tensor | None = None
        self._source: Tensor | None = None

    def set_noise_matrix(self, pyramid: FloatArray) -> None:
        """Take M's pyramid; shape (real_symbols,)."""
        levels = self._split(self._tensor(pyramid))
        self._noise_matrix = upsample_pyramid(
            levels, bicubic_kernel(self._dimensions).to(self._device)
        )

    def decode(
        self, received: FloatArray, parameters: FloatArray, noise: FilteredNoise | None = None
    ) -> FloatArray:
        """f_theta(Y), shape (channels, height, width)."""
        with torch.inference_mode():
            y = self._tensor(received)
            if noise is not None:
                y = self._filtered(y, noise)
            return _array(self._reconstruct(y, self._tensor(parameters)))

    def prepare_training(self, source: FloatArray) -> None:
        """Take the source, shape (channels, height, width)."""
        self._source = self._tensor(source)

    def gradient(
        self, received: FloatArray, parameters: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Mean squared error and its gradients at Y and at the parameters."""
        leaves = [self._tensor(x).clone().requires_grad_(True) for x in (received, parameters)]
        loss = self._loss(*leaves)
        loss.backward()
        return float(loss.detach()), _gradient(leaves[0]), _gradient(leaves[1])

    def step(
        self, settings: StepSettings, state: SymbolState, parameters: FloatArray
    ) -> tuple[float, FloatArray]:
        """One step on the symbols, in place; the loss and its gradient at the parameters."""
        generator = torch.Generator(self._device).manual_seed(settings.noise_key)
        x = self._tensor(state.symbols).clone().requires_grad_(True)
        leaf = self._tensor(parameters).clone().requires_grad_(True)
        normals = torch.randn(x.shape, generator=generator, device=self._device)
        sent = x * (settings.symbols_rms / (x.square().mean() + _TINY).sqrt())
        received = sent + settings.noise_std * normals
        if settings.filtered_variance is not None:
            noise = FilteredNoise(
                settings.noise_std**2, settings.filtered_variance, settings.filter_side
            )
            received = self._filtered(received, noise)
        loss = self._loss(received, leaf)
        (settings.loss_weight * loss).backward()
        self._adam(settings, state, _gradient(x))
        return float(loss.detach()), _gradient(leaf)

    def _adam(self, settings: StepSettings, state: SymbolState, gradient: FloatArray) -> None:
        b1, b2 = settings.moments
        first, second = map(torch.from_numpy, (state.first, state.second))
        g = torch.from_numpy(gradient)
        first.mul_(b1).add_(g, alpha=1 - b1)
        second.mul_(b2).addcmul_(g, g, value=1 - b2)
        deviation = (second / (1 - b2**settings.step)).sqrt_().add_(settings.epsilon)
        rates = self._by_level(settings.rates).cpu() / (1 - b1**settings.step)
        torch.from_numpy(state.symbols).sub_(rates * first / deviation)

    def _loss(self, received: Tensor, parameters: Tensor) -> Tensor:
        if self._source is None:
            raise ValueError("prepare_training comes first")
        return (self._reconstruct(received, parameters) - self._source).square().mean()

    def _reconstruct(self, received: Tensor, parameters: Tensor) -> Tensor:
        count = self._synthesis.parameters
        maps = upsample_pyramid(self._split(received), parameters[count:])
        if self._noise_matrix is not None:
            maps = torch.cat((maps, self._noise_matrix))
        return synthesise(maps, self._synthesis.split(parameters[:count]), self._activation)

    def _filtered(self, received: Tensor, noise: FilteredNoise) -> Tensor:
        levels = self._split(received)
        return torch.cat([filter_maps(y, noise).reshape(-1) for y in levels])

    def _split(self, pyramid: Tensor) -> list[Tensor]:
        sizes = [maps * height * width for maps, height, width in self._levels]
        parts = pyramid.split(sizes)
        return [part.view(shape) for part, shape in zip(parts, self._levels, strict=True)]

    def _by_level(self, values: tuple[float, ...]) -> Tensor:
        counts = torch.tensor([maps * height * width for maps, height, width in self._levels])
        return torch.tensor(values).repeat_interleave(counts).to(self._device)

    def _tensor(self, array: FloatArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _array(values: Tensor) -> FloatArray:
    return np.ascontiguousarray(values.cpu().numpy())


def _gradient(leaf: Tensor) -> FloatArray:
    return _array(leaf.grad) if leaf.grad is not None else np.zeros(leaf.shape, np.float32)
