# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can set about encoding, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ..errors import ImplicitJsccError
from .coded_plan import LEAST_BITS
from .profile import MAXIMUM_LEVEL_CHANNELS
from .pyramid import MAXIMUM_LEVELS

DEFAULT_SNR_DB = 10.0
STRATEGIES = ("repetition", "coded")
# At 5 bits rounding costs decibels, from 8 on next to nothing (docs/codec-measurements.md); this
# leaves room on both sides.
LEAST_PARAMETER_BITS, MOST_PARAMETER_BITS = 4.0, 10.0


@dataclass(frozen=True)
class Recipe:
    """How a source is overfitted.

    Attributes:
        steps: gradient steps.
        hidden_dim: d where coded parameters of such a decoder have room; less where they have not.
        comfortable_bits: mean bits of a coded parameter for which there must be room where d is the
            encoder's to choose; the longer the training, the more rounding costs.
        activation: "relu" or "gelu".
        start: "source" starts X and the decoder from a pyramid of the source, "random" does not.
        optimiser: of the parameters, "soap" or "adam"; symbols always take Adam.
        parameter_rate, symbol_rate: learning rates at their peak; both end at 0 on a cosine.
        signal_symbol_rate: that of the symbols for sources of one dimension.
        power_rate: that of the split of power among the parameter tensors; 0 leaves it equal.
        second_moment: Adam's beta_2.
        level_growth: by which each level's symbols have a larger rate than those of the next finer
            one, down to the fourth.
        decay: exponent of the cosine on which the rates fall; below 1 they stay high for longer.
        warm_up: steps over which the rates rise.
        antithetic: two steps in turn see the same noise with opposite signs.
        filter_gain_db: by how much the receiver's Wiener filter, through which training goes,
            lowers the noise of the design SNR where the signal is flat; with coded parameters only,
            0 for none.
        filter_side: of that filter's square neighbourhoods, in symbols.
        power_db: power of repeated parameters' channel uses over the mean of all channel uses.
        strategy: how parameters are sent where nothing else was asked for.
    """

    steps: int
    hidden_dim: int = 24
    comfortable_bits: float = 6.5
    activation: str = "relu"
    start: str = "source"
    optimiser: str = "soap"
    parameter_rate: float = 0.03
    symbol_rate: float = 0.25
    signal_symbol_rate: float = 0.1
    power_rate: float = 0.03
    second_moment: float = 0.95
    level_growth: float = 1.3
    decay: float = 0.7
    warm_up: int = 50
    antithetic: bool = True
    filter_gain_db: int = 10
    filter_side: int = 7
    power_db: float = 9.0
    strategy: str = "coded"

    def for_dimensions(self, dimensions: int) -> Recipe:
        """The recipe for sources of so many dimensions."""
        if dimensions == 1:
            return replace(self, symbol_rate=self.signal_symbol_rate)
        return self


PRESETS = {
    "draft": Recipe(steps=300, hidden_dim=18),
    "standard": Recipe(steps=1000),
    "best": Recipe(steps=5000, hidden_dim=30, comfortable_bits=8.0),
    # The paper's recipe: its steps, its rate for everything, its authors' activation; equal power.
    "paper": Recipe(
        steps=100_000,
        activation="gelu",
        start="random",
        optimiser="adam",
        parameter_rate=0.01,
        symbol_rate=0.01,
        signal_symbol_rate=0.01,
        power_rate=0.0,
        second_moment=0.999,
        level_growth=1.0,
        decay=1.0,
        warm_up=0,
        antithetic=False,
        filter_gain_db=0,
        filter_side=3,
        power_db=0.0,
        strategy="repetition",
    ),
}


@dataclass(frozen=True)
class EncoderSettings:
    """Settings of one encoding; None leaves a choice to the encoder.

    Attributes:
        snr_db: design SNR, -20 to 60 dB.
        snr_range_db: lowest and highest SNR of the receivers to train for, with the design SNR
            between them; None trains for the design SNR only.
        bandwidth_ratio: R; None for the paper's (11/48 for RGB pictures, 1.1796875 for one
            dimension), or the least that carries the decoder.
        preset: name in :data:`PRESETS`.
        steps: in place of the preset's.
        seconds: wall time after which encoding ends, whatever the steps.
        hidden_dim: d; None for the preset's, or what the parameters' channel uses carry of it.
        level_channels: L_k, finest level first, 0 for a level without maps; None for one each.
        parameters: "repetition" or "coded"; None for the preset's, or repetition where a kappa or a
            power is given.
        repetition_lsm, repetition_redu: kappa_L and kappa_T.
        power_db: in place of the preset's.
        parameter_bits: mean bits a coded parameter for which there must be channel uses, 4 to 10;
            None for 6, and the preset's where d is the encoder's to choose. What is sent follows
            from the fineness that training finds best; fewer bits make room for a wider decoder.
        noise_matrix: False leaves M out.
        seed: of the noise matrix and of every random draw of the training.
        engine: "auto", "native" or "torch".
    """

    snr_db: float = DEFAULT_SNR_DB
    snr_range_db: tuple[float, float] | None = None
    bandwidth_ratio: Fraction | None = None
    preset: str = "standard"
    steps: int | None = None
    seconds: float | None = None
    hidden_dim: int | None = None
    level_channels: tuple[int, ...] | None = None
    parameters: str | None = None
    repetition_lsm: int | None = None
    repetition_redu: int | None = None
    power_db: float | None = None
    parameter_bits: float | None = None
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
                self.snr_range_db is None or self._range_holds(*self.snr_range_db),
                "a range of SNR must rise, within -20 to 60 dB and around the design SNR",
            ),
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
                self.level_channels is None or _levels_hold(self.level_channels),
                "the maps of the levels must be 1 to 8 numbers from 0 to 15, the last above 0",
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
            (
                self.parameter_bits is None
                or LEAST_PARAMETER_BITS <= self.parameter_bits <= MOST_PARAMETER_BITS,
                "the bits a parameter must be from 4 to 10",
            ),
            (0 <= self.seed < 1 << 32, "the seed must be from 0 to 4294967295"),
        )
        for holds, message in checks:
            if not holds:
                raise ImplicitJsccError(message)
        if self.parameter_bits is not None and self.strategy != "coded":
            raise ImplicitJsccError("repeated parameters have no bits: leave the bits out")

    def _range_holds(self, lowest: float, highest: float) -> bool:
        return -20 <= lowest < highest <= 60 and lowest <= self.snr_db <= highest

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
    def least_bits(self) -> float:
        """Mean bits a coded parameter for which there must be channel uses."""
        return LEAST_BITS if self.parameter_bits is None else self.parameter_bits

    @property
    def recipe(self) -> Recipe:
        """The preset's recipe with what was set in its place."""
        recipe = PRESETS[self.preset]
        if self.steps is not None:
            recipe = replace(recipe, steps=self.steps)
        if self.power_db is not None:
            recipe = replace(recipe, power_db=self.power_db)
        return recipe


def _levels_hold(level_channels: tuple[int, ...]) -> bool:
    in_bounds = all(0 <= maps <= MAXIMUM_LEVEL_CHANNELS for maps in level_channels)
    return 1 <= len(level_channels) <= MAXIMUM_LEVELS and in_bounds and level_channels[-1] > 0
