# SPDX-License-Identifier: GPL-3.0-or-later
"""From received symbols to the source: rebuild the decoder, draw M, run it (paper section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .. import engine as engines
from ..content import ReceivedContent
from ..errors import ImplicitJsccError
from . import strategies
from .approximation import approximate
from .network import synthesise, upsample_pyramid
from .noise_matrix import noise_matrix
from .profile import CodecProfile
from .sources import Image


@dataclass(frozen=True)
class Decoded:
    """A reconstruction.

    Attributes:
        image: the picture.
        decoder: where its decoder comes from: "exact" (coded parameters, every bit right),
            "averaged" (repeated parameters with what noise is left on them), or "approximate" (the
            parameters are lost; a grey likeness is all that can be shown).
    """

    image: Image
    decoder: str


def decode(received: ReceivedContent, engine: str = "auto") -> Decoded:
    """Reconstruct the source from what a channel left of its content.

    Lost symbols count as 0, the mean of all symbols.

    Args:
        received: from the physical layer or an ideal channel.
        engine: "auto", "native" or "torch".

    Raises:
        ImplicitJsccError: the description is of nothing that this version decodes, or no symbol
            of the source arrived.
    """
    engines.select(engine)
    profile = CodecProfile.from_bytes(received.description, received.symbols.size)
    finite = np.isfinite(received.symbols) & ~received.lost & ~np.isnan(received.noise_variance)
    symbols = np.where(finite, received.symbols, 0).astype(np.complex64)
    variance = np.where(finite, received.noise_variance, np.inf).astype(np.float32)
    uses = profile.symbol_uses
    if not finite[:uses].any():
        raise ImplicitJsccError("no symbol of the source arrived")
    reals = torch.from_numpy(split_reals(symbols[:uses], profile))
    parameters = strategies.from_symbols(profile, symbols[uses:], variance[uses:])
    with torch.inference_mode():
        if parameters is None:
            noise = torch.from_numpy(np.repeat(variance[:uses] / 2, 2)[: profile.real_symbols])
            levels = split_levels(reals, profile)
            values = approximate(profile, levels, split_levels(noise, profile))
            return Decoded(to_image(values, profile.kind), "approximate")
        values = reconstruct(
            profile,
            reals,
            torch.from_numpy(parameters),
            noise_matrix(profile) if profile.noise_matrix else None,
        )
    exact = profile.strategy == "coded"
    return Decoded(to_image(values, profile.kind), "exact" if exact else "averaged")


def split_reals(symbols: np.ndarray, profile: CodecProfile) -> np.ndarray:
    """The pyramid's real values, shape (real_symbols,), of its complex channel symbols."""
    return np.ascontiguousarray(symbols, np.complex64).view(np.float32)[: profile.real_symbols]


def split_levels(reals: Tensor, profile: CodecProfile) -> list[Tensor]:
    """The levels, finest first, each of shape (L_k, h_k, w_k), of the pyramid's real values."""
    shapes = [
        (maps, height, width)
        for maps, (height, width) in zip(profile.level_channels, profile.level_sizes, strict=True)
    ]
    sizes = [maps * height * width for maps, height, width in shapes]
    return [part.view(shape) for part, shape in zip(reals.split(sizes), shapes, strict=True)]


def reconstruct(
    profile: CodecProfile, reals: Tensor, parameters: Tensor, noise: Tensor | None
) -> Tensor:
    """f_theta(Y): differentiable, the same for training and decoding.

    Args:
        profile: sizes.
        reals: Y, shape (real_symbols,).
        parameters: shape (parameters,), synthesis module first.
        noise: M, shape (sum of L_k, height, width), or None.

    Returns:
        shape (channels, height, width), nominally 0 to 1, not clipped.
    """
    synthesis = profile.synthesis
    maps = redu_output(profile, reals, parameters)
    if noise is not None:
        maps = torch.cat((maps, noise))
    tensors = synthesis.split(parameters[: synthesis.parameters])
    return synthesise(maps, tensors, profile.activation)


def redu_output(profile: CodecProfile, reals: Tensor, parameters: Tensor) -> Tensor:
    """U, shape (sum of L_k, height, width); arguments are those of :func:`reconstruct`."""
    kernel = parameters[profile.synthesis.parameters :]
    return upsample_pyramid(split_levels(reals, profile), kernel)


def to_image(values: Tensor, kind: str) -> Image:
    """Clip and round the decoder's output, shape (channels, height, width), to a picture."""
    deep = kind == "image16"
    peak = 0xFFFF if deep else 0xFF
    scaled = torch.nan_to_num(values).clamp(0, 1).mul(peak).round()
    samples = np.ascontiguousarray(scaled.permute(1, 2, 0).numpy())
    return Image(samples.astype(np.uint16) if deep else samples.astype(np.uint8))
