# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner, for a handful of small matrices.

N. Vyas et al., "SOAP: improving and stabilizing Shampoo using Adam", arXiv:2409.11321. A step here
costs some tenths of a millisecond where general implementations, made for large models, take
several milliseconds: as long as the step's kernels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_EPSILON = 1e-8


class Soap:
    """Optimises matrices in place, in float64.

    Args:
        shapes: (rows, columns) of each matrix.
        moments: beta_1 and beta_2 of Adam in the rotated space.
        memory: of the preconditioners' averages.
        refresh: steps after which the eigenbases follow.
    """

    def __init__(
        self,
        shapes: list[tuple[int, int]],
        moments: tuple[float, float] = (0.95, 0.95),
        memory: float = 0.95,
        refresh: int = 5,
    ) -> None:
        self._moments, self._memory, self._refresh = moments, memory, refresh
        self._states = [_State(shape) for shape in shapes]
        self._step = 0

    def direction(self, gradients: list[Matrix]) -> list[Matrix]:
        """What to subtract from each matrix, at a learning rate of 1."""
        self._step += 1
        if self._step == 1:
            for state, gradient in zip(self._states, gradients, strict=True):
                state.start(gradient)
        steps = [
            state.direction(gradient, self._step, self._moments)
            for state, gradient in zip(self._states, gradients, strict=True)
        ]
        refresh = self._step % self._refresh == 0
        for state, gradient in zip(self._states, gradients, strict=True):
            state.observe(gradient, self._memory, refresh)
        return steps


class _State:
    """One matrix: averages of the gradient, of its outer products, and their eigenbases."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._first = np.zeros(shape)
        self._second = np.zeros(shape)
        self._products = [np.zeros((n, n)) for n in shape]
        self._bases = [np.eye(n) for n in shape]

    def start(self, gradient: Matrix) -> None:
        self._products = [gradient @ gradient.T, gradient.T @ gradient]
        self._bases = [np.linalg.eigh(product)[1][:, ::-1] for product in self._products]

    def direction(self, gradient: Matrix, step: int, moments: tuple[float, float]) -> Matrix:
        b1, b2 = moments
        left, right = self._bases
        self._first = b1 * self._first + (1 - b1) * gradient
        rotated = left.T @ gradient @ right
        self._second = b2 * self._second + (1 - b2) * rotated**2
        mean = left.T @ self._first @ right / (1 - b1**step)
        deviation = np.sqrt(self._second / (1 - b2**step)) + _EPSILON
        return left @ (mean / deviation) @ right.T

    def observe(self, gradient: Matrix, memory: float, refresh: bool) -> None:
        products = (gradient @ gradient.T, gradient.T @ gradient)
        for average, product in zip(self._products, products, strict=True):
            average *= memory
            average += (1 - memory) * product
        if refresh:
            for axis in (0, 1):
                self._follow(axis)

    def _follow(self, axis: int) -> None:
        """One step of orthogonal iteration; Adam's second moments are reordered with the basis."""
        basis, average = self._bases[axis], self._products[axis]
        moved = average @ basis
        order = np.argsort(-np.einsum("ij,ij->j", basis, moved), kind="stable")
        self._second = np.take(self._second, order, axis=axis)
        self._bases[axis] = np.linalg.qr(moved[:, order])[0]
