# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of the pyramid of channel symbols (paper section 3.1, equation 5)."""

from __future__ import annotations

MAXIMUM_LEVELS = 8
PAPER_LEVELS = 7


def level_sizes(height: int, width: int, levels: int) -> list[tuple[int, int]]:
    """Height and width of each level, finest first: each is half of the one before, rounded up.

    A height of 1 stays 1: one dimension is no case of its own.
    """
    sizes = [(height, width)]
    while len(sizes) < levels:
        height, width = -(-height // 2), -(-width // 2)
        sizes.append((height, width))
    return sizes


def default_level_channels(height: int, width: int, maps: int = 1) -> tuple[int, ...]:
    """The paper's seven levels, fewer where a level would be 1 x 1 already.

    Args:
        height, width: of the source.
        maps: of each level.
    """
    return (maps,) * min(PAPER_LEVELS, useful_levels(height, width))


def useful_levels(height: int, width: int) -> int:
    """Levels down to the first of 1 x 1."""
    levels = 1
    while height > 1 or width > 1:
        height, width = -(-height // 2), -(-width // 2)
        levels += 1
    return levels


def real_symbols(height: int, width: int, level_channels: tuple[int, ...]) -> int:
    """How many real values the whole pyramid holds."""
    sizes = level_sizes(height, width, len(level_channels))
    return sum(channels * h * w for channels, (h, w) in zip(level_channels, sizes, strict=True))
