# SPDX-License-Identifier: GPL-3.0-or-later
"""From a source's shape and the settings to a codec profile: levels, d, parameter strategy, k."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import ceil, log10
from typing import Any

from ..errors import ImplicitJsccError
from . import channel_uses, coded_plan
from .defaults import audio_level_channels, picture_level_channels
from .formats import AudioFormat, ImageFormat, SourceFormat
from .network import SynthesisShape, redu_parameters
from .profile import CodecProfile
from .pyramid import default_level_channels, useful_levels
from .receivers import Receivers
from .settings import EncoderSettings

_log = logging.getLogger(__name__)

DEFAULT_HIDDEN_DIM = 12
_LEAST_HIDDEN_DIM = 8
# What a preset wants beyond these bits is not worth a decoder narrower than this.
_COMFORTABLE_BITS = 6.5
_COMFORTABLE_HIDDEN_DIM = 18

# Parameters take at most this part of the power where the user did not say how much, by dimensions:
# they are 3 % of a picture's channel uses and 16 % of a signal's. Both measured: docs/codec.md.
_LARGEST_DEFAULT_SHARE = {1: 1 / 3, 2: 1 / 2}
# At most, whatever the user said: rounding the scales moves it by some percent.
_LARGEST_SHARE = 0.8


# A picture's map carries up to three channels, a signal's one: then every kind spends about the
# same share of its channel uses on symbols.
_PICTURE_CHANNELS_A_MAP = 3


def plan(
    height: int, width: int, channels: int, source_format: SourceFormat, settings: EncoderSettings
) -> CodecProfile:
    """The profile of one source.

    Args:
        height, width, channels: of the source; height 1 for one dimension.
        source_format: what its values stand for.
        settings: what the user set.

    Raises:
        ImplicitJsccError: an explicit ratio or repetition factor cannot be met; the message names
            the least ratio that can.
    """
    dimensions = source_format.dimensions
    level_channels = _level_channels(height, width, channels, source_format, settings)
    inputs = sum(level_channels) * (2 if settings.noise_matrix else 1)
    redu = redu_parameters(dimensions)
    symbol_uses = channel_uses.symbol_uses(height, width, level_channels)
    wanted = settings.bandwidth_ratio or _default_ratio(channels, source_format) or 0
    left = channel_uses.total_uses(height * width * channels, Fraction(wanted)) - symbol_uses

    def parameters(hidden_dim: int) -> int:
        return SynthesisShape(inputs, hidden_dim, channels, dimensions).parameters

    hidden_dim = settings.hidden_dim or _widest(lambda d: parameters(d) + redu, left, settings)
    synthesis = parameters(hidden_dim)
    least = symbol_uses + _least_parameter_uses(synthesis, redu, settings)
    ratio = _default_ratio(channels, source_format)
    uses = _total_uses(height * width * channels, least, ratio, settings)
    return CodecProfile(
        format=source_format,
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
        **_strategy_fields(uses - symbol_uses, hidden_dim, synthesis, dimensions, settings),
    )


def parameter_room(profile: CodecProfile, hidden_dim: int, settings: EncoderSettings) -> int:
    """The longest message of coded parameters if the profile had another d; 0 for no room.

    Args:
        profile: tells the maps, and the channel uses that they leave.
        hidden_dim: that d.
        settings: tell the SNR that the message must reach, and the bits a parameter.
    """
    shape = replace(profile.synthesis, hidden_dim=hidden_dim)
    parameters = shape.parameters + redu_parameters(profile.dimensions)
    snr_db = _code_snr_db(settings)
    return coded_plan.budget(parameters, profile.parameter_uses, snr_db, settings.least_bits)


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
        # Where a small source's decoder fills the channel uses it gets about equal power.
        share = _LARGEST_DEFAULT_SHARE[profile.dimensions]
        return min(power, max(min(1.0, _LARGEST_SHARE / part_of_uses), share / part_of_uses))
    if power * part_of_uses > _LARGEST_SHARE:
        raise ImplicitJsccError(
            f"{settings.power_db:g} dB for the parameters would leave no power for the symbols: "
            f"at most {10 * log10(_LARGEST_SHARE / part_of_uses):.1f} dB can be had here"
        )
    return power


def _default_ratio(channels: int, source_format: SourceFormat) -> Fraction | None:
    """R that the paper has for such a source; None where the least that can is the default."""
    if source_format.dimensions == 1:
        return channel_uses.SIGNAL_BANDWIDTH_RATIO
    picture = isinstance(source_format, ImageFormat) and channels == 3
    return channel_uses.IMAGE_BANDWIDTH_RATIO if picture else None


def _level_channels(
    height: int, width: int, channels: int, source_format: SourceFormat, settings: EncoderSettings
) -> tuple[int, ...]:
    if settings.level_channels is None:
        return _default_level_channels(height, width, channels, source_format, settings)
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


def _default_level_channels(
    height: int, width: int, channels: int, source_format: SourceFormat, settings: EncoderSettings
) -> tuple[int, ...]:
    if settings.strategy == "coded":
        if isinstance(source_format, ImageFormat) and channels == 3:
            return picture_level_channels(height, width, settings.snr_db)
        if isinstance(source_format, AudioFormat):
            return audio_level_channels(width, channels, settings.snr_db)
    signal = source_format.dimensions == 1
    maps = channels if signal else -(-channels // _PICTURE_CHANNELS_A_MAP)
    return default_level_channels(height, width, maps)


def _code_snr_db(settings: EncoderSettings) -> float:
    return Receivers(settings.snr_db, settings.snr_range_db).code_snr_db


def _widest(parameters: Callable[[int], int], uses: int, settings: EncoderSettings) -> int:
    """The recipe's d, or the next smaller one whose coded parameters have room; 12 if none has.

    Args:
        parameters: of the whole decoder, for each d.
        uses: channel uses that the symbols leave.
        settings: what the user set.
    """
    if settings.strategy != "coded":
        return DEFAULT_HIDDEN_DIM
    snr_db = _code_snr_db(settings)
    # So that asking for more bits narrows the decoder and never widens it, by another margin.
    least_bits = min(coded_plan.LEAST_BITS, settings.least_bits)

    def fitting(room: Callable[[int], float], narrowest: int) -> int | None:
        for hidden_dim in range(settings.recipe.hidden_dim, narrowest - 1, -1):
            count = parameters(hidden_dim)
            if coded_plan.budget(count, uses, snr_db, least_bits) >= room(count):
                return hidden_dim
        return None

    bits = settings.parameter_bits
    if bits is not None:
        found = fitting(lambda count: coded_plan.least_information(count, bits), _LEAST_HIDDEN_DIM)
    else:
        comfortable = settings.recipe.comfortable_bits
        found = fitting(lambda count: comfortable * count, _COMFORTABLE_HIDDEN_DIM)
        found = found or fitting(lambda count: _COMFORTABLE_BITS * count, _LEAST_HIDDEN_DIM)
    return found or DEFAULT_HIDDEN_DIM


def _least_parameter_uses(synthesis: int, redu: int, settings: EncoderSettings) -> int:
    if settings.strategy == "coded":
        snr_db = _code_snr_db(settings)
        return coded_plan.least_uses(synthesis + redu, snr_db, settings.least_bits)
    lsm, redu_copies = settings.repetition_lsm, settings.repetition_redu
    least_reals = synthesis * (lsm or 1) + redu * (redu_copies or 1)
    return -(-least_reals // 2)


def _total_uses(
    samples: int, least: int, default_ratio: Fraction | None, settings: EncoderSettings
) -> int:
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
    uses = channel_uses.total_uses(samples, default_ratio) if default_ratio else 0
    if uses < least:
        _log.warning(
            "the bandwidth ratio is %s %.6f, the least that carries this source and its decoder",
            "raised to" if default_ratio else "set to",
            _ratio(least, samples),
        )
        return least
    return uses


def _strategy_fields(
    parameter_uses: int,
    hidden_dim: int,
    synthesis: int,
    dimensions: int,
    settings: EncoderSettings,
) -> dict[str, Any]:
    if settings.strategy == "repetition":
        factor = _repetition_lsm(parameter_uses, hidden_dim, synthesis, dimensions, settings)
        return {"strategy": "repetition", "repetition_lsm": factor}
    parameters = synthesis + redu_parameters(dimensions)
    snr_db = _code_snr_db(settings)
    if not coded_plan.budget(parameters, parameter_uses, snr_db, settings.least_bits):
        # Enough uses, and still: so many that no code fills them.
        raise ImplicitJsccError("the bandwidth ratio is too large for coded parameters")
    # The message's length follows from the parameters' values: this is the least.
    least = coded_plan.least_information(parameters, settings.least_bits)
    return {
        "strategy": "coded",
        "repetition_lsm": 0,
        "payload_bits": least,
        "bits_per_symbol": coded_plan.best_modulation(least, parameter_uses, snr_db),
        "filter_gain_db": settings.recipe.filter_gain_db,
        "filter_side": settings.recipe.filter_side,
    }


def _repetition_lsm(
    parameter_uses: int,
    hidden_dim: int,
    synthesis: int,
    dimensions: int,
    settings: EncoderSettings,
) -> int:
    redu = redu_parameters(dimensions)
    if settings.repetition_lsm:
        return settings.repetition_lsm
    if settings.repetition_redu:
        left = 2 * parameter_uses - settings.repetition_redu * redu
        return left // synthesis
    if dimensions == 1:
        return channel_uses.signal_repetition(parameter_uses, synthesis, redu)
    return channel_uses.default_repetition(hidden_dim, parameter_uses, synthesis, redu)


def _ratio(uses: int, samples: int) -> float:
    return ceil(Fraction(uses, samples) * 10**6) / 10**6
