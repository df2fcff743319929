# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder and its training as a reader of the paper writes them in PyTorch: what engines beat.

Convolutions as ``conv2d``, ReDU as ``conv_transpose2d``, autograd, ``torch.optim.Adam``
on symbols and parameters alike. Nothing of the project's network is used.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from implicitjscc.codec.profile import CodecProfile


class PlainCodec:
    """One picture under training.

    Args:
        profile: sizes, design SNR, activation.
        source: shape (channels, height, width), 0 to 1.
        noise: M's pyramid before upsampling, flat.
        symbols, parameters: what training starts from, flat, as the engines take them.
    """

    def __init__(
        self,
        profile: CodecProfile,
        source: np.ndarray,
        noise: np.ndarray,
        symbols: np.ndarray,
        parameters: np.ndarray,
    ) -> None:
        self._sizes = [
            (1, maps, *size)
            for maps, size in zip(profile.level_channels, profile.level_sizes, strict=True)
        ]
        self._activate = F.gelu if profile.activation == "gelu" else torch.relu
        self._noise_std = (profile.noise_variance / 2) ** 0.5
        self._source = torch.from_numpy(source)[None]
        self._layers, self._kernel = _layers(profile, parameters)
        self.symbols = [x.clone().requires_grad_() for x in self._split(torch.from_numpy(symbols))]
        learnt = [*self.symbols, *(x for layer in self._layers for x in layer), self._kernel]
        self._optimiser = torch.optim.Adam(learnt, lr=0.01)
        taps = torch.tensor([-9, -27, 67, 225, 225, 67, -27, -9]) / 256
        bicubic = torch.outer(taps, taps)[None, None]
        with torch.no_grad():
            self._m = _redu(self._split(torch.from_numpy(noise)), bicubic)

    def step(self) -> float:
        """One step; the loss before it."""
        self._optimiser.zero_grad()
        power = sum((x.square().sum() for x in self.symbols), torch.tensor(0.0))
        scale = (power / sum(x.numel() for x in self.symbols)).rsqrt()
        received = [x * scale + self._noise_std * torch.randn(x.shape) for x in self.symbols]
        loss = F.mse_loss(self._reconstruct(received), self._source)
        loss.backward()
        self._optimiser.step()
        return loss.item()

    def decode(self, received: np.ndarray) -> np.ndarray:
        """The picture of a flat pyramid, shape (channels, height, width)."""
        with torch.inference_mode():
            return self._reconstruct(self._split(torch.from_numpy(received)))[0].numpy()

    def _reconstruct(self, levels: list[Tensor]) -> Tensor:
        maps = torch.cat((_redu(levels, self._kernel), self._m), 1)
        for weight, bias in self._layers[:3]:
            maps = self._activate(F.conv2d(maps, weight, bias))
        for number, (weight, bias) in enumerate(self._layers[3:]):
            maps = maps + F.conv2d(F.pad(maps, (1, 1, 1, 1), mode="replicate"), weight, bias)
            maps = self._activate(maps) if number == 0 else maps
        return maps

    def _split(self, flat: Tensor) -> list[Tensor]:
        parts = flat.split([int(np.prod(size)) for size in self._sizes])
        return [part.view(size) for part, size in zip(parts, self._sizes, strict=True)]


def _layers(
    profile: CodecProfile, parameters: np.ndarray
) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """Weight and bias of the five layers, and ReDU's kernel, out of the flat vector."""
    inputs, d, c = profile.synthesis.inputs, profile.hidden_dim, profile.channels
    shapes = [(d, inputs, 1, 1), (d, d, 1, 1), (c, d, 1, 1), (c, c, 3, 3), (c, c, 3, 3)]
    flat, at = torch.from_numpy(parameters), 0
    layers = []
    for shape in shapes:
        end = at + int(np.prod(shape))
        weight = flat[at:end].view(shape).clone().requires_grad_()
        bias = flat[end : end + shape[0]].clone().requires_grad_()
        layers.append((weight, bias))
        at = end + shape[0]
    return layers, flat[at:].view(1, 1, 8, 8).clone().requires_grad_()


def _redu(levels: list[Tensor], kernel: Tensor) -> Tensor:
    joined = levels[-1]
    for level in reversed(levels[:-1]):
        height, width = level.shape[2:]
        single = F.pad(joined.transpose(0, 1), (2, 2, 2, 2), mode="replicate")
        doubled = F.conv_transpose2d(single, kernel, stride=2, padding=7).transpose(0, 1)
        joined = torch.cat((level, doubled[..., :height, :width]), 1)
    return joined
