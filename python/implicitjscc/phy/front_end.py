# SPDX-License-Identifier: GPL-3.0-or-later
"""DC offset and IQ imbalance of the receiver, removed blindly from a frame's raw samples.

Both assume a circular signal without a mean, which the interleaver's turns guarantee.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def remove_dc_and_iq_imbalance(samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Subtract the mean, then the image.

    The image's coefficient follows from the second moments E[r^2] and E[|r|^2]: M. Windisch,
    G. Fettweis, "Blind I/Q imbalance parameter estimation and compensation in low-IF receivers",
    ISCCSP 2004.

    Args:
        samples: those of one frame, before frequency correction.
    """
    centred = samples - np.complex64(samples.mean(dtype=np.complex128))
    pseudo = np.mean(centred.astype(np.complex128) ** 2)
    power = np.mean(np.abs(centred).astype(np.float64) ** 2)
    root = np.sqrt(max(power**2 - abs(pseudo) ** 2, 0.0))
    if power + root == 0:
        return centred
    return centred - np.complex64(pseudo / (power + root)) * centred.conj()
