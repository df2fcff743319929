# SPDX-License-Identifier: GPL-3.0-or-later
"""Small sources and an encoding, shared by the room's tests."""

from __future__ import annotations

import numpy as np
import pytest

from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.sources import Image


def smooth_picture(height: int, width: int, channels: int = 3) -> Image:
    """Colourful, smooth, with one edge; not square, odd sizes welcome."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (9 + 2 * c)) * np.cos(y / (7 + c)) for c in range(channels)]
    values = 128 + 80 * np.stack(waves, axis=2)
    values[height // 3 :, width // 2 :] += 30
    return Image(np.clip(values, 0, 255).astype(np.uint8))


def chirps(length: int, channels: int) -> np.ndarray:
    """Rising tones of different rates and levels, shape (length, channels), float64."""
    time = np.arange(length) / length
    rates = length * (0.02 + 0.03 * np.arange(channels)) * time[:, None] ** 2
    return (0.6 - 0.05 * np.arange(channels)) * np.sin(2 * np.pi * rates)


@pytest.fixture(scope="session")
def picture() -> Image:
    return smooth_picture(96, 131)


@pytest.fixture(scope="session")
def encoding(picture: Image) -> EncodedSource:
    """With coded parameters, as by default."""
    return encode(picture, EncoderSettings(steps=150, snr_db=20))


@pytest.fixture(scope="session")
def repeated(picture: Image) -> EncodedSource:
    """The same with repeated ones."""
    return encode(picture, EncoderSettings(steps=150, snr_db=20, parameters="repetition"))
