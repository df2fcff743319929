# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of channel symbols and of ReDU's output, as in the paper's Fig. 6."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import torch

from . import strategies
from .decoder import split_reals
from .encoded import EncodedSource
from .network import upsample_pyramid
from .profile import CodecProfile
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
    ReDU's channels are each stretched to their own range. Levels of one dimension are folded into
    rows, to be read line by line.

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
        kernel = torch.from_numpy(parameters)[profile.synthesis.parameters :]
        upsampled = upsample_pyramid(_levels(reals, profile), kernel).numpy()
    sent = [level.numpy() for level in _levels(torch.from_numpy(encoded.reals), profile)]
    noisy = [level.numpy() for level in _levels(reals, profile)]
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
                    upsampled=np.hstack([_stretch(_folded(channel)) for channel in channels]),
                )
            )
        first += maps
    return pictures


def _levels(reals: torch.Tensor, profile: CodecProfile) -> list[torch.Tensor]:
    """The levels, finest first, each of shape (L_k, h_k, w_k)."""
    shapes = [
        (maps, height, width)
        for maps, (height, width) in zip(profile.level_channels, profile.level_sizes, strict=True)
    ]
    sizes = [maps * height * width for maps, height, width in shapes]
    return [part.view(shape) for part, shape in zip(reals.split(sizes), shapes, strict=True)]


def _magnitude(maps: np.ndarray, white: float) -> np.ndarray:
    scaled = [np.clip(np.abs(_folded(m)) / white * 255, 0, 255) for m in maps]
    return np.hstack(scaled).astype(np.uint8)


def _folded(values: np.ndarray) -> np.ndarray:
    """A map of one row as about as many rows as columns, zeros at the end; others as they are."""
    height, width = values.shape
    if height > 1:
        return values
    columns = ceil(sqrt(width))
    rows = ceil(width / columns)
    return np.pad(values[0], (0, rows * columns - width)).reshape(rows, columns)


def _stretch(channel: np.ndarray) -> np.ndarray:
    low, high = np.percentile(channel, [100 - _WHITE_AT_PERCENTILE, _WHITE_AT_PERCENTILE])
    span = float(high - low) or 1.0
    return np.clip((channel - low) / span * 255, 0, 255).astype(np.uint8)
