# SPDX-License-Identifier: GPL-3.0-or-later
"""DC offset and IQ imbalance of the receiver, removed blindly from a frame's raw samples.

Both assume a circular signal without a mean, which the interleaver's turns guarantee.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
    power = float(np.mean(np.abs(samples).astype(np.float64) ** 2))
    uncertainty = power * samples_per_symbol / samples.size
    mean = shrink(complex(samples.mean(dtype=np.complex128)), uncertainty)
    centred = samples - np.complex64(mean)
    power = float(np.mean(np.abs(centred).astype(np.float64) ** 2))
    pseudo = shrink(complex(np.mean(centred.astype(np.complex128) ** 2)), 2 * uncertainty * power)
    root = np.sqrt(max(power**2 - abs(pseudo) ** 2, 0.0))
    if power + root == 0:
        return centred
    return centred - np.complex64(pseudo / (power + root)) * centred.conj()


def shrink(estimate: complex, variance: float) -> complex:
    """The positive part of the James-Stein estimate."""
    square = abs(estimate) ** 2
    return estimate * max(1 - variance / square, 0.0) if square > 0 else estimate
