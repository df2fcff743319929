# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters as multiples of a step that each tensor has.

One number, the fineness, sets all steps; their ratios are fixed. They follow from how much an error
of a weight of each tensor moves the picture: with steps proportional to (d MSE / d theta^2)^(-1/2),
which is what minimises the error for a given number of bits, every tensor adds its share of it.
Measured on a trained decoder (docs/codec-measurements.md); scales of the data itself would not do:
the tensors that matter most are not those of the largest weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .profile import CodecProfile

LARGEST_INTEGER = 1 << 20
_STEPS_PER_OCTAVE = 4
_COARSEST_OCTAVE = -4
# Quarters of an octave by which each tensor's step exceeds 2^-4 at fineness 0: weight and bias of
# the five layers of the synthesis module, ReDU's kernel. Part of the air format.
_TENSOR_QUARTERS = (13, 17, 18, 14, 7, 3, 8, 3, 8, 3, 11)


def steps(profile: CodecProfile, fineness: int) -> NDArray[np.float32]:
    """The step of each parameter, shape (parameters,): a quarter of an octave a fineness."""
    octaves = [
        (quarters - fineness) / _STEPS_PER_OCTAVE + _COARSEST_OCTAVE
        for quarters in _TENSOR_QUARTERS
    ]
    return np.repeat(2.0 ** np.array(octaves), profile.tensor_sizes).astype(np.float32)


def quantise(
    parameters: NDArray[np.float32], profile: CodecProfile, fineness: int
) -> NDArray[np.int64]:
    """The nearest integers, at most ``LARGEST_INTEGER`` in magnitude, shape (parameters,)."""
    ratio = np.rint(parameters.astype(np.float64) / steps(profile, fineness))
    return np.clip(ratio, -LARGEST_INTEGER, LARGEST_INTEGER).astype(np.int64)


def dequantise(
    integers: NDArray[np.int64], profile: CodecProfile, fineness: int
) -> NDArray[np.float32]:
    """The parameters that integers stand for, shape (parameters,)."""
    return integers.astype(np.float32) * steps(profile, fineness)


def straight_through(parameters: Tensor, profile: CodecProfile, fineness: int) -> Tensor:
    """What :func:`dequantise` makes of :func:`quantise`; gradients pass as if nothing was rounded.

    Y. Bengio, N. Léonard, A. Courville, "Estimating or propagating gradients through stochastic
    neurons for conditional computation", arXiv:1308.3432.
    """
    rounded: Tensor = _StraightThrough.apply(parameters, profile, fineness)
    return rounded


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, parameters: Tensor, profile: CodecProfile, fineness: int) -> Tensor:
        integers = quantise(parameters.detach().cpu().numpy(), profile, fineness)
        rounded = torch.from_numpy(dequantise(integers, profile, fineness))
        return rounded.to(parameters.device)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return gradients[0], None, None
