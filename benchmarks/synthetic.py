# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of any size from a seed, smooth plus texture, for what depends on size only."""

from __future__ import annotations

import numpy as np

from implicitjscc.codec.sources import Image


def picture(width: int, height: int, seed: int = 0) -> Image:
    """8-bit RGB."""
    rng = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3), np.uint8)
    across = np.linspace(0, 2 * np.pi, width, dtype=np.float32)
    down = np.linspace(0, 2 * np.pi, height, dtype=np.float32)[:, None]
    for channel in range(3):
        phase, waves = rng.uniform(0, 6), rng.integers(1, 4, 2)
        values = np.sin(waves[0] * across + phase) * np.cos(waves[1] * down)
        values *= 80
        values += 128 + 12 * rng.standard_normal(values.shape, np.float32)
        pixels[..., channel] = np.clip(values, 0, 255)
    return Image(pixels)
