# SPDX-License-Identifier: GPL-3.0-or-later
"""An encoded source: what the container holds and a channel takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..content import Content
from . import strategies
from .profile import CodecProfile


@dataclass(frozen=True)
class EncodedSource:
    """One overfitted source.

    Attributes:
        profile: the codec's shape, scales included.
        reals: X as transmitted, shape (real_symbols,), float32, finest level first, row by row.
        parameters: of the decoder, shape (parameters,), float32, unscaled.
        figures: what the encoder reports (psnr_db, steps, encode_s, ...); plain JSON values.
    """

    profile: CodecProfile
    reals: NDArray[np.float32]
    parameters: NDArray[np.float32]
    figures: dict[str, Any] = field(default_factory=dict)

    def content(self) -> Content:
        """All k channel symbols, with what the receiver needs to rebuild the decoder."""
        symbols = self.symbols()
        description = self.profile.to_bytes()
        digest = hashlib.sha256(description + symbols.astype("<c8").tobytes()).digest()
        coded = self.profile.parameter_uses if self.profile.strategy == "coded" else 0
        return Content(symbols, description, int.from_bytes(digest[:4], "big"), coded)

    def symbols(self) -> NDArray[np.complex64]:
        """X, neighbours of one level in pairs, then the parameters; shape (k,).

        The power of QAM symbols is 1 but for a part in thousands in a picture, and for more where
        there are few: with coded parameters all symbols are scaled by that little.
        """
        padded = np.zeros(2 * self.profile.symbol_uses, np.float32)
        padded[: self.reals.size] = self.reals
        symbols = np.concatenate(
            (padded.view(np.complex64), strategies.to_symbols(self.profile, self.parameters))
        )
        if self.profile.strategy == "coded":
            power = float(np.square(np.abs(symbols.astype(np.complex128))).mean())
            symbols *= np.float32(1 / sqrt(power))
        return symbols


def normalise_power(encoded: EncodedSource) -> EncodedSource:
    """Scale X so that the mean power over all channel uses is 1, and the decoder with it.

    Rounding the parameters' scales leaves X a little more power than it was trained with. ReDU is
    linear, so the first layer's weights on U undo the change exactly; they are parameters
    themselves, and a few rounds settle both. Coded parameters stay what they are, and their symbols
    have unit mean power already.
    """
    profile = encoded.profile
    if profile.strategy == "coded":
        return encoded
    reals = encoded.reals.astype(np.float64)
    parameters = encoded.parameters.astype(np.float64)
    symbols_energy = float(np.square(reals).sum())
    inputs = profile.synthesis.inputs
    first_layer = parameters[: profile.hidden_dim * inputs].reshape(profile.hidden_dim, inputs)
    gain = 1.0
    for _ in range(8):
        sent = strategies.to_symbols(profile, parameters.astype(np.float32))
        left = profile.channel_uses - float(np.square(np.abs(sent.astype(np.complex128))).sum())
        wanted = sqrt(left / symbols_energy)
        first_layer[:, : profile.maps] *= gain / wanted
        gain = wanted
    return EncodedSource(
        profile,
        (reals * gain).astype(np.float32),
        parameters.astype(np.float32),
        encoded.figures,
    )
