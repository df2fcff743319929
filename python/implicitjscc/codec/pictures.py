# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of channel symbols and of ReDU's output, as in the paper's Fig. 6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from . import strategies
from .decoder import redu_output, split_levels, split_reals
from .encoded import EncodedSource
from .symbol_channel import awgn

_WHITE_AT_PERCENTILE = 99.5


@dataclass(frozen=True)
class LevelPictures:
    """One level of the pyramid as greyscale pictures, uint8.

    Attributes:
        level: 1 for the finest, the paper's k.
        sent: |x_k|, brighter for more power, shape (h_k, w_k); the maps of one level side by side.
        received: |y_k| on the same scale.
        upsampled: the channels of U that come from this level, shape (height, width).
    """

    level: int
    sent: np.ndarray
    received: np.ndarray
    upsampled: np.ndarray


def level_pictures(encoded: EncodedSource, snr_db: float, seed: int = 0) -> list[LevelPictures]:
    """All levels, finest first, over the ideal channel.

    Magnitudes share one scale over all levels, so that brightness shows how power is allocated;
    ReDU's channels are each stretched to their own range.

    Args:
        encoded: what is sent.
        snr_db: Es/N0 of the channel.
        seed: of its noise.
    """
    profile = encoded.profile
    received = awgn(encoded.content(), snr_db, seed)
    uses = profile.symbol_uses
    parameters = strategies.from_symbols(
        profile, received.symbols[uses:], received.noise_variance[uses:]
    )
    if parameters is None:  # far below the design SNR: drawn with the decoder as it was sent
        parameters = encoded.parameters
    reals = torch.from_numpy(split_reals(received.symbols[:uses], profile).copy())
    with torch.inference_mode():
        upsampled = redu_output(profile, reals, torch.from_numpy(parameters)).numpy()
    sent = [level.numpy() for level in split_levels(torch.from_numpy(encoded.reals), profile)]
    noisy = [level.numpy() for level in split_levels(reals, profile)]
    white = float(np.percentile(np.abs(encoded.reals), _WHITE_AT_PERCENTILE)) or 1.0
    pictures = []
    first = 0
    for index, maps in enumerate(profile.level_channels):
        if maps:
            channels = upsampled[first : first + maps]
            pictures.append(
                LevelPictures(
                    level=index + 1,
                    sent=_magnitude(sent[index], white),
                    received=_magnitude(noisy[index], white),
                    upsampled=np.hstack([_stretch(channel) for channel in channels]),
                )
            )
        first += maps
    return pictures


def _magnitude(maps: np.ndarray, white: float) -> np.ndarray:
    return np.hstack([np.clip(np.abs(m) / white * 255, 0, 255).astype(np.uint8) for m in maps])


def _stretch(channel: np.ndarray) -> np.ndarray:
    low, high = np.percentile(channel, [100 - _WHITE_AT_PERCENTILE, _WHITE_AT_PERCENTILE])
    span = float(high - low) or 1.0
    return np.clip((channel - low) / span * 255, 0, 255).astype(np.uint8)
