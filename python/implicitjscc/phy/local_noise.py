# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a frame the noise is more than elsewhere: bursts of interference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing
from scipy.special import gammainccinv

from .smoother import middle

_FALSE_ALARM = 1e-7  # of one window
_WINDOWS = (1, 4, 16, 64)  # observations
# Mean power of exponential variates is gamma-distributed.
_LIMITS = [float(gammainccinv(window, _FALSE_ALARM)) / window for window in _WINDOWS]
_GAP = 4  # observations
_MEAN_WINDOW = 17  # observations
_AROUND = 32  # symbols on each side
_OUTPOWERED = 5.0
_POWER_WINDOW = 16  # symbols
_POWER_LIMIT = 8.0  # heavy-tailed payload stays below it
_TAIL, _TAIL_POWER = 24, 1e-3  # symbols and relative power of a filter's ringing


def base_variance(error: NDArray[np.float64]) -> float:
    """Mean of what is left of squared errors without those that no noise explains.

    Args:
        error: squared magnitudes, exponentially distributed where there is noise only.
    """
    median = middle(error) / np.log(2)
    inlying = error[error <= _LIMITS[0] * median]
    return float(np.mean(inlying)) if inlying.size else median


def local_factors(
    error: NDArray[np.float64], variance: float, counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """By how much the noise exceeds a variance around each observation, 1 where not clearly.

    Args:
        error: squared, of each known symbol.
        variance: expected.
        counts: symbols of each observation.
    """
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    power = np.add.reduceat(error, starts) / (counts * variance)
    flagged = np.zeros(power.size, bool)
    for window, limit in zip(_WINDOWS, _LIMITS, strict=True):
        if window > power.size:
            break
        # What a shorter window has found would spread over a longer one.
        total = np.concatenate(([0.0], np.cumsum(np.where(flagged, 1.0, power))))
        above = (total[window:] - total[:-window]) / window > limit
        spread = np.zeros(power.size + 1)
        spread[: above.size] += above
        spread[window : window + above.size] -= above
        flagged |= np.cumsum(spread[:-1]) > 0.5
    factors = np.ones(power.size)
    if flagged.any():
        # By chance some observations within a burst have little noise.
        flagged = binary_closing(np.pad(flagged, _GAP), np.ones(_GAP + 1))[_GAP:-_GAP]
        edges = np.flatnonzero(np.diff(flagged.astype(np.int8), prepend=0, append=0))
        for first, last in edges.reshape(-1, 2):
            factors[first:last] = max(float(np.mean(power[first:last])), 1.0)
    return factors


def outpowered(
    times: NDArray[np.float64], values: NDArray[np.complex128], power: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Observations around which there is far more power than their mean explains, for this frame.

    A fade, a step of the gain or a frame's noise change both alike, interference the power alone.

    Args:
        times: of the observations of the gain, in symbols.
        values: observed.
        power: of all received symbols.
    """
    window = np.ones(min(_MEAN_WINDOW, values.size))
    means = np.convolve(values, window, mode="same")[: values.size] / window.size
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    first = np.clip(times.astype(np.int64) - _AROUND, 0, power.size - 1)
    last = np.minimum(first + 2 * _AROUND, power.size)
    ratio = (total[last] - total[first]) / (last - first)
    ratio /= np.maximum(np.abs(means) ** 2, 1e-30)
    return np.asarray(ratio > _OUTPOWERED * middle(ratio))


def burst_variance(power: NDArray[np.float32], usual: float) -> NDArray[np.float32]:
    """Variance of interference that is far stronger than the payload, for each symbol, else 0.

    It shows between the pilots and tells where it begins and ends.

    Args:
        power: of all received symbols, relative to the payload's.
        usual: its mean, noise included.
    """
    excess = np.zeros(power.size, np.float32)
    if power.size < _POWER_WINDOW:
        return excess
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    mean = (total[_POWER_WINDOW:] - total[:-_POWER_WINDOW]) / _POWER_WINDOW
    for first in np.flatnonzero(mean > _POWER_LIMIT * usual):
        here = slice(first, first + _POWER_WINDOW)
        around = slice(max(first - _TAIL, 0), first + _POWER_WINDOW + _TAIL)
        excess[here] = np.maximum(excess[here], mean[first] - usual)
        excess[around] = np.maximum(excess[around], _TAIL_POWER * mean[first])
    return excess
