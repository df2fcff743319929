# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams to send, and ways to cut them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from scipy.signal import firwin, lfilter


class Stage(Protocol):
    """An impairment, or a whole channel."""

    def process(self, samples: np.ndarray, /) -> np.ndarray:
        """Samples through it."""

    def flush(self) -> np.ndarray:
        """What is left."""


def band_limited(size: int, seed: int = 1, rms: float = 0.25) -> np.ndarray:
    """Noise within +-0.35 cycles a sample, as a signal of two samples a symbol is."""
    rng = np.random.default_rng(seed)
    values = lfilter(firwin(129, 0.7), 1.0, rng.standard_normal((2, size)))
    samples = values[0] + 1j * values[1]
    return (samples * rms / np.sqrt(np.mean(np.abs(samples) ** 2))).astype(np.complex64)


def run(stage: Stage, samples: np.ndarray, cuts: Iterable[int] = ()) -> np.ndarray:
    """All that comes out for a stream that arrives in pieces."""
    pieces = np.split(samples, sorted(cuts))
    return np.concatenate([*(stage.process(piece) for piece in pieces), stage.flush()])


def power(samples: np.ndarray) -> float:
    """Mean power."""
    return float(np.mean(np.abs(samples) ** 2))
