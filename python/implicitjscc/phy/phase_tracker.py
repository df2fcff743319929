# SPDX-License-Identifier: GPL-3.0-or-later
"""Complex gain of a frame from its known symbols: one amplitude, a phase that wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .smoother import estimate_walk, smooth_random_walk

_NODE_SYMBOLS = 64  # known symbols in a row that make one observation of the phase
_COARSE_NODES = 9
_PASSES = 3
_FREQUENCY_OVERSAMPLING = 4


@dataclass(frozen=True)
class Gain:
    """Complex gain over a frame.

    Attributes:
        amplitude: of a symbol of unit amplitude.
        noise_variance: of the complex noise on a received symbol.
        walk: variance of the phase's increment over one symbol, rad^2.
        frequency: residual frequency offset in it, cycles a symbol.
        smoothing_variance: mean variance of the phase's estimate, rad^2.
        times, phases: of the observations; the phase between them is interpolated.
    """

    amplitude: float
    noise_variance: float
    walk: float
    frequency: float
    smoothing_variance: float
    times: NDArray[np.float64]
    phases: NDArray[np.float64]

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.complex64]:
        """The complex gain at symbols of the frame."""
        phase = np.interp(positions, self.times, self.phases)
        phase += 2 * np.pi * self.frequency * positions
        return (self.amplitude * np.exp(1j * phase)).astype(np.complex64)

    @property
    def snr_db(self) -> float:
        """Es/N0 of a symbol of unit power."""
        return float(10 * np.log10(max(self.amplitude**2 / self.noise_variance, 1e-12)))


def track(
    positions: NDArray[np.int64],
    received: NDArray[np.complex64],
    known: NDArray[np.complex64],
    frequency_range: float,
) -> Gain:
    """Fit a gain to known symbols.

    Args:
        positions: of the known symbols, increasing.
        received: there.
        known: sent there.
        frequency_range: largest residual frequency offset, cycles a symbol.
    """
    times, values, energy = _nodes(positions, received, known)
    span = float(times[-1] - times[0])
    frequency = _frequency(times, values * energy, span, frequency_range)
    values = values * np.exp(-2j * np.pi * frequency * times)
    path = _coarse_path(values, energy)
    amplitude, noise_variance, walk, smoothing = 0.0, 0.0, 0.0, 0.0
    leverage = np.zeros_like(times)
    rotation = np.exp(-2j * np.pi * frequency * positions)
    for _ in range(_PASSES):
        turned = values * np.exp(-1j * path)
        amplitude = max(float(np.sum(energy * turned.real) / np.sum(energy)), 1e-12)
        gain = amplitude * np.exp(1j * np.interp(positions, times, path))
        error = received * rotation - gain * known
        freedom = known.size - 0.5 - 0.5 * float(np.sum(leverage))
        noise_variance = max(float(np.sum(np.abs(error) ** 2)) / freedom, 1e-12 * amplitude**2)
        variances = noise_variance / (2 * amplitude**2 * energy)
        observed = path + turned.imag / amplitude
        walk = estimate_walk(times, observed, variances)
        path, leverage = smooth_random_walk(times, observed, variances, walk)
        smoothing = float(np.mean(leverage * variances))
    return Gain(amplitude, noise_variance, walk, frequency, smoothing, times, path)


def _nodes(
    positions: NDArray[np.int64], received: NDArray[np.complex64], known: NDArray[np.complex64]
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.float64]]:
    """Observations of the complex gain: time, value, and energy behind it."""
    new_run = np.diff(positions, prepend=positions[0] - 2) != 1
    run = np.cumsum(new_run) - 1
    within = positions - positions[np.flatnonzero(new_run)][run]
    starts = np.flatnonzero(within % _NODE_SYMBOLS == 0)
    energy = np.add.reduceat(np.abs(known).astype(np.float64) ** 2, starts)
    products = (received * known.conj()).astype(np.complex128)
    values = np.add.reduceat(products, starts) / energy
    counts = np.diff(np.append(starts, positions.size))
    times = np.add.reduceat(positions.astype(np.float64), starts) / counts
    return times, values, energy


def _frequency(
    times: NDArray[np.float64], weighted: NDArray[np.complex128], span: float, limit: float
) -> float:
    """Peak of the periodogram, by a parabola between its points."""
    step = 1 / (_FREQUENCY_OVERSAMPLING * span)
    count = max(int(np.ceil(limit / step)), 2)
    grid = np.arange(-count, count + 1) * step
    power = np.abs(np.exp(-2j * np.pi * grid[:, None] * times) @ weighted) ** 2
    peak = int(np.clip(np.argmax(power), 1, grid.size - 2))
    left, middle, right = power[peak - 1 : peak + 2]
    curvature = left - 2 * middle + right
    return float(grid[peak] + (0.5 * step * (left - right) / curvature if curvature < 0 else 0))


def _coarse_path(
    values: NDArray[np.complex128], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Phase of a moving average, unwrapped: where the smoother linearises first."""
    window = np.ones(min(_COARSE_NODES, values.size))
    averaged = np.convolve(values * energy, window, mode="same")[: values.size]
    return np.unwrap(np.angle(averaged))
