# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver that takes its samples at other times than the transmitter."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .impairment import Impairment, Samples
from .interpolation import REACH, filter_block, shifted_polynomials

_TRANSFORM = 2048
_BLOCK = _TRANSFORM - 2 * REACH
_TOLERANCE = 1e-5
LARGEST_PPM = 500.0


class SamplingOffset(Impairment):
    """Resampling by a ratio next to 1, and a delay, by a windowed sinc.

    Sample n of the output is the input at the time n / (1 + sro_ppm 10^-6) - delay, in samples: a
    symbol lasts 1 + sro_ppm 10^-6 times as many samples as before.

    Args:
        sro_ppm: may be changed at any time; at most ``LARGEST_PPM``.
        delay_samples: at least 0, any fraction.
    """

    def __init__(self, sro_ppm: float = 0.0, delay_samples: float = 0.0) -> None:
        self.sro_ppm = sro_ppm
        before = math.ceil(delay_samples) + REACH + 1
        self._buffer: Samples = np.zeros(before, np.complex64)
        self._time = before - delay_samples  # of the next output, in the buffer
        self._weights: tuple[float, NDArray[np.float32]] | None = None
        self._responses: tuple[tuple[float, int], Samples] | None = None

    def process(self, samples: Samples) -> Samples:
        """What is there of the output so far, shape (m,)."""
        self._buffer = np.concatenate([self._buffer, samples])
        blocks = []
        while math.ceil(self._time) + _BLOCK + REACH + 2 <= self._buffer.size:
            blocks.append(self._next_block())
        self._forget()
        return np.concatenate(blocks) if blocks else samples[:0]

    def flush(self) -> Samples:
        """The rest: outputs whose time lies before the input's end."""
        end = self._buffer.size
        self._buffer = np.pad(self._buffer, (0, 2 * _TRANSFORM))
        blocks = [np.empty(0, np.complex64)]
        while self._time < end:
            left = math.ceil((end - self._time) * (1 + self.sro_ppm * 1e-6))
            blocks.append(self._next_block()[:left])
        self._buffer = self._buffer[:end]
        return np.concatenate(blocks)

    def _next_block(self) -> Samples:
        step = 1 / (1 + self.sro_ppm * 1e-6)
        middle = self._time + (_BLOCK - 1) / 2 * step
        first = math.floor(middle - (_BLOCK - 1) / 2 + 0.5)
        centre = middle - (_BLOCK - 1) / 2 - first
        self._time += _BLOCK * step
        if step == 1 and centre == 0:
            return self._buffer[first : first + _BLOCK]
        weights = self._weights_of(step)
        block = self._buffer[first - REACH : first - REACH + _TRANSFORM]
        responses = self._transforms(centre, len(weights))
        return filter_block(block, responses, weights, slice(REACH, REACH + _BLOCK))

    def _weights_of(self, step: float) -> NDArray[np.float32]:
        """Powers of how far each output's fraction lies from the middle one's."""
        if self._weights is None or self._weights[0] != step:
            shifts = (np.arange(_BLOCK) - (_BLOCK - 1) / 2) * (step - 1)
            powers = np.vander(shifts, _orders(np.abs(shifts).max()), increasing=True)
            self._weights = (step, np.ascontiguousarray(powers.T, np.float32))
        return self._weights[1]

    def _transforms(self, centre: float, orders: int) -> Samples:
        if self._responses is None or self._responses[0] != (centre, orders):
            taps = np.zeros((orders, _TRANSFORM), np.float32)
            shifted = shifted_polynomials(centre, orders)
            # A sum over later samples too: the filter runs backwards.
            taps[:, : REACH + 1] = shifted[:, REACH::-1]
            taps[:, -REACH:] = shifted[:, :REACH:-1]
            self._responses = ((centre, orders), fft.fft(taps, axis=-1))
        return self._responses[1]

    def _forget(self) -> None:
        past = math.floor(self._time) - REACH - 2
        if past > 0:
            self._buffer = self._buffer[past:].copy()
            self._time -= past


def _orders(drift: float) -> int:
    """Powers that a fraction needs which moves by +-drift around a block's middle."""
    orders = 1
    while (np.pi * drift) ** orders / math.factorial(orders) > _TOLERANCE:
        orders += 1
    return orders
