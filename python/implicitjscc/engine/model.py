# SPDX-License-Identifier: GPL-3.0-or-later
"""What every engine computes: one source's decoder, its gradients, and the whole training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

FILTER_SIDES = (3, 5, 7, 9)


def _check_side(side: int) -> None:
    if side not in FILTER_SIDES:
        raise ValueError(f"a neighbourhood of side {side} is none of {FILTER_SIDES}")


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of one source's decoder.

    Attributes:
        height, width, channels: of the source; a source of one dimension has height 1.
        level_channels: L_k, finest level first.
        hidden_dim: d.
        activation: "relu" or "gelu".
        noise_matrix: whether M enters the synthesis module.
        dimensions: 2, or 1: ReDU's kernel then has 8 taps, the residual layers' kernels 3.
    """

    height: int
    width: int
    channels: int
    level_channels: tuple[int, ...]
    hidden_dim: int
    activation: str
    noise_matrix: bool
    dimensions: int = 2


@dataclass(frozen=True)
class FilteredNoise:
    """Noise of one variance and the receiver's Wiener filter (:mod:`implicitjscc.codec.wiener`).

    Attributes:
        variance: of the noise on a real symbol.
        filtered_variance: of what the filter leaves of it where the signal is flat; as much or more
            leaves the symbols as they are.
        side: of the square neighbourhood, in symbols, one of :data:`FILTER_SIDES`.
    """

    variance: float
    filtered_variance: float
    side: int = FILTER_SIDES[0]

    def __post_init__(self) -> None:
        """Refuse a side that no engine has.

        Raises:
            ValueError: it is none of :data:`FILTER_SIDES`.
        """
        _check_side(self.side)


@dataclass(frozen=True)
class StepSettings:
    """One training step.

    Attributes:
        noise_key: 64 bits, of this step's channel noise.
        symbols_rms: of a real symbol as transmitted.
        noise_std: of the channel noise on a real symbol; negative for the antithetic draw.
        filtered_variance: of the noise on a real symbol that the receiver's Wiener filter leaves,
            where that is less than the channel's; None for a receiver without it.
        filter_side: of that filter's square neighbourhood, one of :data:`FILTER_SIDES`.
        rates: learning rate of each level's symbols.
        step: number of this step, from 1 on, for Adam's corrections.
        loss_weight: factor of the loss in all gradients.
        moments: Adam's beta_1 and beta_2.
        epsilon: Adam's.
    """

    noise_key: int
    symbols_rms: float
    noise_std: float
    rates: tuple[float, ...]
    step: int
    filtered_variance: float | None = None
    filter_side: int = FILTER_SIDES[0]
    loss_weight: float = 1.0
    moments: tuple[float, float] = (0.9, 0.99)
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse a side that no engine has.

        Raises:
            ValueError: it is none of :data:`FILTER_SIDES`.
        """
        _check_side(self.filter_side)


@dataclass
class SymbolState:
    """X under training, all of shape (real_symbols,), float32; a step changes them in place.

    Attributes:
        symbols: X before power normalisation.
        first, second: Adam's moments.
    """

    symbols: FloatArray
    first: FloatArray
    second: FloatArray

    @classmethod
    def start(cls, symbols: FloatArray) -> SymbolState:
        """Moments of 0."""
        symbols = np.ascontiguousarray(symbols, np.float32).copy()
        return cls(symbols, np.zeros_like(symbols), np.zeros_like(symbols))


class Model(Protocol):
    """One source's decoder.

    Pyramids are flat: shape (real_symbols,), finest level first, row by row. Parameters are flat:
    weight and bias of the five layers of the synthesis module, then ReDU's kernel.
    """

    def set_noise_matrix(self, pyramid: FloatArray) -> None:
        """Take M's pyramid, before upsampling; shape (real_symbols,)."""

    def decode(
        self, received: FloatArray, parameters: FloatArray, noise: FilteredNoise | None = None
    ) -> FloatArray:
        """f_theta(Y), shape (channels, height, width), nominally 0 to 1, not clipped.

        With ``noise`` the receiver's filter comes first.
        """

    def prepare_training(self, source: FloatArray) -> None:
        """Take the source that steps and gradients compare with, (channels, height, width)."""

    def gradient(
        self, received: FloatArray, parameters: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Mean squared error, its gradient at Y, its gradient at the parameters."""

    def step(
        self, settings: StepSettings, state: SymbolState, parameters: FloatArray
    ) -> tuple[float, FloatArray]:
        """Send X through noise, filter, decode, and move X along the gradient by Adam.

        Returns:
            the loss before the step, and its gradient at the parameters times the loss's weight.
        """
