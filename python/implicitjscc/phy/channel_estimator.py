# SPDX-License-Identifier: GPL-3.0-or-later
"""Impulse response of the channel from a run of known symbols, while the phase wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft
from scipy.signal import upfirdn

from .profile import STANDARD, WaveformProfile
from .pulse import root_raised_cosine
from .smoother import estimate_walk, smooth_random_walk

_EARLIEST, _LATEST = -4, 12  # symbols
_GUARD = 6  # symbols of a neighbour's pulse that still count
_SPARSE_PASSES = 12
_PHASE_PASSES = 3
_PHASE_SYMBOLS = 32
_TIME_STD = 0.05  # samples
_DRIFT_STD = 25e-6
_DISTURBED = 4.0  # times the usual power
_WEAKEST = 1e-9


@dataclass(frozen=True)
class ChannelEstimate:
    """A channel as taps between the transmitter's pulse and the receiver's samples.

    Attributes:
        taps: complex, for symbols of unit power and a pulse of unit energy.
        first_delay: of the first tap, in samples; the others follow one by one.
        noise_variance: of the complex noise on a sample.
        late: by how many samples a single path, fitted instead, comes late.
        drift: relative excess of the symbol interval within the run, held by what crystals do.
    """

    taps: NDArray[np.complex128]
    first_delay: float
    noise_variance: float
    late: float
    drift: float

    def response(self, size: int) -> NDArray[np.complex128]:
        """At the frequencies of a discrete Fourier transform of so many samples."""
        turns = np.exp(-2j * np.pi * self.first_delay * fftfreq(size))
        return np.asarray(fft(self.taps, size) * turns)


class ChannelEstimator:
    """Least squares with a sparse prior, and a phase that is tracked through the same symbols.

    Args:
        profile: of the waveform.
    """

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._sps = profile.samples_per_symbol
        self._span = profile.span_symbols
        self._pulse = root_raised_cosine(profile.rolloff, profile.span_symbols, self._sps).astype(
            np.float32
        )
        omega = 2 * np.pi * fftfreq(self._pulse.size)
        self._slope = ifft(1j * omega * fft(self._pulse.astype(float))).real.astype(np.float32)
        self._delays = np.arange(_EARLIEST * self._sps, _LATEST * self._sps + 1)

    @property
    def least_symbols(self) -> int:
        """A shorter run tells nothing."""
        return 4 * (_LATEST - _EARLIEST + 2 * _GUARD)

    def estimate(
        self, received: NDArray[np.complex64], known: NDArray[np.complex64]
    ) -> ChannelEstimate:
        """Fit taps and phase in turns.

        The phase first is taken as constant: that of single pieces would follow the echoes of the
        chirps. It is tracked against the fitted channel's output, which holds them.

        Args:
            received: samples at the symbols' times and between, shape (n * samples_per_symbol,).
            known: the symbols, shape (n,), at least ``least_symbols``.
        """
        first = (_LATEST + _GUARD) * self._sps
        count = (known.size - _LATEST + _EARLIEST - 2 * _GUARD) // _PHASE_SYMBOLS
        count *= _PHASE_SYMBOLS * self._sps
        columns = self._columns(self._pulse, known, first, count)
        slopes = self._columns(self._slope, known, first, count)
        observed = received[first : first + count].copy()
        disturbed = self._disturbed(observed)
        for piece in (columns, slopes, observed):
            piece[disturbed] = 0
        count -= int(np.count_nonzero(disturbed))
        gram = (columns.conj().T @ columns).astype(np.complex128)
        turn = np.ones(observed.size, np.complex64)
        prior = None
        for _ in range(_PHASE_PASSES):
            turned = observed * turn.conj()
            matched = (columns.conj().T @ turned).astype(np.complex128)
            energy = float(np.sum(np.abs(turned) ** 2))
            taps, noise_variance, prior = sparse_fit(gram, matched, energy, count, prior)
            single = taps.astype(np.complex64)
            turn = self._phase(columns @ single, observed, noise_variance)
        late, drift = self._late(columns @ single, slopes @ single, observed, noise_variance)
        first_delay = float(self._delays[0]) + late
        now = int(np.flatnonzero(self._delays == 0)[0])
        late, _ = self._late(columns[:, now], slopes[:, now], observed, noise_variance)
        return ChannelEstimate(taps, first_delay, noise_variance, late, drift)

    def _columns(
        self, pulse: NDArray[np.float32], known: NDArray[np.complex64], first: int, count: int
    ) -> NDArray[np.complex64]:
        """The known signal at each delay, shape (count, taps)."""
        signal = upfirdn(pulse, known, up=self._sps)[self._span * self._sps :]
        windows = sliding_window_view(signal, self._delays.size)
        start = first - int(self._delays[-1])
        return np.ascontiguousarray(windows[start : start + count, ::-1])

    def _disturbed(self, observed: NDArray[np.complex64]) -> NDArray[np.bool_]:
        """Samples in pieces of far more power than the others."""
        length = _PHASE_SYMBOLS * self._sps
        power = np.mean(np.abs(observed.reshape(-1, length)) ** 2, axis=1)
        return np.repeat(power > _DISTURBED * np.median(power), length)

    def _late(
        self,
        model: NDArray[np.complex64],
        slope: NDArray[np.complex64],
        observed: NDArray[np.complex64],
        noise_variance: float,
    ) -> tuple[float, float]:
        """By how many samples the observed comes later than a model, and drifts, to first order.

        With a gain that is free in each short piece: a chirp's time looks like a phase, so that a
        wandering phase would pass for a delay. Both are held by what is known before: how well a
        preamble tells the time, and what crystals do.
        """
        length = _PHASE_SYMBOLS * self._sps
        model, slope, observed = (x.reshape(-1, length) for x in (model, slope, observed))
        energy = np.sum(np.abs(model) ** 2, axis=1)
        energy = np.maximum(energy, np.float32(_WEAKEST) * energy.max() + np.float32(1e-30))
        gain = np.sum(model.conj() * observed, axis=1) / energy
        along = np.sum(model.conj() * slope, axis=1) / energy
        expected = gain[:, None] * (slope - along[:, None] * model)
        missing = gain[:, None] * model - observed
        places = np.arange(missing.size).reshape(missing.shape) - (missing.size - 1) / 2
        precision = np.sum(np.abs(expected) ** 2, axis=1, dtype=np.float64)
        agreement = np.sum((expected.conj() * missing).real, axis=1, dtype=np.float64)
        centre = places.mean(axis=1)
        prior = noise_variance / 2 / np.array([_TIME_STD**2, _DRIFT_STD**2])
        basis = np.stack((np.ones_like(centre), centre))
        system = (basis * precision) @ basis.T + np.diag(prior)
        late, drift = np.linalg.solve(system, basis @ agreement)
        return float(late), float(drift)

    def _phase(
        self,
        model: NDArray[np.complex64],
        observed: NDArray[np.complex64],
        noise_variance: float,
    ) -> NDArray[np.complex64]:
        """The wandering phase as a factor for each sample."""
        length = _PHASE_SYMBOLS * self._sps
        energy = np.sum(np.abs(model.reshape(-1, length)) ** 2, axis=1).astype(float)
        energy = np.maximum(energy, _WEAKEST * max(float(energy.max()), _WEAKEST))
        gains = np.sum((model.conj() * observed).reshape(-1, length), axis=1) / energy
        phases = np.unwrap(np.angle(gains))
        times = (np.arange(phases.size) + 0.5) * _PHASE_SYMBOLS
        variances = noise_variance / (2 * energy)
        walk = estimate_walk([(phases, float(np.mean(variances)))], _PHASE_SYMBOLS)
        path = smooth_random_walk(times, phases, variances, walk)
        places = (np.arange(observed.size) + 0.5) / self._sps
        return np.exp(1j * np.interp(places, times, path)).astype(np.complex64)


def sparse_fit(
    gram: NDArray[np.complex128],
    matched: NDArray[np.complex128],
    energy: float,
    count: int,
    prior: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.complex128], float, NDArray[np.float64]]:
    """Sparse Bayesian learning: each coefficient has a prior variance of its own, learnt.

    M. E. Tipping, "Sparse Bayesian learning and the relevance vector machine", J. Machine
    Learning Research 1, 2001, with its fixed-point updates.

    Args:
        gram: A^H A, shape (n, n).
        matched: A^H y, shape (n,).
        energy: y^H y.
        count: rows of A.
        prior: variances from an earlier fit to begin with; None to begin with equal ones.

    Returns:
        the coefficients' mean, the noise's variance, the priors' variances.
    """
    size = matched.size
    scale = float(np.trace(gram).real) / size
    if energy <= 0 or scale <= 0:
        return np.zeros(size, complex), _WEAKEST, np.zeros(size)
    passes = _SPARSE_PASSES if prior is None else _SPARSE_PASSES // 3
    if prior is None:
        prior = np.full(size, energy / count / size)
    noise = 0.1 * energy / count
    floor = _WEAKEST * energy / count
    mean = np.zeros(size, complex)
    for _ in range(passes):
        root = np.sqrt(prior)
        # Scaled by the prior, so that coefficients that vanish do no harm.
        system = gram * (root[:, None] * root) / noise
        system[np.diag_indices(size)] += 1
        inverse = np.linalg.inv(system)
        mean = root * (inverse @ (root * matched)) / noise
        known = np.clip(1 - inverse.diagonal().real, 1e-6, 1)
        residual = energy - 2 * np.vdot(mean, matched).real + np.vdot(mean, gram @ mean).real
        noise = max(float(residual) / max(count - float(np.sum(known)), 1.0), floor)
        prior = np.maximum(np.abs(mean) ** 2 / known, _WEAKEST * floor)
    return mean, noise, prior
