# SPDX-License-Identifier: GPL-3.0-or-later
"""Spread a content over its frames, and turn its symbols, pseudo-randomly.

Each block of F neighbours goes to F different frames: the copies of a parameter, which the codec
puts side by side, are never lost together, and a lost frame costs SNR everywhere and not a stripe.
The turns by multiples of 90 degrees make any payload circular and free of a mean, so that a
receiver can remove DC and IQ imbalance blindly (docs/waveform.md).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .. import prng
from .frame import FrameLayout
from .profile import AIR_SEED

_ROWS = 2048  # a multiple of 4, so that each part begins with a block of words
# A carousel's frames come again and again: 10 MiB, and 2 for what a whole content has.
_KEPT_SLOTS, _KEPT_FRAMES, _KEPT_CONTENT = 1 << 16, 32, 1 << 20
_TURNS = np.array([1, 1j, -1, -1j], dtype=np.complex64)


class Interleaver:
    """The fixed order of one layout.

    Args:
        layout: of the content.
    """

    def __init__(self, layout: FrameLayout) -> None:
        self.layout = layout
        # Row: which of a block's symbols each frame takes.
        small = layout.payload_slots * layout.frames <= _KEPT_CONTENT
        self._members = (_kept_members if small else _members)(layout.payload_slots, layout.frames)

    def sources(self, frame: int) -> NDArray[np.int64]:
        """Which content symbol each payload slot of a frame carries, shape (P,).

        Numbers from the content's length on mean filler.
        """
        order, _ = _draws(self.layout.payload_slots, frame)
        return order.astype(np.int64) * self.layout.frames + self._members[order, frame]

    def turns(self, frame: int) -> NDArray[np.complex64]:
        """The factor 1, j, -1 or -j of each payload slot of a frame, shape (P,)."""
        _, quarters = _draws(self.layout.payload_slots, frame)
        return _TURNS[quarters]


def _draws(slots: int, frame: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Order and quarter turns of a frame's slots; not to be written to."""
    return (_kept_draws if slots <= _KEPT_SLOTS else _draw)(slots, frame)


def _draw(slots: int, frame: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    order = prng.permutation(AIR_SEED, prng.Stream.INTERLEAVER_POSITIONS, slots, frame)
    words = prng.words(AIR_SEED, prng.Stream.QUARTER_TURNS, slots, frame)
    return order.astype(np.int32), (words & 3).astype(np.uint8)


_kept_draws = functools.lru_cache(maxsize=_KEPT_FRAMES)(_draw)


def _members(slots: int, frames: int) -> NDArray[np.uint16]:
    # By parts: with sorting's temporary arrays the largest content would take hundreds of
    # megabytes at once.
    members = np.empty((slots, frames), np.uint16)
    for first in range(0, slots, _ROWS):
        rows = members[first : first + _ROWS]
        keys = prng.words(
            AIR_SEED, prng.Stream.INTERLEAVER_FRAMES, rows.size, first_block=first * frames // 4
        )
        rows[:] = np.argsort(keys.reshape(rows.shape), axis=1, kind="stable")
    return members


_kept_members = functools.lru_cache(maxsize=1)(_members)
