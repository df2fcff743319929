# SPDX-License-Identifier: GPL-3.0-or-later
"""From a source's shape and the settings to a codec profile: levels, d, repetition factors, k."""

from __future__ import annotations

import logging
from fractions import Fraction
from math import ceil, log10

from ..errors import ImplicitJsccError
from . import channel_uses
from .network import REDU_PARAMETERS, SynthesisShape
from .profile import CodecProfile
from .pyramid import default_level_channels, useful_levels
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
    level_channels = _level_channels(height, width, settings)
    hidden_dim = settings.hidden_dim or DEFAULT_HIDDEN_DIM
    inputs = sum(level_channels) * (2 if settings.noise_matrix else 1)
    synthesis = SynthesisShape(inputs, hidden_dim, channels).parameters
    symbol_uses = channel_uses.symbol_uses(height, width, level_channels)
    uses = _total_uses(height * width * channels, symbol_uses, synthesis, settings)
    return CodecProfile(
        kind="image16" if bits == 16 else "image8",
        height=height,
        width=width,
        channels=channels,
        level_channels=level_channels,
        hidden_dim=hidden_dim,
        activation=settings.recipe.activation,
        noise_matrix=settings.noise_matrix,
        strategy="repetition",
        repetition_lsm=_repetition_lsm(uses - symbol_uses, hidden_dim, synthesis, settings),
        channel_uses=uses,
        snr_db=round(settings.snr_db, 2),
        seed=settings.seed,
    )


def parameter_power(profile: CodecProfile, settings: EncoderSettings) -> float:
    """Power of the parameters' channel uses, over the mean of all channel uses.

    Raises:
        ImplicitJsccError: an explicit power would leave none for the symbols.
    """
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


def _level_channels(height: int, width: int, settings: EncoderSettings) -> tuple[int, ...]:
    if settings.level_channels is None:
        return default_level_channels(height, width)
    kept = list(settings.level_channels[: useful_levels(height, width)])
    while kept and not kept[-1]:
        kept.pop()
    if not kept:
        raise ImplicitJsccError(
            f"{width}x{height} pixels have no level for the maps that the settings ask for"
        )
    if len(kept) < len(settings.level_channels):
        _log.warning("the levels from the %d. on are left out: the source is small", len(kept) + 1)
    return tuple(kept)


def _total_uses(samples: int, symbol_uses: int, synthesis: int, settings: EncoderSettings) -> int:
    lsm, redu = settings.repetition_lsm, settings.repetition_redu
    least_reals = synthesis * (lsm or 1) + REDU_PARAMETERS * (redu or 1)
    least = symbol_uses + -(-least_reals // 2)
    if settings.bandwidth_ratio is not None:
        uses = channel_uses.total_uses(samples, settings.bandwidth_ratio)
        if uses < least:
            raise ImplicitJsccError(
                f"a bandwidth ratio of {float(settings.bandwidth_ratio):g} cannot carry this "
                f"source and its decoder: the least that can is {_ratio(least, samples):.6f}"
            )
        return uses
    if lsm and redu:
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
