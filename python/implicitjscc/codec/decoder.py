# SPDX-License-Identifier: GPL-3.0-or-later
"""From received symbols to the source: rebuild the decoder, draw M, run it (paper section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import engine as engines
from ..content import ReceivedContent
from ..engine.model import FloatArray
from ..errors import ImplicitJsccError
from . import strategies, wiener
from .approximation import approximate
from .formats import ImageFormat
from .models import make_model
from .profile import CodecProfile
from .sources import Source, from_normalised


@dataclass(frozen=True)
class Decoded:
    """A reconstruction.

    Attributes:
        source: what was rebuilt.
        decoder: where its decoder comes from: "exact" (coded parameters, every bit right),
            "averaged" (repeated parameters with what noise is left on them), or "approximate" (the
            parameters are lost; a grey likeness is all that can be shown).
    """

    source: Source
    decoder: str


def decode(received: ReceivedContent, engine: str = "auto") -> Decoded:
    """Reconstruct the source from what a channel left of its content.

    Symbols with more noise than the design SNR's are filtered, lost ones become the mean of their
    neighbours (:mod:`.wiener`).

    Args:
        received: from the physical layer or an ideal channel.
        engine: "auto", "native" or "torch".

    Raises:
        ImplicitJsccError: the description is of nothing that this version decodes, no symbol of
            the source arrived, or its parameters are lost and nothing can be shown without them.
    """
    chosen = engines.select(engine)
    profile = CodecProfile.from_bytes(received.description, received.symbols.size)
    finite = np.isfinite(received.symbols) & ~received.lost & ~np.isnan(received.noise_variance)
    symbols = np.where(finite, received.symbols, 0).astype(np.complex64)
    variance = np.where(finite, received.noise_variance, np.inf).astype(np.float32)
    uses = profile.symbol_uses
    if not finite[:uses].any():
        raise ImplicitJsccError("no symbol of the source arrived")
    reals = split_reals(symbols[:uses], profile)
    real_variance = np.repeat(variance[:uses] / 2, 2)[: profile.real_symbols]
    parameters = strategies.from_symbols(profile, symbols[uses:], variance[uses:])
    if parameters is None:
        if not isinstance(profile.format, ImageFormat) or not profile.brightness:
            raise ImplicitJsccError("the decoder's parameters are lost: nothing can be rebuilt")
        values = approximate(profile, reals, real_variance)
        return Decoded(to_source(values, profile), "approximate")
    model = make_model(profile, chosen)
    noise = wiener.uniform_noise(real_variance, profile)
    if noise is None:
        reals = wiener.scale(reals, real_variance, profile)
    values = model.decode(reals, parameters, noise)
    exact = profile.strategy == "coded"
    return Decoded(to_source(values, profile), "exact" if exact else "averaged")


def split_reals(symbols: np.ndarray, profile: CodecProfile) -> np.ndarray:
    """The pyramid's real values, shape (real_symbols,), of its complex channel symbols."""
    return np.ascontiguousarray(symbols, np.complex64).view(np.float32)[: profile.real_symbols]


def to_source(values: FloatArray, profile: CodecProfile) -> Source:
    """Clip the decoder's output, shape (channels, height, width), and make a source of it."""
    return from_normalised(np.clip(np.nan_to_num(values), 0, 1), profile.format)
