# SPDX-License-Identifier: GPL-3.0-or-later
"""The neural decoder: ReDU and LSM as functions of one flat parameter vector (paper section 3.2).

What the paper leaves open follows from its counts (607 parameters and 641 multiplications a pixel
at d = 12): one 8 x 8 upsampling kernel shared by all levels, 1 x 1 layers of sizes n_in-d-d-C, two
residual 3 x 3 layers C-C, all of them with bias.

A source of one dimension is a picture of height 1 whose kernels have one row: 8 taps in ReDU, 3 in
the residual layers. Every function here takes the number of rows from the kernel that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

REDU_KERNEL = 8
RESIDUAL_KERNEL = 3
_PAD = 2  # replicated on each side, enough for the 8 taps of a factor 2

# The cubic kernel with a = -0.75 at half-pixel phases, as torch's bicubic interpolation has it;
# its outer product with itself is what ReDU starts from and what the noise matrix goes through.
BICUBIC_TAPS = (
    -0.03515625,
    -0.10546875,
    0.26171875,
    0.87890625,
    0.87890625,
    0.26171875,
    -0.10546875,
    -0.03515625,
)


def redu_parameters(dimensions: int) -> int:
    """Taps of ReDU's kernel: 8 for one dimension, 64 for two."""
    return int(REDU_KERNEL**dimensions)


def bicubic_kernel(dimensions: int = 2) -> Tensor:
    """The kernel that upsamples by 2, shape (8^dimensions,)."""
    taps = torch.tensor(BICUBIC_TAPS)
    return taps if dimensions == 1 else torch.outer(taps, taps).reshape(-1)


def upsample(maps: Tensor, kernel: Tensor, size: tuple[int, int]) -> Tensor:
    """Upsample by 2 with a transposed convolution, borders replicated, trimmed to ``size``.

    Args:
        maps: shape (n, h, w).
        kernel: shape (64,), or (8,) to upsample the width only.
        size: height and width to trim to, at most those of the upsampled ``maps``.

    Returns:
        shape (n, height, width).
    """
    weight = kernel.view(1, 1, -1, REDU_KERNEL)
    flat = weight.shape[2] == 1
    rows, stride, cut = (0, 1, 0) if flat else (_PAD, 2, 3)
    padded = F.pad(maps.unsqueeze(1), (_PAD, _PAD, rows, rows), mode="replicate")
    full = F.conv_transpose2d(padded, weight, stride=(stride, 2), padding=(cut, 3)).squeeze(1)
    top, left = 2 * rows, 2 * _PAD
    return full[:, top : top + size[0], left : left + size[1]]


def upsample_pyramid(levels: list[Tensor], kernel: Tensor) -> Tensor:
    """ReDU: upsample from the coarsest level, joining each finer one (equations 6 and 7).

    Args:
        levels: finest first, each of shape (L_k, h_k, w_k).
        kernel: shape (64,), or (8,) for levels of height 1.

    Returns:
        U, shape (sum of L_k, height, width), channels of the finest level first.
    """
    joined = levels[-1]
    for level in reversed(levels[:-1]):
        size = (level.shape[1], level.shape[2])
        joined = torch.cat((level, upsample(joined, kernel, size)))
    return joined


@dataclass(frozen=True)
class SynthesisShape:
    """Sizes of the synthesis module.

    Attributes:
        inputs: channels that enter it: those of U, and of M where the noise matrix is in use.
        hidden_dim: d of the paper.
        outputs: C, the source's channels.
        dimensions: 1 or 2, of the source.
    """

    inputs: int
    hidden_dim: int
    outputs: int
    dimensions: int = 2

    @property
    def tensors(self) -> list[tuple[int, ...]]:
        """Shapes of weight and bias of the five layers, in the order of transmission."""
        d, c = self.hidden_dim, self.outputs
        rows = RESIDUAL_KERNEL if self.dimensions == 2 else 1
        return [
            (d, self.inputs),
            (d,),
            (d, d),
            (d,),
            (c, d),
            (c,),
            (c, c, rows, RESIDUAL_KERNEL),
            (c,),
            (c, c, rows, RESIDUAL_KERNEL),
            (c,),
        ]

    @property
    def parameters(self) -> int:
        """How many parameters the module has."""
        return sum(prod(shape) for shape in self.tensors)

    def split(self, flat: Tensor) -> list[Tensor]:
        """The ten tensors as views of a vector of shape (parameters,)."""
        sizes = [prod(shape) for shape in self.tensors]
        return [
            part.view(shape) for part, shape in zip(flat.split(sizes), self.tensors, strict=True)
        ]


def _activate(values: Tensor, activation: str) -> Tensor:
    return F.gelu(values) if activation == "gelu" else torch.relu(values)


def _residual(maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    rows = weight.shape[2] // 2
    padded = F.pad(maps.unsqueeze(0), (1, 1, rows, rows), mode="replicate")
    # Three channels: on a CPU the channels-last convolution is more than twice as fast.
    padded = padded.contiguous(memory_format=torch.channels_last)
    return maps + F.conv2d(padded, weight, bias).squeeze(0)


def synthesise(maps: Tensor, tensors: list[Tensor], activation: str) -> Tensor:
    """LSM: the source from U (and M), pixel by pixel, then refined by two residual layers.

    Args:
        maps: shape (inputs, height, width).
        tensors: what :meth:`SynthesisShape.split` returns.
        activation: "relu" or "gelu".

    Returns:
        shape (outputs, height, width), not clipped.
    """
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = tensors
    height, width = maps.shape[1:]
    # 1 x 1 convolutions as matrix products: three times as fast on a CPU as conv2d.
    pixels = maps.reshape(maps.shape[0], -1)
    pixels = _activate(torch.addmm(b1[:, None], w1, pixels), activation)
    pixels = _activate(torch.addmm(b2[:, None], w2, pixels), activation)
    pixels = torch.addmm(b3[:, None], w3, pixels)
    image = _activate(pixels, activation).view(-1, height, width)
    image = _activate(_residual(image, w4, b4), activation)
    return _residual(image, w5, b5)
