# SPDX-License-Identifier: GPL-3.0-or-later
"""A direct-conversion receiver's mixer and what leaks through it."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from .impairment import Impairment, Samples, complex_normals


class IqImbalance(Impairment):
    """A Q branch of another gain that is not quite in quadrature.

    Q becomes g (Q cos p + I sin p). M. Valkama, M. Renfors, V. Koivunen, "Advanced methods for I/Q
    imbalance compensation in communication receivers", IEEE Trans. Signal Process. 49, 2001.

    Args:
        gain_db: g, of Q over I.
        phase_deg: p.
    """

    def __init__(self, gain_db: float, phase_deg: float) -> None:
        gain, phase = 10 ** (gain_db / 20), np.deg2rad(phase_deg)
        self._direct = np.float32(gain * np.cos(phase))
        self._cross = np.float32(gain * np.sin(phase))

    def process(self, samples: Samples) -> Samples:
        """Imbalanced samples, shape (n,)."""
        if self._cross == 0 and self._direct == 1:
            return samples
        imbalanced = samples.copy()
        imbalanced.imag *= self._direct
        imbalanced.imag += self._cross * samples.real
        return imbalanced


class DcOffset(Impairment):
    """A constant, at 45 degrees: as much in I as in Q.

    Args:
        rms: its magnitude.
    """

    def __init__(self, rms: float) -> None:
        self._offset = np.complex64(rms * (1 + 1j) / np.sqrt(2))

    def process(self, samples: Samples) -> Samples:
        """Samples plus the constant, shape (n,)."""
        return samples + self._offset if self._offset else samples


class DcSpike(Impairment):
    """A line at frequency zero that has a width: low-pass Gaussian noise.

    A first-order autoregression (Ornstein-Uhlenbeck) of a given rms, which stands for the drift and
    the flicker noise that a constant does not have.

    Args:
        rms: of the process.
        bandwidth: one-sided, at -3 dB, in cycles a sample.
        random: where it is drawn from.
    """

    def __init__(self, rms: float, bandwidth: float, random: np.random.Generator) -> None:
        self._rms = rms
        self._pole = float(np.exp(-2 * np.pi * bandwidth))
        self._random = random
        self._state = complex_normals(random, 1, rms).astype(np.complex128) * self._pole

    def process(self, samples: Samples) -> Samples:
        """Samples plus the spike, shape (n,)."""
        if self._rms == 0 or samples.size == 0:
            return samples
        step = self._rms * np.sqrt(1 - self._pole**2)
        drive = complex_normals(self._random, samples.size, step)
        spike, self._state = lfilter([1.0], [1.0, -self._pole], drive, zi=self._state)
        return samples + spike.astype(np.complex64)
