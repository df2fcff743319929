# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of amplifiers and of converters."""

from __future__ import annotations

import numpy as np

from .impairment import Impairment, Samples


class Clipping(Impairment):
    """An amplifier that limits the envelope and keeps the phase.

    The soft limiter: H. E. Rowe, "Memoryless nonlinearities with Gaussian inputs: elementary
    results", Bell Syst. Tech. J. 61, 1982.

    Args:
        peak: the largest magnitude that passes; inf for all.
    """

    def __init__(self, peak: float) -> None:
        self.peak = peak

    def process(self, samples: Samples) -> Samples:
        """Limited samples, shape (n,)."""
        if np.isinf(self.peak):
            return samples
        over = np.maximum(np.abs(samples) / np.float32(self.peak), np.float32(1))
        return samples / over


class Quantiser(Impairment):
    """A mid-tread converter for I and Q, full scale 1.0: from -1 to 1 - 2^(1 - bits).

    Args:
        bits: of each of the two; 0 leaves the samples as they are.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.clipped = 0

    def process(self, samples: Samples) -> Samples:
        """Rounded and clipped samples, shape (n,)."""
        if self.bits == 0:
            return samples
        steps = np.float32(2 ** (self.bits - 1))
        levels = np.rint(np.ascontiguousarray(samples).view(np.float32) * steps)
        limited = np.clip(levels, -steps, steps - 1)
        self.clipped += int(np.count_nonzero(limited != levels))
        return (limited / steps).view(np.complex64)
