# SPDX-License-Identifier: GPL-3.0-or-later
"""How the decoder's parameters travel: one interface, ``repetition`` and ``coded`` behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import coded, repetition
from .coded_training import CodedParameters
from .profile import CodecProfile
from .repetition import RepeatedParameters


class ReceivedParameters(Protocol):
    """The parameters as a receiver will have them, while they are trained.

    Attributes:
        learnables: state of the strategy that is trained with everything else.
    """

    learnables: list[Tensor]

    def start(
        self,
        parameters: Tensor,
        rebuild: Callable[[Tensor], Tensor],
        generator: torch.Generator,
    ) -> None:
        """Called once, before the first step.

        Args:
            parameters: the start's, shape (parameters,).
            rebuild: the decoder on noiseless symbols, from parameters to the source's values.
            generator: of the strategy's random draws.
        """

    def parameters_as_received(
        self, parameters: Tensor, generator: torch.Generator, snr_db: float | None = None
    ) -> Tensor:
        """One draw of what arrives; differentiable.

        Args:
            parameters: shape (parameters,).
            generator: of the noise on them.
            snr_db: of the receiver; None for the design SNR.
        """

    def settle(self, done: float, psnr_db: Callable[[], float]) -> None:
        """Called before every step and before the end: decide what can be decided by now.

        Args:
            done: part of the schedule that has passed, 0 to 1.
            psnr_db: measures the quality of what is trained as it would be received now.
        """

    def finished(
        self, parameters: Tensor, learnables: list[Tensor]
    ) -> tuple[CodecProfile, NDArray[np.float32]]:
        """Profile and parameters as they are sent.

        Args:
            parameters: shape (parameters,).
            learnables: values of the strategy's state that belong to them.
        """


def training_model(
    profile: CodecProfile,
    mean_power: float,
    code_snr_db: float,
    least_bits: float,
    *,
    learn_power_split: bool,
) -> ReceivedParameters:
    """What training takes in place of the channel between the parameters and the receiver.

    Args:
        profile: sizes, design SNR and strategy.
        mean_power: of the parameters' channel uses.
        code_snr_db: design SNR of the code of coded parameters.
        least_bits: mean bits a coded parameter for which there must be channel uses.
        learn_power_split: whether repeated tensors share that power as training finds best.
    """
    if profile.strategy == "coded":
        return CodedParameters(profile, code_snr_db, least_bits)
    return RepeatedParameters(profile, mean_power, learn_power_split=learn_power_split)


def to_symbols(profile: CodecProfile, parameters: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The parameters' channel symbols, shape (parameter_uses,)."""
    module = coded if profile.strategy == "coded" else repetition
    return module.to_symbols(profile, parameters)


def from_symbols(
    profile: CodecProfile,
    symbols: NDArray[np.complex64],
    noise_variance: NDArray[np.float32],
) -> NDArray[np.float32] | None:
    """The parameters, or None where too little of them arrived.

    Args:
        profile: tells how they were sent.
        symbols: shape (parameter_uses,).
        noise_variance: the same shape; inf where a symbol was lost.
    """
    if not np.isfinite(noise_variance).any():
        return None
    module = coded if profile.strategy == "coded" else repetition
    return module.from_symbols(profile, symbols, noise_variance)
