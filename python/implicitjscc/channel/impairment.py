# SPDX-License-Identifier: GPL-3.0-or-later
"""What all impairments have in common."""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.complex64]


class Source(enum.IntEnum):
    """Independent random sequences of one seed."""

    AWGN = 1
    PHASE_NOISE = 2
    MULTIPATH = 3
    LOSS = 4
    INTERFERENCE_SLOTS = 5
    INTERFERENCE = 6
    GAIN_STEPS = 7
    DC_SPIKE = 8
    DROPS = 9
    FADING = 10


def generator(seed: int, source: Source) -> np.random.Generator:
    """The generator of one source of randomness; drawn one value after the other."""
    return np.random.Generator(np.random.SFC64([seed, int(source)]))


class Impairment:
    """A stage that takes samples as they come and keeps what it needs of them.

    What comes out does not depend on how the stream was cut into pieces. Neither an input nor an
    output array is kept or changed afterwards.
    """

    def process(self, samples: Samples) -> Samples:
        """The next samples of the stream; their number may differ from that of what comes out."""
        raise NotImplementedError

    def flush(self) -> Samples:
        """The stream has ended: what is left of it."""
        return np.empty(0, np.complex64)


def complex_normals(random: np.random.Generator, count: int, rms: float) -> Samples:
    """Circular complex Gaussian values of mean power rms^2."""
    values = random.standard_normal(2 * count, dtype=np.float32)
    values *= np.float32(rms / np.sqrt(2))
    return values.view(np.complex64)


def turn(cycles: NDArray[np.float64]) -> Samples:
    """exp(2 j pi cycles), of any shape."""
    phase = ((2 * np.pi) * (cycles - np.rint(cycles))).astype(np.float32)
    turned = np.empty(phase.shape, np.complex64)
    turned.real = np.cos(phase)
    turned.imag = np.sin(phase)
    return turned
