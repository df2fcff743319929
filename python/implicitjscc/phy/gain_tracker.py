# SPDX-License-Identifier: GPL-3.0-or-later
"""Complex gain of a frame from its known symbols: a phase that wanders, an amplitude that fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft

from .gain_steps import Steps, find_steps
from .local_noise import base_variance, local_factors, outpowered
from .smoother import estimate_walk, middle, smooth_random_walk, smoothed_variance

NODE_SYMBOLS = 64  # known symbols in a row that make one observation of the gain
_COARSE_NODES = 9
_PASSES = 3
_MORE_PASSES = 2  # where interference had to be found first
_FREQUENCY_OVERSAMPLING = 4
_SUSPECT_FACTOR = 16.0  # of the noise where interference may be, until residuals tell
_LARGEST = 4.0  # of the usual amplitude: what is more is interference
# An oscillator always wanders; an amplitude seldom fades, and chance should not look like it.
_FADING_EVIDENCE = 9.0
_FARTHEST = 2.0  # rad: a phase that is observed farther off is noise
# Of a walk's variance over one observation: its symbols around lines between their means.
_WITHIN_RUN = 0.129
_LEAST_AMPLITUDE = 0.05  # of the frame's mean: a deeper fade is not followed


@dataclass(frozen=True)
class Gain:
    """Complex gain over a frame.

    Attributes:
        amplitude: of a symbol of unit amplitude, mean over the frame but for steps.
        noise_variance: of the complex noise on a received symbol, where nothing disturbs and
            but for steps, which signal and noise take together.
        tracking_variance: mean variance of the relative gain's estimate, all symbols.
        frequency: residual frequency offset in it, cycles a symbol.
        times, phases, amplitudes: of the observations, interpolated between; steps apart.
        noise_factors: by how much the noise at each observation exceeds ``noise_variance``.
        steps: of the amplitude.
    """

    amplitude: float
    noise_variance: float
    tracking_variance: float
    frequency: float
    times: NDArray[np.float64]
    phases: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    noise_factors: NDArray[np.float64]
    steps: Steps

    def amplitude_at(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Amplitude of the gain at symbols of the frame."""
        smooth = np.interp(positions, self.times, self.amplitudes)
        return (smooth * self.steps.at(positions)).astype(np.float32)

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.complex64]:
        """The complex gain at symbols of the frame."""
        phase = np.interp(positions, self.times, self.phases)
        phase += 2 * np.pi * self.frequency * positions
        return _polar(self.amplitude_at(positions), phase)

    def noise_variance_at(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Variance of the complex error on symbols once they are divided by the gain."""
        noise = self.noise_variance * np.interp(positions, self.times, self.noise_factors)
        smooth = np.interp(positions, self.times, self.amplitudes)
        ratio = (noise / smooth**2).astype(np.float32)
        return np.asarray(ratio + np.float32(self.tracking_variance))

    @property
    def noise_ratio(self) -> float:
        """N0/Es of a symbol of unit power."""
        return self.noise_variance / self.amplitude**2

    @property
    def snr_db(self) -> float:
        """Es/N0 of a symbol of unit power."""
        return float(10 * np.log10(max(self.amplitude**2 / self.noise_variance, 1e-12)))


def track(
    positions: NDArray[np.int64],
    received: NDArray[np.complex64],
    known: NDArray[np.complex64],
    frequency_range: float,
    *,
    uncounted: int = 0,
    power: NDArray[np.float32] | None = None,
) -> Gain:
    """Fit a gain to known symbols.

    Args:
        positions: of the known symbols, increasing.
        received: there.
        known: sent there.
        frequency_range: largest residual frequency offset, cycles a symbol.
        uncounted: so many of the frame's first symbols say nothing about the noise on others: the
            chirps behind an equaliser, whose neighbours are no chance.
        power: of all received symbols, for the place of steps; None where none are looked for.
    """
    times, values, energy, counts = observations(positions, received, known)
    size = np.abs(values)
    usual = max(middle(size), 1e-15)
    tame = np.minimum(1, 2 * usual / np.maximum(size, usual))
    frequency = _frequency(times, values * energy * tame, frequency_range)
    values = values * np.exp(-2j * np.pi * frequency * times)
    rotated = received * np.exp(-2j * np.pi * frequency * positions).astype(np.complex64)
    path = _coarse_path(values * tame, energy)
    amplitude, steps = np.full(times.size, usual), Steps.none()
    noise, walk, fading = 0.0, 0.0, 0.0
    blatant = size > _LARGEST * usual
    factors = np.where(blatant, 2.0, 1.0)
    if power is not None:
        # Else the first path follows interference, and no later one leaves it.
        factors[outpowered(times, values, power)] = _SUSPECT_FACTOR
    groups = [group for group in (counts > 1, counts == 1) if np.count_nonzero(group) > 2]
    counted = positions >= uncounted
    if np.count_nonzero(counted) < 16:
        counted[:] = True
    turn = 0
    while turn < _PASSES + (_MORE_PASSES if np.any(factors > 1) else 0):
        along = values * np.exp(-1j * path)
        if turn:
            if power is not None and turn >= _PASSES - 1:
                steps = find_steps(times, along.real, energy * (factors == 1), power)
            profile = steps.at(times)
            amplitude, fading = _amplitude(
                times, along.real / profile, noise * factors, energy, groups
            )
        else:
            inlying = size <= 2 * usual
            weight = energy * inlying
            amplitude[:] = max(float(np.sum(weight * along.real) / np.sum(weight)), 0.05 * usual)
        scale = steps.at(positions)
        smooth = np.interp(positions, times, amplitude) * scale
        model = _polar(smooth, np.interp(positions, times, path)) * known
        # A receiver's gain steps for signal and noise alike.
        error = (np.abs(rotated - model) / scale) ** 2
        noise = max(base_variance(error[counted]), 1e-12 * usual**2)
        if turn:
            factors = local_factors(error, noise, counts)
        factors[blatant] = np.maximum(size**2 * energy / noise, 2.0)[blatant]
        variances = noise * factors / (2 * amplitude**2 * energy)
        across = along.imag / (amplitude * steps.at(times))
        observed = path + np.clip(across, -_FARTHEST, _FARTHEST)
        quiet = np.where(factors > 1, path, observed)
        walk = _walk(times, quiet, noise / (2 * amplitude**2 * energy), groups)
        path = smooth_random_walk(times, observed, variances, walk)
        turn += 1
    mean = float(np.mean(amplitude))
    spare = noise / (2 * mean**2 * middle(energy))
    spacing = middle(np.diff(times)) if times.size > 1 else float(NODE_SYMBOLS)
    tracking = sum(_between(times.size, moves, spare, spacing) for moves in (walk, fading))
    # The path follows some of the noise, which the residuals then lack.
    followed = sum(smoothed_variance(times.size, m, spare, spacing) for m in (walk, fading))
    missing = times.size / counted.sum() * followed / spare / 2
    noise /= 1 - min(missing, 0.5)
    # Within a run of known symbols it moves between observations, which the residuals then hold.
    in_runs = float(np.mean(np.repeat(counts > 1, counts)[counted]))
    within = _WITHIN_RUN * NODE_SYMBOLS * (walk + fading) * in_runs * mean**2
    noise -= min(within, 0.5 * noise)
    return Gain(mean, noise, tracking, frequency, times, path, amplitude, factors, steps)


def _amplitude(
    times: NDArray[np.float64],
    observed: NDArray[np.float64],
    noise: NDArray[np.float64],
    energy: NDArray[np.float64],
    groups: list[NDArray[np.bool_]],
) -> tuple[NDArray[np.float64], float]:
    """The smoothed amplitude, and its relative walk."""
    variances = noise / (2 * energy)
    mean = float(np.sum(observed / variances) / np.sum(1 / variances))
    mean = max(mean, 1e-15)
    relative, variances = observed / mean, variances / mean**2
    typical = middle(variances)
    quiet = np.where(variances > 8 * typical, 1.0, relative)
    walk = _walk(times, quiet, variances, groups, _FADING_EVIDENCE)
    smooth = smooth_random_walk(times, relative, variances, walk)
    return np.maximum(smooth, _LEAST_AMPLITUDE) * mean, walk


def _walk(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    variances: NDArray[np.float64],
    groups: list[NDArray[np.bool_]],
    evidence: float = 0.0,
) -> float:
    parts = [(values[group], middle(variances[group])) for group in groups]
    spacings = [middle(np.diff(times[group])) for group in groups]
    return estimate_walk(parts, spacings, evidence)


def _between(count: int, walk: float, variance: float, spacing: float) -> float:
    """Mean variance of the path, which is a line between observations.

    In the middle between two it follows from the filters from both sides, each with half a step's
    variance; Simpson's rule.
    """
    step = walk * spacing
    at = smoothed_variance(count, walk, variance, spacing)
    predicted = (step + np.sqrt(step**2 + 4 * step * variance)) / 2
    filtered = predicted * variance / (predicted + variance) if predicted else 0.0
    middle = max((filtered + step / 2) / 2, at)
    return float((2 * at + 4 * middle) / 6)


def _polar(amplitude: NDArray, phase: NDArray[np.float64]) -> NDArray[np.complex64]:
    angle = (phase - 2 * np.pi * np.rint(phase / (2 * np.pi))).astype(np.float32)
    gain = np.empty(angle.shape, np.complex64)
    gain.real, gain.imag = amplitude * np.cos(angle), amplitude * np.sin(angle)
    return gain


def observations(
    positions: NDArray[np.int64], received: NDArray[np.complex64], known: NDArray[np.complex64]
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.float64], NDArray[np.int64]]:
    """Observations of the complex gain: time, value, energy behind it, symbols in it."""
    new_run = np.diff(positions, prepend=positions[0] - 2) != 1
    run = np.cumsum(new_run) - 1
    within = positions - positions[np.flatnonzero(new_run)][run]
    starts = np.flatnonzero(within % NODE_SYMBOLS == 0)
    energy = np.add.reduceat(np.abs(known).astype(np.float64) ** 2, starts)
    products = (received * known.conj()).astype(np.complex128)
    values = np.add.reduceat(products, starts) / energy
    counts = np.diff(np.append(starts, positions.size))
    times = np.add.reduceat(positions.astype(np.float64), starts) / counts
    return times, values, energy, counts


def _frequency(times: NDArray[np.float64], weighted: NDArray[np.complex128], limit: float) -> float:
    """Peak of the periodogram, by a parabola between its points."""
    cell = np.rint((times - times[0]) / NODE_SYMBOLS).astype(np.int64)
    size = 1 << int(np.ceil(np.log2(_FREQUENCY_OVERSAMPLING * (cell[-1] + 1))))
    signal = np.zeros(size, np.complex128)
    np.add.at(signal, cell, weighted)
    step = 1 / (size * NODE_SYMBOLS)
    count = min(max(int(np.ceil(limit / step)), 2), size // 2 - 1)
    spectrum = fft(signal)
    power = np.abs(np.concatenate((spectrum[-count:], spectrum[: count + 1]))) ** 2
    peak = int(np.clip(np.argmax(power), 1, power.size - 2))
    left, middle, right = power[peak - 1 : peak + 2]
    curvature = left - 2 * middle + right
    offset = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    return float((peak - count + offset) * step)


def _coarse_path(
    values: NDArray[np.complex128], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Phase of a moving average, unwrapped: where the smoother linearises first."""
    window = np.ones(min(_COARSE_NODES, values.size))
    averaged = np.convolve(values * energy, window, mode="same")[: values.size]
    return np.unwrap(np.angle(averaged))
