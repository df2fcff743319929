# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradient descent through the noisy channel on symbols and parameters (paper section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, log10, pi, sqrt
from typing import Any

import numpy as np
import torch

from ..engine.model import FilteredNoise, FloatArray, StepSettings, SymbolState
from . import strategies
from .coded_plan import LEAST_BITS
from .decoder import to_source
from .encoded import EncodedSource, normalise_power
from .metrics import psnr_db
from .models import make_model
from .parameter_optimiser import AdamParameters, SoapParameters
from .profile import BRIGHTNESS_BITS, CodecProfile
from .receivers import Receivers
from .settings import Recipe
from .sources import Source
from .start import random_start, source_start

_MOMENTUM = 0.9
_TINY = 1e-12
_GROWING_LEVELS = 3
_SETTLING_DRAWS, _SETTLING_SEED = 2, 0xDECA


@dataclass(frozen=True)
class Snapshot:
    """Where training stood.

    Attributes:
        symbols: X before power normalisation, shape (real_symbols,).
        parameters: shape (parameters,).
        learnables: state of the parameters' strategy.
    """

    symbols: FloatArray
    parameters: FloatArray
    learnables: list[torch.Tensor]


class Trainer:
    """One source being overfitted.

    Args:
        source: what is encoded.
        profile: the codec's shape; its scales are fitted at the end.
        recipe: how to train.
        parameter_power: power of the parameters' channel uses, over the mean of all uses.
        engine: "native" or "torch".
        snr_range_db: lowest and highest SNR of the receivers; None for the design SNR only.
        least_bits: mean bits a coded parameter for which there must be channel uses.
    """

    def __init__(
        self,
        source: Source,
        profile: CodecProfile,
        recipe: Recipe,
        parameter_power: float,
        engine: str = "torch",
        snr_range_db: tuple[float, float] | None = None,
        least_bits: float = LEAST_BITS,
    ) -> None:
        self._reference, self._profile, self._recipe = source, profile, recipe
        values = source.normalised()
        spent = parameter_power * profile.parameter_uses
        symbol_power = (profile.channel_uses - spent) / profile.symbol_uses
        # An odd number of reals leaves half a complex symbol empty: its power is theirs too.
        self._symbols_rms = sqrt(symbol_power * profile.symbol_uses / profile.real_symbols)
        self._receivers = Receivers(profile.snr_db, snr_range_db)
        gain = profile.filter_gain_db
        self._filtered_variance = profile.filtered_noise_variance / 2 if gain else None
        self._generator = torch.Generator().manual_seed(profile.seed)
        start = (
            source_start(profile, torch.from_numpy(values), self._symbols_rms, self._generator)
            if recipe.start == "source"
            else random_start(profile, self._generator)
        )
        if profile.strategy == "coded":
            known = start.brightness & ((1 << BRIGHTNESS_BITS) - 1)
            profile = self._profile = replace(profile, brightness=known)
        self._model = make_model(profile, engine)
        self._model.prepare_training(values)
        self._state = SymbolState.start(start.reals.numpy())
        flat = torch.cat([tensor.reshape(-1) for tensor in start.tensors])
        self._parameters = flat.double().numpy()
        self._strategy = strategies.training_model(
            profile,
            parameter_power,
            self._receivers.code_snr_db,
            least_bits,
            learn_power_split=bool(recipe.power_rate),
        )
        self._strategy.start(
            torch.from_numpy(self._parameters).float(), self._rebuilt, self._generator
        )
        self._snr_db = profile.snr_db
        moments = (_MOMENTUM, recipe.second_moment)
        self._optimiser: AdamParameters | SoapParameters = (
            SoapParameters(profile.synthesis, profile.parameters)
            if recipe.optimiser == "soap"
            else AdamParameters(profile.parameters, moments)
        )
        trained = [x for x in self._strategy.learnables if x.requires_grad]
        self._strategy_optimiser = (
            torch.optim.Adam(trained, lr=recipe.power_rate, betas=moments) if trained else None
        )
        self._steps = 0

    def step(self, done: float) -> float:
        """One gradient step.

        Args:
            done: part of the schedule that has passed, 0 to 1.

        Returns:
            the loss, mean squared error of values from 0 to 1, before the step.
        """
        recipe = self._recipe
        self._strategy.settle(done, self._psnr_to_settle_db)
        factor = self._rate_factor(done)
        if not recipe.antithetic or self._steps % 2 == 0:
            self._snr_db = self._receivers.draw(self._generator)
        parameters = torch.from_numpy(self._parameters).float().requires_grad_(True)
        received = self._strategy.parameters_as_received(parameters, self._generator, self._snr_db)
        loss, gradient = self._model.step(
            self._step_settings(factor), self._state, received.detach().numpy()
        )
        self._receivers.observe(self._snr_db, loss)
        received.backward(torch.from_numpy(gradient))
        assert parameters.grad is not None
        direction = self._optimiser.direction(parameters.grad.double().numpy())
        self._parameters -= recipe.parameter_rate * factor * direction
        if self._strategy_optimiser is not None:
            self._strategy_optimiser.param_groups[0]["lr"] = recipe.power_rate * factor
            self._strategy_optimiser.step()
            self._strategy_optimiser.zero_grad(set_to_none=True)
        self._steps += 1
        return loss

    def psnr_db(self, draws: int, seed: int) -> float:
        """Mean PSNR over draws of the channel; the training's own noise goes on as it was.

        Args:
            draws: receptions to average at each of the receivers' SNRs.
            seed: of their noise.
        """
        generator = torch.Generator().manual_seed(seed)
        parameters = torch.from_numpy(self._parameters).float()
        symbols = self._normalised(self._state.symbols)
        psnrs = []
        for snr_db in self._receivers.checked_snrs_db:
            for _ in range(draws):
                noise = torch.randn(symbols.shape, generator=generator).numpy()
                noise *= np.float32(_noise_std(snr_db))
                with torch.inference_mode():
                    received = self._strategy.parameters_as_received(parameters, generator, snr_db)
                filtered = FilteredNoise(
                    _noise_std(snr_db) ** 2,
                    self._profile.filtered_noise_variance / 2,
                    self._profile.filter_side,
                )
                values = self._model.decode(symbols + noise, received.numpy(), filtered)
                psnrs.append(psnr_db(self._reference, to_source(values, self._profile)))
        return sum(psnrs) / len(psnrs)

    def snapshot(self) -> Snapshot:
        """What :meth:`finish` takes."""
        return Snapshot(
            self._state.symbols.copy(),
            self._parameters.astype(np.float32),
            [values.detach().clone() for values in self._strategy.learnables],
        )

    def finish(self, snapshot: Snapshot, figures: dict[str, Any]) -> EncodedSource:
        """The encoded source of a snapshot, scales fitted and power normalised."""
        self._strategy.settle(1.0, self._psnr_to_settle_db)
        profile, parameters = self._strategy.finished(
            torch.from_numpy(snapshot.parameters), snapshot.learnables
        )
        reals = self._normalised(snapshot.symbols)
        return normalise_power(EncodedSource(profile, reals, parameters, figures))

    def _psnr_to_settle_db(self) -> float:
        return self.psnr_db(_SETTLING_DRAWS, _SETTLING_SEED)

    def _rebuilt(self, parameters: torch.Tensor) -> torch.Tensor:
        """What these parameters make of symbols that arrive without noise."""
        symbols = self._normalised(self._state.symbols)
        return torch.from_numpy(self._model.decode(symbols, parameters.numpy()))

    def _step_settings(self, factor: float) -> StepSettings:
        recipe = self._recipe
        # In antithetic pairs two steps see the same noise with opposite signs: what it does to
        # the gradient in first order cancels in the optimisers' averages.
        draw, sign = self._steps, 1.0
        if recipe.antithetic:
            draw, sign = self._steps // 2, 1.0 - 2.0 * (self._steps % 2)
        levels = len(self._profile.level_channels)
        return StepSettings(
            noise_key=(self._profile.seed << 32) + draw,
            symbols_rms=self._symbols_rms,
            noise_std=sign * _noise_std(self._snr_db),
            filtered_variance=self._filtered_variance,
            filter_side=self._profile.filter_side,
            rates=tuple(
                recipe.symbol_rate * factor * recipe.level_growth ** min(level, _GROWING_LEVELS)
                for level in range(levels)
            ),
            step=self._steps + 1,
            loss_weight=self._receivers.weight(self._snr_db),
            moments=(_MOMENTUM, recipe.second_moment),
        )

    def _normalised(self, reals: FloatArray) -> FloatArray:
        power = float(np.mean(np.square(reals, dtype=np.float64)))
        scale = self._symbols_rms / sqrt(power + _TINY)
        return np.asarray(reals * np.float32(scale), np.float32)

    def _rate_factor(self, done: float) -> float:
        factor = (0.5 * (1 + cos(pi * min(done, 1.0)))) ** self._recipe.decay
        if self._steps < self._recipe.warm_up:
            factor *= (self._steps + 1) / self._recipe.warm_up
        return factor


def _noise_std(snr_db: float) -> float:
    """Of the channel's noise on a real symbol."""
    return sqrt(0.5 * 10 ** (-snr_db / 10))


def loss_to_psnr_db(loss: float) -> float:
    """PSNR that a mean squared error of values from 0 to 1 means, before rounding and clipping."""
    return -10 * log10(max(loss, 1e-12))
