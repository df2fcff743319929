# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes and goes: time in pieces of one length, each with a random number of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .impairment import Impairment, Samples, complex_normals

LEAST_SLOT = 32
"""Samples."""


class RandomSlots:
    """Pieces of equal length, each with an independent number that is uniform from 0 to 1.

    Args:
        length: samples of a piece, at least ``LEAST_SLOT``.
        random: where the numbers are drawn from; also the first piece's length.
    """

    def __init__(self, length: int, random: np.random.Generator) -> None:
        self._length = max(length, LEAST_SLOT)
        self._random = random
        self._left = int(random.integers(1, self._length + 1))
        self._value = float(random.random())

    def take(self, count: int) -> Iterator[tuple[slice, float]]:
        """The parts of the next ``count`` samples, and each one's number."""
        start = 0
        while start < count:
            if self._left == 0:
                self._left, self._value = self._length, float(self._random.random())
            stop = min(count, start + self._left)
            self._left -= stop - start
            yield slice(start, stop), self._value
            start = stop


class BurstLoss(Impairment):
    """Nothing of the signal arrives for a while; each slot is lost with one probability.

    Args:
        probability: of a slot's loss, and so the mean fraction of time; may be changed at any time.
            A greater one loses the same slots and others.
        slots: pieces of time.
    """

    def __init__(self, probability: float, slots: RandomSlots) -> None:
        self.probability = probability
        self._slots = slots

    def process(self, samples: Samples) -> Samples:
        """Samples, 0 where lost, shape (n,)."""
        lost = [part for part, value in self._slots.take(samples.size) if value < self.probability]
        if not lost:
            return samples
        left = samples.copy()
        for part in lost:
            left[part] = 0
        return left


class BurstInterference(Impairment):
    """White Gaussian noise of another transmitter that is there in some slots.

    Args:
        rms: of the interference on a complex sample while it is there.
        duty: probability of a slot to have it.
        slots: pieces of time.
        random: where it is drawn from.
    """

    def __init__(
        self, rms: float, duty: float, slots: RandomSlots, random: np.random.Generator
    ) -> None:
        self._rms, self._duty, self._slots, self._random = rms, duty, slots, random

    def process(self, samples: Samples) -> Samples:
        """Samples plus interference, shape (n,)."""
        if self._rms == 0 or self._duty == 0:
            return samples
        disturbed = samples.copy()
        for part, value in self._slots.take(samples.size):
            if value < self._duty:
                disturbed[part] += complex_normals(self._random, part.stop - part.start, self._rms)
        return disturbed


class GainSteps(Impairment):
    """The receiver's gain, and steps of an automatic one: in each slot -step, 0 or +step dB.

    Args:
        gain_db: nominal gain; may be changed at any time.
        step_db: of the automatic gain.
        slots: pieces of time.
    """

    def __init__(self, gain_db: float, step_db: float, slots: RandomSlots) -> None:
        self.gain_db = gain_db
        self._step_db = step_db
        self._slots = slots

    def process(self, samples: Samples) -> Samples:
        """Scaled samples, shape (n,)."""
        if self._step_db == 0:
            return samples * _ratio(self.gain_db) if self.gain_db else samples
        scaled = samples * _ratio(self.gain_db)
        for part, value in self._slots.take(samples.size):
            scaled[part] *= _ratio(self._step_db * (int(3 * value) - 1))
        return scaled


def _ratio(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))
