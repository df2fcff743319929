# SPDX-License-Identifier: GPL-3.0-or-later
"""Optimisers of the decoder's parameters, on the flat vector that the engines take."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from .network import SynthesisShape
from .soap import Soap

Vector = NDArray[np.float64]

_ADAM_EPSILON = 1e-8


class AdamParameters:
    """Adam (D. P. Kingma, J. Ba, arXiv:1412.6980), as in the paper's authors' other codecs."""

    def __init__(self, size: int, moments: tuple[float, float]) -> None:
        self._moments = moments
        self._first, self._second = np.zeros(size), np.zeros(size)
        self._step = 0

    def direction(self, gradient: Vector) -> Vector:
        """What to subtract from the parameters, at a learning rate of 1; shape (parameters,)."""
        self._step += 1
        b1, b2 = self._moments
        self._first = b1 * self._first + (1 - b1) * gradient
        self._second = b2 * self._second + (1 - b2) * gradient**2
        mean = self._first / (1 - b1**self._step)
        return mean / (np.sqrt(self._second / (1 - b2**self._step)) + _ADAM_EPSILON)


class SoapParameters:
    """SOAP, each layer one matrix: its weights, and its bias as a last column.

    Args:
        synthesis: sizes of the synthesis module.
        parameters: of the whole decoder; what lies behind the synthesis module is ReDU's kernel.
    """

    def __init__(self, synthesis: SynthesisShape, parameters: int) -> None:
        self._layers: list[tuple[int, int, int]] = []
        at = 0
        tensors = synthesis.tensors
        for weight, bias in zip(tensors[::2], tensors[1::2], strict=True):
            outputs, inputs = bias[0], int(np.prod(weight[1:]))
            self._layers.append((at, outputs, inputs))
            at += outputs * (inputs + 1)
        self._kernel = at
        side = isqrt(parameters - at)
        square = side * side == parameters - at
        self._kernel_shape = (side, side) if square else (1, parameters - at)
        shapes = [(outputs, inputs + 1) for _, outputs, inputs in self._layers]
        self._soap = Soap([*shapes, self._kernel_shape])

    def direction(self, gradient: Vector) -> Vector:
        """What to subtract from the parameters, at a learning rate of 1; shape (parameters,)."""
        matrices = [
            np.column_stack(
                (
                    gradient[at : at + outputs * inputs].reshape(outputs, inputs),
                    gradient[at + outputs * inputs : at + outputs * (inputs + 1)],
                )
            )
            for at, outputs, inputs in self._layers
        ]
        matrices.append(gradient[self._kernel :].reshape(self._kernel_shape))
        steps = self._soap.direction(matrices)
        parts = [
            part
            for step in steps[:-1]
            for part in (np.ascontiguousarray(step[:, :-1]).reshape(-1), step[:, -1])
        ]
        return np.concatenate((*parts, steps[-1].reshape(-1)))
