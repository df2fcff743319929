# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of a gain within a frame, as a receiver's automatic gain control makes them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .smoother import middle

_REACH = (8, 32, 128)  # observations on each side
_THRESHOLD = 40.0  # of a chi-square variate: 1e-9
_LEAST_CHANGE = 0.04
_MOST_STEPS = 8
_CHI_SQUARE_MEDIAN = 0.455
_NORMAL_MEDIAN = 0.6745


@dataclass(frozen=True)
class Steps:
    """A gain that is constant between steps.

    Attributes:
        places: of each step's first symbol, increasing.
        levels: relative gain before, between and behind the steps; one more than ``places``.
    """

    places: NDArray[np.int64]
    levels: NDArray[np.float64]

    @staticmethod
    def none() -> Steps:
        """A gain that does not step."""
        return Steps(np.empty(0, np.int64), np.ones(1))

    def at(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Relative gain at symbols of the frame."""
        return self.levels[np.searchsorted(self.places, positions, side="right")]


def find_steps(
    times: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    energy: NDArray[np.float64],
    power: NDArray[np.float32],
) -> Steps:
    """Steps that stand out of noise and of slow fading.

    A difference between means on both sides is tested at each place and over several lengths, the
    greatest first; the power of all symbols then tells the place between the observations.

    Args:
        times: of observations, in symbols.
        amplitudes: observed.
        energy: behind each, 0 where it is not to be believed.
        power: of all received symbols of the frame.
    """
    good = energy > 0
    if np.count_nonzero(good) < 2 * _REACH[0]:
        return Steps.none()
    times, amplitudes, energy = times[good], amplitudes[good], energy[good]
    scaled = np.diff(amplitudes) / np.sqrt(1 / energy[1:] + 1 / energy[:-1])
    deviation = middle(np.abs(scaled)) / _NORMAL_MEDIAN
    places: list[int] = []
    while deviation > 0 and len(places) < _MOST_STEPS:
        place = _greatest(amplitudes, energy / deviation**2, sorted(places))
        if place is None:
            break
        places.append(place)
    if not places:
        return Steps.none()
    bounds = [0, *sorted(places), times.size]
    levels = np.array(
        [np.average(amplitudes[a:b], weights=energy[a:b]) for a, b in pairwise(bounds)]
    )
    levels = np.maximum(levels, 0.05 * levels.max())
    exact = [
        _locate(power, times, place, levels[n] / levels[n + 1])
        for n, place in enumerate(sorted(places))
    ]
    return Steps(np.maximum.accumulate(np.array(exact)), levels / levels.mean())


def _greatest(
    values: NDArray[np.float64], weights: NDArray[np.float64], places: list[int]
) -> int | None:
    """The most significant step that is left: number of the observation behind it."""
    weight = np.concatenate(([0.0], np.cumsum(weights)))
    moment = np.concatenate(([0.0], np.cumsum(weights * values)))
    bounds = np.array([0, *places, values.size])
    here = np.arange(1, values.size)
    segment = np.searchsorted(bounds, here, side="right")
    allowed = here != bounds[segment - 1]
    best, found = _THRESHOLD, None
    for reach in _REACH:
        first = np.maximum(here - reach, bounds[segment - 1])
        last = np.minimum(here + reach, bounds[np.minimum(segment, bounds.size - 1)])
        before = np.maximum(weight[here] - weight[first], 1e-30)
        behind = np.maximum(weight[last] - weight[here], 1e-30)
        low = (moment[here] - moment[first]) / before
        high = (moment[last] - moment[here]) / behind
        score = (high - low) ** 2 / (1 / before + 1 / behind)
        score /= max(middle(score) / _CHI_SQUARE_MEDIAN, 1.0)
        clear = np.abs(high - low) > _LEAST_CHANGE * np.minimum(np.abs(high), np.abs(low))
        few = np.minimum(here - first, last - here) < 4
        score[~(allowed & clear) | few] = 0
        peak = int(np.argmax(score))
        if score[peak] > best:
            best, found = float(score[peak]), int(here[peak])
    return found


def _locate(
    power: NDArray[np.float32], times: NDArray[np.float64], place: int, ratio: float
) -> int:
    """First symbol behind a step, by the likelihood of the symbols' powers.

    Args:
        power: of all symbols.
        times: of the observations.
        place: first observation behind the step.
        ratio: of the amplitudes before and behind.
    """
    first = int(times[max(place - 2, 0)])
    last = min(int(times[min(place + 1, times.size - 1)]) + 1, power.size)
    around = power[first:last].astype(np.float64)
    near = power[max(first - 512, 0) : last + 512].astype(np.float64)
    if around.size < 2 or not near.any():
        return int(times[place])
    behind = 2 * float(near.mean()) / (1 + ratio**2)
    before = behind * ratio**2
    gained = around / behind + np.log(behind) - around / before - np.log(before)
    total = np.concatenate(([0.0], np.cumsum(gained)))
    return first + int(np.argmax(total))
