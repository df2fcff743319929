# SPDX-License-Identifier: GPL-3.0-or-later
"""DC offset and IQ imbalance of the receiver, removed blindly from a frame's raw samples.

Both assume a circular signal without a mean, which the interleaver's turns guarantee.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .smoother import middle

# A heavy-tailed payload's samples stay below this many times their median.
_BURST_POWER = 200.0
_MEDIAN_STEP = 7
_EVIDENCE = 3.0  # variances


def remove_dc_and_iq_imbalance(
    samples: NDArray[np.complex64], samples_per_symbol: int
) -> NDArray[np.complex64]:
    """Subtract the mean, then the image, each as far as it stands out of its own uncertainty.

    The image's coefficient follows from the second moments E[r^2] and E[|r|^2]: M. Windisch,
    G. Fettweis, "Blind I/Q imbalance parameter estimation and compensation in low-IF receivers",
    ISCCSP 2004. Both estimates are shrunk (James-Stein), so that a short frame of a good radio is
    not made worse by correcting what is only chance.

    Args:
        samples: those of one frame, before frequency correction.
        samples_per_symbol: how many samples share one independent symbol.
    """
    if not samples.size:
        return samples
    usual = _without_bursts(samples)
    power = _power(usual)
    uncertainty = power * samples_per_symbol / usual.size
    mean = np.complex64(shrink(complex(usual.mean(dtype=np.complex128)), uncertainty))
    centred = samples - mean
    usual = centred if usual is samples else usual - mean
    power = _power(usual)
    # Pairwise sums of float32: good to 1e-6 of the power.
    pseudo = complex(np.mean(usual.real**2 - usual.imag**2), 2 * np.mean(usual.real * usual.imag))
    pseudo = shrink(pseudo, 2 * uncertainty * power)
    root = np.sqrt(max(power**2 - abs(pseudo) ** 2, 0.0))
    if power + root == 0:
        return centred
    image = np.complex64(pseudo / (power + root))
    return centred - image * centred.conj() if image else centred


def shrink(estimate: complex, variance: float) -> complex:
    """Less of an estimate the less it stands out of its uncertainty, nothing of what is chance.

    The positive part of the James-Stein estimate, with more evidence asked for than makes the mean
    error least: where there is nothing to correct, which is the usual case, nearly always nothing
    is corrected.
    """
    square = abs(estimate) ** 2
    return estimate * max(1 - _EVIDENCE * variance / square, 0.0) if square > 0 else estimate


def _without_bursts(samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Samples but for interference that would outweigh all others."""
    power = samples.real**2 + samples.imag**2
    limit = _BURST_POWER * middle(power[::_MEDIAN_STEP])
    return samples if power.max() <= limit or not limit else samples[power <= limit]


def _power(samples: NDArray[np.complex64]) -> float:
    return float(np.vdot(samples, samples).real) / samples.size
