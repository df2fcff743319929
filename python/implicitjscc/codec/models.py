# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile's decoder on one of the engines."""

from __future__ import annotations

from ..engine.model import DecoderShape, Model
from ..engine.native import NativeModel
from .noise_matrix import noise_pyramid
from .profile import CodecProfile
from .torch_model import TorchModel


def decoder_shape(profile: CodecProfile) -> DecoderShape:
    """What the engines need to know of a profile."""
    return DecoderShape(
        height=profile.height,
        width=profile.width,
        channels=profile.channels,
        level_channels=profile.level_channels,
        hidden_dim=profile.hidden_dim,
        activation=profile.activation,
        noise_matrix=profile.noise_matrix,
        dimensions=profile.dimensions,
    )


def make_model(profile: CodecProfile, engine: str) -> Model:
    """The decoder of a profile, its noise matrix set.

    Args:
        profile: sizes, seed and design SNR.
        engine: "native" or "torch", as :func:`implicitjscc.engine.select` says.

    Raises:
        ImplicitJsccError: there is not enough memory.
    """
    shape = decoder_shape(profile)
    model: Model = NativeModel(shape) if engine == "native" else TorchModel(shape)
    if profile.noise_matrix:
        model.set_noise_matrix(noise_pyramid(profile))
    return model
