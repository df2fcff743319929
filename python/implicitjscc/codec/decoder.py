# SPDX-License-Identifier: GPL-3.0-or-later
"""From received symbols to the source: rebuild the decoder, draw M, run it (paper section 3.2)."""

from __future__ import annotations

import numpy as np

from .. import engine as engines
from ..content import ReceivedContent
from ..engine.model import FloatArray
from ..errors import ImplicitJsccError
from . import repetition, wiener
from .models import make_model
from .profile import CodecProfile
from .sources import Source, from_normalised


def decode(received: ReceivedContent, engine: str = "auto") -> Source:
    """Reconstruct the source from what a channel left of its content.

    Symbols with more noise than the design SNR's are filtered, lost ones become the mean of their
    neighbours (:mod:`.wiener`); lost copies of a parameter do not count.

    Args:
        received: from the physical layer or an ideal channel.
        engine: "auto", "native" or "torch".

    Raises:
        ImplicitJsccError: the description is of nothing that this version decodes, or not
            one symbol of the parameters arrived.
    """
    chosen = engines.select(engine)
    profile = CodecProfile.from_bytes(received.description, received.symbols.size)
    finite = np.isfinite(received.symbols) & ~received.lost & ~np.isnan(received.noise_variance)
    symbols = np.where(finite, received.symbols, 0).astype(np.complex64)
    variance = np.where(finite, received.noise_variance, np.inf).astype(np.float32)
    uses = profile.symbol_uses
    if not finite[uses:].any():
        raise ImplicitJsccError("none of the decoder's parameters arrived")
    parameters = repetition.from_symbols(profile, symbols[uses:], variance[uses:])
    real_variance = np.repeat(variance[:uses] / 2, 2)[: profile.real_symbols]
    reals = wiener.scale(split_reals(symbols[:uses], profile), real_variance, profile)
    values = make_model(profile, chosen).decode(reals, parameters)
    return to_source(values, profile)


def split_reals(symbols: np.ndarray, profile: CodecProfile) -> np.ndarray:
    """The pyramid's real values, shape (real_symbols,), of its complex channel symbols."""
    return np.ascontiguousarray(symbols, np.complex64).view(np.float32)[: profile.real_symbols]


def to_source(values: FloatArray, profile: CodecProfile) -> Source:
    """Clip the decoder's output, shape (channels, height, width), and make a source of it."""
    return from_normalised(np.clip(np.nan_to_num(values), 0, 1), profile.format)
