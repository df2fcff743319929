# SPDX-License-Identifier: GPL-3.0-or-later
"""Echoes: paths of any delay whose gains may change."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .fading import PathGains
from .impairment import Impairment, Samples
from .interpolation import REACH, filter_block, windowed_sinc
from .profiles import Paths

_TRANSFORM = 2048
MOST_DELAY = 400
"""Samples."""
_BLOCK = _TRANSFORM - MOST_DELAY - 2 * REACH
_BEFORE = MOST_DELAY + REACH
LARGEST_DOPPLER = 1 / (2 * _BLOCK)
"""Cycles a sample."""
_TOLERANCE = 1e-5


class Multipath(Impairment):
    """The sum of delayed copies, each with a gain that changes with time.

    Output n is the sum over the paths p of g_p(n) x(n - d_p), with x between the samples from a
    windowed sinc. The gains are polynomials of time within a block of 1,600 samples.

    Args:
        paths: None for a channel of one path and gain 1.
        doppler: the largest Doppler shift, in cycles a sample, at most ``LARGEST_DOPPLER``.
        random: for what is scattered.
    """

    def __init__(self, paths: Paths | None, doppler: float, random: np.random.Generator) -> None:
        self._buffer: Samples = np.zeros(_BEFORE, np.complex64)
        self._done = 0
        self.set_paths(paths, doppler, random)

    def set_paths(self, paths: Paths | None, doppler: float, random: np.random.Generator) -> None:
        """Another channel from the next block on; arguments as above."""
        self._gains = None
        self._tail = 0
        self._fixed: NDArray[np.complex64] | None = None
        if paths is None:
            return
        self._gains = PathGains(paths, doppler, random)
        self._tail = math.ceil(paths.delays.max())
        places = np.arange(-REACH, self._tail + REACH + 1)
        self._taps = windowed_sinc(places - paths.delays[:, None]).astype(np.complex64)
        self._nodes, self._weights = _interpolation_in_time(doppler)

    def process(self, samples: Samples) -> Samples:
        """What is there of the output so far, shape (m,)."""
        self._buffer = np.concatenate([self._buffer, samples])
        blocks = []
        while self._buffer.size >= _TRANSFORM:
            blocks.append(self._next_block())
        return np.concatenate(blocks) if blocks else samples[:0]

    def flush(self) -> Samples:
        """The rest, up to the last echo of the last sample."""
        left = self._buffer.size - _BEFORE + self._tail
        self._buffer = np.pad(self._buffer, (0, self._tail + _TRANSFORM))
        blocks = [self._next_block() for _ in range(-(-left // _BLOCK))]
        return np.concatenate(blocks)[:left] if blocks else np.empty(0, np.complex64)

    def _next_block(self) -> Samples:
        block, first = self._buffer[:_TRANSFORM], self._done
        self._buffer = self._buffer[_BLOCK:].copy()
        self._done += _BLOCK
        valid = slice(_BEFORE, _BEFORE + _BLOCK)
        if self._gains is None:
            return block[valid]
        if self._fixed is None or len(self._nodes) > 1:
            gains = self._gains.at(first + self._nodes)
            filters = np.zeros((len(self._nodes), _TRANSFORM), np.complex64)
            taps = gains.T @ self._taps
            filters[:, : taps.shape[1] - REACH] = taps[:, REACH:]
            filters[:, -REACH:] = taps[:, :REACH]
            self._fixed = fft.fft(filters, axis=-1)
        return filter_block(block, self._fixed, self._weights, valid)


def _interpolation_in_time(doppler: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Chebyshev nodes within a block, and the weight of each node's channel at each sample.

    Returns:
        shapes (k,) and (k, samples of a block).
    """
    angle, count = 2 * np.pi * doppler * _BLOCK, 1
    while angle and 2 * (angle / 4) ** count / math.factorial(count) > _TOLERANCE:
        count += 1
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    places = (np.arange(_BLOCK) + 0.5) / _BLOCK * 2 - 1
    weights = np.ones((count, _BLOCK))
    for own, node in enumerate(nodes):
        for other in np.delete(nodes, own):
            weights[own] *= (places - other) / (node - other)
    return (nodes + 1) / 2 * _BLOCK - 0.5, weights.astype(np.float32)
