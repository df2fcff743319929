# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters as integers of a few bits: one scale a tensor, zero and both ends of the scale exact."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .profile import (
    SCALE_CODES,
    SCALE_OFFSET,
    SCALE_STEPS_PER_OCTAVE,
    CodecProfile,
    scale_of,
)

# log2 of a value that is a scale itself may come out a little above it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Quantised:
    """Rounded parameters.

    Attributes:
        integers: shape (parameters,), from -(2^(bits-1) - 1) to 2^(bits-1) - 1.
        scale_codes: one a tensor; the largest integer stands for the tensor's scale.
    """

    integers: NDArray[np.int64]
    scale_codes: tuple[int, ...]


def largest_integer(bits: int) -> int:
    """What a parameter of a tensor's scale becomes."""
    return (1 << (bits - 1)) - 1


def quantise(parameters: NDArray[np.float32], profile: CodecProfile, bits: int) -> Quantised:
    """Round parameters, each tensor to the least scale that holds it.

    Args:
        parameters: shape (parameters,).
        profile: sizes.
        bits: of an integer, at least 2.
    """
    parts = np.split(parameters, np.cumsum(profile.tensor_sizes)[:-1])
    codes = tuple(_covering_code(float(np.abs(part).max())) for part in parts)
    return Quantised(to_integers(parameters, profile, codes, bits), codes)


def to_integers(
    parameters: NDArray[np.float32],
    profile: CodecProfile,
    scale_codes: tuple[int, ...],
    bits: int,
) -> NDArray[np.int64]:
    """Round parameters to given scales; what lies beyond its scale is clipped."""
    largest = largest_integer(bits)
    ratio = parameters.astype(np.float64) / _scales(profile, scale_codes)
    return np.rint(np.clip(ratio, -1, 1) * largest).astype(np.int64)


def dequantise(
    quantised: Quantised, profile: CodecProfile, bits: int
) -> NDArray[np.float32]:
    """The parameters that integers stand for, shape (parameters,)."""
    steps = _scales(profile, quantised.scale_codes) / largest_integer(bits)
    return (quantised.integers * steps).astype(np.float32)


def straight_through(parameters: Tensor, profile: CodecProfile, bits: int) -> Tensor:
    """What :func:`dequantise` makes of :func:`quantise`; gradients pass as if nothing was rounded.

    Y. Bengio, N. Léonard, A. Courville, "Estimating or propagating gradients through stochastic
    neurons for conditional computation", arXiv:1308.3432.
    """
    rounded: Tensor = _StraightThrough.apply(parameters, profile, bits)
    return rounded


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, parameters: Tensor, profile: CodecProfile, bits: int) -> Tensor:
        values = parameters.detach().cpu().numpy()
        rounded = dequantise(quantise(values, profile, bits), profile, bits)
        return torch.from_numpy(rounded).to(parameters.device)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return gradients[0], None, None


def _covering_code(largest: float) -> int:
    if not largest > 0:
        return 0
    code = ceil(SCALE_STEPS_PER_OCTAVE * log2(largest) + SCALE_OFFSET - _ROUNDING)
    return min(max(code, 0), SCALE_CODES - 1)


def _scales(profile: CodecProfile, codes: tuple[int, ...]) -> NDArray[np.float64]:
    return np.repeat([scale_of(code) for code in codes], profile.tensor_sizes)
