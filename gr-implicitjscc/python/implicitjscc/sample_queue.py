# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples on their way from the scheduler to another thread, and where some are missing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

_MOST_SAMPLES = 1 << 22  # 32 MiB, two seconds at 2 Msamples/s
_WAIT_S = 0.05

Samples = NDArray[np.complex64]


class SampleQueue:
    """A bounded queue; who takes too slowly holds the flowgraph back.

    Args:
        least: samples that are worth waking the taker.
    """

    def __init__(self, least: int = 1) -> None:
        self._least = least
        self._closed = True
        self._count = 0
        # None stands for samples that are missing.
        self._pieces: list[Samples | None] = []
        self._changed = threading.Condition()

    def open(self) -> None:
        """Begin empty."""
        with self._changed:
            self._pieces, self._count, self._closed = [], 0, False

    def close(self) -> None:
        """No more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether no more will come and all was taken."""
        with self._changed:
            return self._closed and not self._pieces

    def put(self, samples: Samples, cuts: Iterable[int]) -> bool:
        """Append a copy; False where there is no room within a moment.

        Args:
            samples: shape (n,).
            cuts: indices before which others are missing, in their order; not looked at where
                there is no room.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._count < _MOST_SAMPLES, _WAIT_S):
                return False
            begin = 0
            for cut in cuts:
                self._pieces += [samples[begin:cut].copy(), None]
                begin = cut
            self._pieces.append(samples[begin:].copy())
            self._count += samples.size
            if self._count >= self._least:
                self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> tuple[list[Samples | None], bool]:
        """What has come: pieces, None between those that do not follow each other.

        Returns:
            the pieces, and whether the queue is closed, so that these are the last.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._count >= self._least or self._closed, timeout_s)
            pieces, self._pieces, self._count = self._pieces, [], 0
            self._changed.notify_all()
            closed = self._closed
        return list(_joined(pieces)), closed


def _joined(pieces: list[Samples | None]) -> Iterator[Samples | None]:
    for is_gap, group in groupby(pieces, lambda piece: piece is None):
        if is_gap:
            yield None
        else:
            yield np.concatenate([piece for piece in group if piece is not None])
