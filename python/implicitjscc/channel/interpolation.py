# SPDX-License-Identifier: GPL-3.0-or-later
"""Values between samples, and filters that change slowly within a block.

A windowed sinc (Kaiser; error below -80 dB within +-0.4 cycles a sample) is the interpolator. That
its taps are polynomials of the fraction is the structure of C. W. Farrow, "A continuously variable
digital delay element", ISCAS 1988; T. I. Laakso et al., "Splitting the unit delay", IEEE Signal
Process. Mag. 13, 1996.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import fft

from .impairment import Samples

REACH = 24
"""Samples that the interpolator looks ahead and back."""

_KAISER_BETA = 8.0
_WINDOW = REACH - 1.0  # so that a fraction from -1 to 1 stays within REACH
_DEGREE = 14


def windowed_sinc(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The interpolator's impulse response at times in samples; 0 from ``REACH - 1`` on."""
    inside = np.maximum(1 - (times / _WINDOW) ** 2, 0)
    window = np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA)
    return np.asarray(np.where(np.abs(times) < _WINDOW, np.sinc(times) * window, 0.0))


@functools.cache
def fraction_polynomials() -> NDArray[np.float64]:
    """Coefficients c, shape (degree + 1, 2 REACH + 1), of the taps at a fraction u from -1 to 1.

    The value at time n + u is the sum over j from -REACH to REACH of sample n + j times
    sum_m c[m, REACH + j] u^m.
    """
    fractions = np.cos(np.pi * (np.arange(4 * _DEGREE) + 0.5) / (4 * _DEGREE))
    taps = windowed_sinc(fractions[:, None] - np.arange(-REACH, REACH + 1))
    series = chebyshev.chebfit(fractions, taps, _DEGREE)
    powers = np.zeros_like(series)
    for order in range(_DEGREE + 1):
        unit = chebyshev.cheb2poly(np.eye(_DEGREE + 1)[order])
        powers[: unit.size] += unit[:, None] * series[order]
    return powers


def shifted_polynomials(centre: float, orders: int) -> NDArray[np.float64]:
    """The taps around a fraction: the first coefficients of powers of u - centre.

    Args:
        centre: from -1 to 1.
        orders: how many coefficients.

    Returns:
        shape (orders, 2 REACH + 1).
    """
    shift = np.zeros((orders, _DEGREE + 1))
    for order in range(orders):
        for power in range(order, _DEGREE + 1):
            shift[order, power] = math.comb(power, order) * centre ** (power - order)
    return shift @ fraction_polynomials()


def filter_block(
    block: Samples,
    responses: NDArray[np.complex64],
    weights: NDArray[np.float32],
    part: slice,
) -> Samples:
    """One block of overlap-save through several filters, summed with weights for each sample.

    Args:
        block: shape (n,).
        responses: shape (k, n), transforms of the filters.
        weights: shape (k, m), real; ignored for one filter alone.
        part: the m places of the block whose results are valid.

    Returns:
        shape (m,).
    """
    branches = fft.ifft(fft.fft(block) * responses, axis=-1)[:, part]
    if len(responses) == 1:
        return np.asarray(branches[0])
    total = branches[0] * weights[0]
    for branch, weight in zip(branches[1:], weights[1:], strict=True):
        total += branch * weight
    return np.asarray(total)
