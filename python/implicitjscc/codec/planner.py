# SPDX-License-Identifier: GPL-3.0-or-later
"""From a source's shape and the settings to a codec profile: levels, d, parameter strategy, k."""

from __future__ import annotations

import logging
from fractions import Fraction
from math import ceil, log10
from typing import Any

from ..errors import ImplicitJsccError
from . import channel_uses, coded_plan
from .network import REDU_PARAMETERS, SynthesisShape
from .profile import CodecProfile
from .pyramid import default_level_channels
from .settings import EncoderSettings

_log = logging.getLogger(__name__)

DEFAULT_HIDDEN_DIM = 12

# Parameters take at most this part of the power where the user did not say how much.
_LARGEST_DEFAULT_SHARE = 0.5
# At most, whatever the user said: rounding the scales moves it by some percent.
_LARGEST_SHARE = 0.8


def plan(
    height: int, width: int, channels: int, bits: int, settings: EncoderSettings
) -> CodecProfile:
    """The profile of one picture.

    Args:
        height, width, channels: of the picture.
        bits: 8 or 16 a sample.
        settings: what the user set.

    Raises:
        ImplicitJsccError: an explicit ratio or repetition factor cannot be met; the message names
            the least ratio that can.
    """
    level_channels = default_level_channels(height, width)
    hidden_dim = settings.hidden_dim or DEFAULT_HIDDEN_DIM
    inputs = sum(level_channels) * (2 if settings.noise_matrix else 1)
    synthesis = SynthesisShape(inputs, hidden_dim, channels).parameters
    symbol_uses = channel_uses.symbol_uses(height, width, level_channels)
    least = symbol_uses + _least_parameter_uses(synthesis, settings)
    uses = _total_uses(height * width * channels, least, settings)
    return CodecProfile(
        kind="image16" if bits == 16 else "image8",
        height=height,
        width=width,
        channels=channels,
        level_channels=level_channels,
        hidden_dim=hidden_dim,
        activation=settings.recipe.activation,
        noise_matrix=settings.noise_matrix,
        channel_uses=uses,
        snr_db=round(settings.snr_db, 2),
        seed=settings.seed,
        **_strategy_fields(uses - symbol_uses, hidden_dim, synthesis, settings),
    )


def parameter_power(profile: CodecProfile, settings: EncoderSettings) -> float:
    """Power of the parameters' channel uses, over the mean of all channel uses; 1 for coded ones.

    Raises:
        ImplicitJsccError: an explicit power would leave none for the symbols.
    """
    if profile.strategy == "coded":
        return 1.0
    part_of_uses = profile.parameter_uses / profile.channel_uses
    power = float(10 ** (settings.recipe.power_db / 10))
    if settings.power_db is None:
        # An image so small that its decoder fills the channel uses gets at least equal power.
        return min(power, max(1.0, _LARGEST_DEFAULT_SHARE / part_of_uses))
    if power * part_of_uses > _LARGEST_SHARE:
        raise ImplicitJsccError(
            f"{settings.power_db:g} dB for the parameters would leave no power for the symbols: "
            f"at most {10 * log10(_LARGEST_SHARE / part_of_uses):.1f} dB can be had here"
        )
    return power


def _least_parameter_uses(synthesis: int, settings: EncoderSettings) -> int:
    if settings.strategy == "coded":
        return coded_plan.least_uses(synthesis + REDU_PARAMETERS, round(settings.snr_db, 2))
    lsm, redu = settings.repetition_lsm, settings.repetition_redu
    least_reals = synthesis * (lsm or 1) + REDU_PARAMETERS * (redu or 1)
    return -(-least_reals // 2)


def _total_uses(samples: int, least: int, settings: EncoderSettings) -> int:
    if settings.bandwidth_ratio is not None:
        uses = channel_uses.total_uses(samples, settings.bandwidth_ratio)
        if uses < least:
            raise ImplicitJsccError(
                f"a bandwidth ratio of {float(settings.bandwidth_ratio):g} cannot carry this "
                f"source and its decoder: the least that can is {_ratio(least, samples):.6f}"
            )
        return uses
    if settings.repetition_lsm and settings.repetition_redu:
        return least
    uses = channel_uses.total_uses(samples, channel_uses.IMAGE_BANDWIDTH_RATIO)
    if uses < least:
        _log.warning(
            "the bandwidth ratio is raised to %.6f, the least that carries this source and its "
            "decoder",
            _ratio(least, samples),
        )
        return least
    return uses


def _strategy_fields(
    parameter_uses: int, hidden_dim: int, synthesis: int, settings: EncoderSettings
) -> dict[str, Any]:
    if settings.strategy == "repetition":
        factor = _repetition_lsm(parameter_uses, hidden_dim, synthesis, settings)
        return {"strategy": "repetition", "repetition_lsm": factor}
    parameters = synthesis + REDU_PARAMETERS
    snr_db = round(settings.snr_db, 2)
    if not coded_plan.budget(parameters, parameter_uses, snr_db):
        # Enough uses, and still: so many that no code fills them.
        raise ImplicitJsccError("the bandwidth ratio is too large for coded parameters")
    # The message's length follows from the parameters' values: this is the least.
    least = coded_plan.least_information(parameters)
    return {
        "strategy": "coded",
        "repetition_lsm": 0,
        "payload_bits": least,
        "bits_per_symbol": coded_plan.best_modulation(least, parameter_uses, snr_db),
    }


def _repetition_lsm(
    parameter_uses: int, hidden_dim: int, synthesis: int, settings: EncoderSettings
) -> int:
    if settings.repetition_lsm:
        return settings.repetition_lsm
    if settings.repetition_redu:
        left = 2 * parameter_uses - settings.repetition_redu * REDU_PARAMETERS
        return left // synthesis
    return channel_uses.default_repetition(hidden_dim, parameter_uses, synthesis)


def _ratio(uses: int, samples: int) -> float:
    return ceil(Fraction(uses, samples) * 10**6) / 10**6
