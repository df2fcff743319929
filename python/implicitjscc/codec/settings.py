# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can set about encoding, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ..errors import ImplicitJsccError

DEFAULT_SNR_DB = 10.0
STRATEGIES = ("repetition", "coded")


@dataclass(frozen=True)
class Recipe:
    """How a source is overfitted.

    Attributes:
        steps: gradient steps.
        activation: "relu" or "gelu".
        start: "image" starts X and the decoder from a pyramid of the source, "random" does not.
        optimiser: of the parameters, "soap" or "adam"; symbols always take Adam.
        parameter_rate, symbol_rate: learning rates at their peak; both end at 0 on a cosine.
        power_rate: that of the split of power among the parameter tensors; 0 leaves it equal.
        second_moment: Adam's beta_2.
        warm_up: steps over which the rates rise.
        power_db: power of repeated parameters' channel uses over the mean of all channel uses.
        strategy: how parameters are sent where nothing else was asked for.
    """

    steps: int
    activation: str = "relu"
    start: str = "image"
    optimiser: str = "soap"
    parameter_rate: float = 0.01
    symbol_rate: float = 0.02
    power_rate: float = 0.03
    second_moment: float = 0.99
    warm_up: int = 50
    power_db: float = 9.0
    strategy: str = "coded"


PRESETS = {
    "draft": Recipe(steps=300),
    "standard": Recipe(steps=1000),
    "best": Recipe(steps=5000),
    # The paper's recipe: its steps, its rate for everything, its authors' activation; equal power.
    "paper": Recipe(
        steps=100_000,
        activation="gelu",
        start="random",
        optimiser="adam",
        parameter_rate=0.01,
        symbol_rate=0.01,
        power_rate=0.0,
        second_moment=0.999,
        warm_up=0,
        power_db=0.0,
        strategy="repetition",
    ),
}


@dataclass(frozen=True)
class EncoderSettings:
    """Settings of one encoding; None leaves a choice to the encoder.

    Attributes:
        snr_db: design SNR, -20 to 60 dB.
        bandwidth_ratio: R; None for 11/48, or the least that carries the decoder.
        preset: name in :data:`PRESETS`.
        steps: in place of the preset's.
        seconds: wall time after which encoding ends, whatever the steps.
        hidden_dim: d; None for 12.
        parameters: "repetition" or "coded"; None for the preset's, or repetition where a kappa or a
            power is given.
        repetition_lsm, repetition_redu: kappa_L and kappa_T.
        power_db: in place of the preset's.
        noise_matrix: False leaves M out.
        seed: of the noise matrix and of every random draw of the training.
        engine: "auto", "native" or "torch".
    """

    snr_db: float = DEFAULT_SNR_DB
    bandwidth_ratio: Fraction | None = None
    preset: str = "standard"
    steps: int | None = None
    seconds: float | None = None
    hidden_dim: int | None = None
    parameters: str | None = None
    repetition_lsm: int | None = None
    repetition_redu: int | None = None
    power_db: float | None = None
    noise_matrix: bool = True
    seed: int = 0
    engine: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ImplicitJsccError: a setting is out of its range.
        """
        checks = (
            (-20 <= self.snr_db <= 60, "the design SNR must be from -20 to 60 dB"),
            (
                self.bandwidth_ratio is None or 0 < self.bandwidth_ratio <= 100,
                "the bandwidth ratio must be above 0 and at most 100",
            ),
            (self.preset in PRESETS, f"the preset must be one of {', '.join(PRESETS)}"),
            (self.steps is None or self.steps >= 1, "the number of steps must be at least 1"),
            (self.seconds is None or self.seconds > 0, "the seconds must be above 0"),
            (
                self.hidden_dim is None or 1 <= self.hidden_dim <= 64,
                "the hidden dimension must be from 1 to 64",
            ),
            (
                all(k is None or 1 <= k <= 4095 for k in self._repetitions),
                "a repetition factor must be from 1 to 4095",
            ),
            (
                self.parameters is None or self.parameters in STRATEGIES,
                f"the parameters must be one of {', '.join(STRATEGIES)}",
            ),
            (
                self.parameters != "coded" or not self._asks_for_repetition,
                "coded parameters have no repetition factors and no power of their own",
            ),
            (self.power_db is None or -20 <= self.power_db <= 40, "the power must be -20 to 40 dB"),
            (0 <= self.seed < 1 << 32, "the seed must be from 0 to 4294967295"),
        )
        for holds, message in checks:
            if not holds:
                raise ImplicitJsccError(message)

    @property
    def _repetitions(self) -> tuple[int | None, int | None]:
        return self.repetition_lsm, self.repetition_redu

    @property
    def _asks_for_repetition(self) -> bool:
        return self.power_db is not None or any(k is not None for k in self._repetitions)

    @property
    def strategy(self) -> str:
        """How parameters are sent: "repetition" or "coded"."""
        if self.parameters is not None:
            return self.parameters
        return "repetition" if self._asks_for_repetition else self.recipe.strategy

    @property
    def recipe(self) -> Recipe:
        """The preset's recipe with what was set in its place."""
        recipe = PRESETS[self.preset]
        if self.steps is not None:
            recipe = replace(recipe, steps=self.steps)
        if self.power_db is not None:
            recipe = replace(recipe, power_db=self.power_db)
        return recipe
