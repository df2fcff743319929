# SPDX-License-Identifier: GPL-3.0-or-later
"""Power of the maps of a linear analog transmission, by reverse water-filling.

A map of n values of variance s, sent with power a a value through noise of variance v, adds the
error s v / (a + v) to each pixel, whatever its level, because upsampling keeps the values' scale.
Under a limit on the sum of n a, the error is least for a = sqrt(s v / (lambda n)) - v where that is
positive, and 0 elsewhere. K.-H. Lee and D. P. Petersen, "Optimal linear coding for vector
channels", IEEE Trans. Commun. 24(12), 1976.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Allocation:
    """Powers and what they lead to.

    Attributes:
        powers: a value of each map, 0 where it is not worth its energy.
        error: mean square of a pixel's error.
    """

    powers: list[float]
    error: float


def allocate(
    variances: Sequence[float], sizes: Sequence[int], energy: float, noise: float
) -> Allocation:
    """The powers of least error.

    Args:
        variances: mean square of each map's values.
        sizes: how many values each map has.
        energy: sum of all values' power.
        noise: variance on each value, above 0.
    """
    # A map is worth more the larger its variance is against its size: the best m of them are used.
    order = sorted(range(len(sizes)), key=lambda i: -variances[i] / sizes[i])
    powers = [0.0] * len(sizes)
    amplitude = spent = 0.0
    level = 0.0
    used: list[int] = []
    for index in order:
        if variances[index] <= 0:
            break
        amplitude += sqrt(sizes[index] * variances[index])
        spent += sizes[index] * noise
        candidate = (energy + spent) / amplitude
        if candidate * sqrt(variances[index] / sizes[index]) <= noise:
            break
        level = candidate
        used.append(index)
    for index in used:
        powers[index] = level * sqrt(variances[index] / sizes[index]) - noise
    error = sum(
        variance * noise / (power + noise)
        for variance, power in zip(variances, powers, strict=True)
    )
    return Allocation(powers, error)
