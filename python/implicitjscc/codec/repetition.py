# SPDX-License-Identifier: GPL-3.0-or-later
"""Analog transmission of the decoder's parameters by repetition (paper section 3.3).

Each parameter is sent kappa times as one real part of a channel symbol and averaged by the
receiver. Every tensor has a scale of its own: one scale for all would drown the small tensors in
noise. The scales travel in the protected header as eighths of an octave, and how the parameters'
power is split among the tensors is learned with everything else: the noise on three output biases
moves the whole picture, that on 144 hidden weights hardly does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .power_split import initial_log_powers
from .profile import SCALE_CODES, CodecProfile, nearest_scale_code, scale_of


def schedule(profile: CodecProfile) -> NDArray[np.int64]:
    """Which parameter each real value of the parameters' channel uses carries.

    Copies lie side by side, because an interleaver sends neighbours in different frames. Whole
    copies of ReDU fill what kappa_L leaves, and the rest is one more copy of its first taps.

    Returns:
        shape (2 * parameter_uses,), indices into the flat parameter vector.
    """
    synthesis = profile.synthesis.parameters
    redu = profile.redu_parameters
    total = 2 * profile.parameter_uses
    order = np.concatenate(
        (
            _copies_of_pairs(np.arange(synthesis), profile.repetition_lsm),
            _copies_of_pairs(synthesis + np.arange(redu), profile.repetition_redu),
        )
    )
    extra = synthesis + np.arange(total - order.size) % redu
    return np.concatenate((order, extra))


def _copies_of_pairs(indices: NDArray[np.int64], copies: int) -> NDArray[np.int64]:
    even = indices.size // 2 * 2
    pairs = np.repeat(indices[:even].reshape(-1, 1, 2), copies, axis=1).reshape(-1)
    return np.concatenate((pairs, np.repeat(indices[even:], copies)))


def copies(profile: CodecProfile) -> NDArray[np.int64]:
    """How often each parameter is sent, shape (parameters,)."""
    return np.bincount(schedule(profile), minlength=profile.parameters)


def fit_scales(
    profile: CodecProfile, parameters: Tensor, powers: NDArray[np.float64]
) -> tuple[int, ...]:
    """Scale codes with which each tensor's symbols come closest to its power, and all of them
    together take no more than planned.

    Args:
        profile: sizes.
        parameters: shape (parameters,).
        powers: mean power a complex channel use for each of the eleven tensors.
    """
    sizes = profile.tensor_sizes
    sent = np.split(copies(profile), np.cumsum(sizes)[:-1])
    values = np.split(parameters.detach().double().numpy(), np.cumsum(sizes)[:-1])
    rms = [sqrt(float(np.square(part).mean())) for part in values]
    codes = [nearest_scale_code(a * sqrt(2 / p)) for a, p in zip(rms, powers, strict=True)]
    unscaled = np.array([float(n @ np.square(v)) for n, v in zip(sent, values, strict=True)])
    planned = np.array([n.sum() for n in sent]) * powers / 2
    # Rounded scales may take more energy than was planned, and the symbols lack it: no more.
    while (energy := unscaled / np.square([scale_of(code) for code in codes])).sum() > (
        planned.sum()
    ):
        excess = np.where(np.array(codes) < SCALE_CODES - 1, energy / planned, 0.0)
        if not excess.any():
            break
        codes[int(excess.argmax())] += 1
    return tuple(codes)


class RepeatedParameters:
    """The parameters as a receiver would have them, for training through the channel.

    How their power is split among the tensors is learned with them. The average of kappa copies is
    drawn directly: it has the distribution of the copies' mean.

    Args:
        profile: sizes, repetition and design SNR.
        mean_power: power a channel use over all of the parameters' channel uses.
    """

    def __init__(
        self, profile: CodecProfile, mean_power: float, *, learn_power_split: bool = True
    ) -> None:
        self._profile = profile
        self._sizes = profile.tensor_sizes
        self._learn = learn_power_split
        self._log_powers = torch.zeros(len(self._sizes), requires_grad=learn_power_split)
        self.learnables = [self._log_powers]
        sent = copies(profile)
        self._relative_std = torch.from_numpy(np.sqrt(1 / sent)).float()
        self._snr_db = profile.snr_db
        reals = [float(part.sum()) for part in torch.from_numpy(sent).split(self._sizes)]
        self._reals = torch.tensor(reals)
        self._energy = mean_power * float(self._reals.sum())

    def powers(self, log_powers: Tensor) -> Tensor:
        """Power a channel use of each tensor, of free logarithms, at the given total energy."""
        relative = log_powers.exp()
        return relative * (self._energy / (relative * self._reals).sum())

    def parameters_as_received(
        self, parameters: Tensor, generator: torch.Generator, snr_db: float | None = None
    ) -> Tensor:
        """Add the noise that averaging leaves; differentiable, also through scales and powers.

        Args:
            parameters: shape (parameters,).
            generator: the source of the noise.
            snr_db: of the receiver; None for the design SNR.
        """
        noise_std = 10 ** (-(self._snr_db if snr_db is None else snr_db) / 20)
        parts = parameters.split(self._sizes)
        rms = torch.stack([part.square().mean().add(1e-12).sqrt() for part in parts])
        amplitude = rms * self.powers(self._log_powers).rsqrt()
        std = torch.cat([a.expand(n) for a, n in zip(amplitude, self._sizes, strict=True)])
        noise = torch.randn(parameters.shape, generator=generator) * self._relative_std * noise_std
        return parameters + noise * std

    def start(
        self,
        parameters: Tensor,
        rebuild: Callable[[Tensor], Tensor],
        generator: torch.Generator,
    ) -> None:
        """Split the power by what noise on each tensor does to the start."""
        if self._learn:
            with torch.no_grad():
                self._log_powers.copy_(
                    initial_log_powers(
                        self._profile, copies(self._profile), parameters, rebuild, generator
                    )
                )

    def settle(self, done: float, psnr_db: Callable[[], float]) -> None:
        """Nothing to decide on the way."""

    def finished(
        self, parameters: Tensor, learnables: list[Tensor]
    ) -> tuple[CodecProfile, NDArray[np.float32]]:
        """Scales fitted to the powers that were learned; parameters as they are."""
        powers = self.powers(learnables[0]).double().numpy()
        codes = fit_scales(self._profile, parameters, powers)
        return replace(self._profile, scale_codes=codes), parameters.numpy()


def to_symbols(profile: CodecProfile, parameters: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The parameters' channel symbols, shape (parameter_uses,)."""
    scaled = (parameters / _scale_vector(profile)).astype(np.float32)
    return np.ascontiguousarray(scaled[schedule(profile)]).view(np.complex64)


def from_symbols(
    profile: CodecProfile,
    symbols: NDArray[np.complex64],
    noise_variance: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Average the copies, each weighted by the inverse of its noise variance.

    Args:
        profile: tells how often each parameter comes.
        symbols: shape (parameter_uses,).
        noise_variance: the same shape; inf where a symbol was lost.

    Returns:
        shape (parameters,); 0 where every copy was lost.
    """
    order = schedule(profile)
    with np.errstate(divide="ignore"):
        weights = np.repeat(1.0 / np.maximum(noise_variance.astype(np.float64), 1e-12), 2)
    reals = np.ascontiguousarray(symbols, dtype=np.complex64).view(np.float32).astype(np.float64)
    total = np.bincount(order, weights, minlength=profile.parameters)
    weighted = np.bincount(order, weights * reals, minlength=profile.parameters)
    mean = np.divide(weighted, total, out=np.zeros_like(total), where=total > 0)
    return (mean * _scale_vector(profile)).astype(np.float32)


def _scale_vector(profile: CodecProfile) -> NDArray[np.float64]:
    return np.repeat(profile.scales, profile.tensor_sizes)
