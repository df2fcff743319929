# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradient descent through the noisy channel on symbols and parameters (paper section 3.4)."""

from __future__ import annotations

from math import cos, log10, pi, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import strategies
from .decoder import reconstruct, to_image
from .encoded import EncodedSource, normalise_power
from .metrics import psnr_db
from .noise_matrix import noise_matrix
from .profile import CodecProfile
from .settings import Recipe
from .sources import Image
from .start import image_start, random_start

_MOMENTUM = 0.9
_SOAP_MOMENTS = (0.95, 0.95)
_SOAP_REFRESH_STEPS = 5
_TINY = 1e-12
_SETTLING_DRAWS, _SETTLING_SEED = 2, 0xDECA


class Trainer:
    """One source being overfitted.

    Args:
        image: the source.
        profile: the codec's shape; its scales are fitted at the end.
        recipe: how to train.
        parameter_power: power of the parameters' channel uses, over the mean of all uses.
    """

    def __init__(
        self, image: Image, profile: CodecProfile, recipe: Recipe, parameter_power: float
    ) -> None:
        self._image, self._profile, self._recipe = image, profile, recipe
        pixels = torch.from_numpy(image.pixels.astype(np.float32) / image.peak)
        self._source = pixels.permute(2, 0, 1).contiguous()
        self._generator = torch.Generator().manual_seed(profile.seed)
        start = (
            image_start(profile, self._source, self._generator)
            if recipe.start == "image"
            else random_start(profile, self._generator)
        )
        self._reals = start.reals.clone().requires_grad_(True)
        self._tensors = [tensor.clone().requires_grad_(True) for tensor in start.tensors]
        self._noise_matrix = noise_matrix(profile) if profile.noise_matrix else None
        self._strategy = strategies.training_model(profile, parameter_power)
        spent = parameter_power * profile.parameter_uses
        symbol_power = (profile.channel_uses - spent) / profile.symbol_uses
        # An odd number of reals leaves half a complex symbol empty: its power is theirs too.
        self._symbols_rms = sqrt(symbol_power * profile.symbol_uses / profile.real_symbols)
        self._noise_std = sqrt(profile.noise_variance / 2)
        self._optimisers = self._make_optimisers()

    def step(self, done: float) -> float:
        """One gradient step.

        Args:
            done: part of the schedule that has passed, 0 to 1.

        Returns:
            the loss, mean squared error of values from 0 to 1, before the step.
        """
        self._strategy.settle(done, self._psnr_to_settle_db)
        self._set_rates(done)
        loss = (self._forward(self._generator) - self._source).square().mean()
        loss.backward()
        for optimiser, _ in self._optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self._steps += 1
        return float(loss.detach())

    def psnr_db(self, draws: int, seed: int) -> float:
        """Mean PSNR over as many draws of the channel; the training's own noise goes on as it was.

        Args:
            draws: receptions to average.
            seed: of their noise.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.inference_mode():
            received = [
                to_image(self._forward(generator), self._profile.kind) for _ in range(draws)
            ]
        return sum(psnr_db(self._image, image) for image in received) / draws

    def snapshot(self) -> dict[str, Tensor]:
        """What :meth:`restore` takes."""
        return {
            "reals": self._reals.detach().clone(),
            "parameters": self._flat().detach().clone(),
            **{
                f"strategy{n}": values.detach().clone()
                for n, values in enumerate(self._strategy.learnables)
            },
        }

    def finish(self, snapshot: dict[str, Tensor], figures: dict[str, Any]) -> EncodedSource:
        """The encoded source of a snapshot, scales fitted and power normalised."""
        self._strategy.settle(1.0, self._psnr_to_settle_db)
        learnables = [values for name, values in snapshot.items() if name.startswith("strategy")]
        profile, parameters = self._strategy.finished(snapshot["parameters"], learnables)
        with torch.inference_mode():
            reals = self._normalised(snapshot["reals"]).numpy()
        return normalise_power(EncodedSource(profile, reals, parameters, figures))

    def _psnr_to_settle_db(self) -> float:
        return self.psnr_db(_SETTLING_DRAWS, _SETTLING_SEED)

    def _forward(self, generator: torch.Generator) -> Tensor:
        reals = self._normalised(self._reals)
        noise = torch.randn(reals.shape, generator=generator) * self._noise_std
        parameters = self._strategy.parameters_as_received(self._flat(), generator)
        return reconstruct(self._profile, reals + noise, parameters, self._noise_matrix)

    def _normalised(self, reals: Tensor) -> Tensor:
        return reals * (self._symbols_rms / reals.square().mean().add(_TINY).sqrt())

    def _flat(self) -> Tensor:
        return torch.cat([tensor.reshape(-1) for tensor in self._tensors])

    def _make_optimisers(self) -> list[tuple[torch.optim.Optimizer, float]]:
        recipe = self._recipe
        moments = (_MOMENTUM, recipe.second_moment)
        parameters: torch.optim.Optimizer
        if recipe.optimiser == "soap":
            from pytorch_optimizer import SOAP

            parameters = SOAP(
                self._tensors,
                lr=recipe.parameter_rate,
                betas=_SOAP_MOMENTS,
                weight_decay=0.0,
                precondition_frequency=_SOAP_REFRESH_STEPS,
            )
        else:
            parameters = torch.optim.Adam(self._tensors, lr=recipe.parameter_rate, betas=moments)
        pairs: list[tuple[torch.optim.Optimizer, float]] = [
            (parameters, recipe.parameter_rate),
            (
                torch.optim.Adam([self._reals], lr=recipe.symbol_rate, betas=moments),
                recipe.symbol_rate,
            ),
        ]
        if recipe.power_rate and self._strategy.learnables:
            powers = torch.optim.Adam(
                self._strategy.learnables, lr=recipe.power_rate, betas=moments
            )
            pairs.append((powers, recipe.power_rate))
        self._steps = 0
        return pairs

    def _set_rates(self, done: float) -> None:
        factor = 0.5 * (1 + cos(pi * min(done, 1.0)))
        if self._steps < self._recipe.warm_up:
            factor *= (self._steps + 1) / self._recipe.warm_up
        for optimiser, rate in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor


def loss_to_psnr_db(loss: float) -> float:
    """PSNR that a mean squared error of values from 0 to 1 means, before rounding and clipping."""
    return -10 * log10(max(loss, 1e-12))
