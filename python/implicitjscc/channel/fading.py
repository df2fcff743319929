# SPDX-License-Identifier: GPL-3.0-or-later
"""How the gains of paths change with time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .impairment import turn
from .profiles import Paths

_WAVES = 16


class PathGains:
    """Gains of paths: a single wave, and a sum of sinusoids for what is scattered.

    Each scattered part is the sum of 16 waves of equal power, random phases and angles of arrival
    (2 pi m + random) / 16, which has Clarke's and Jakes's correlation J0(2 pi f t): C. Xiao, Y. R.
    Zheng, N. C. Beaulieu, "Novel sum-of-sinusoids simulation models for Rayleigh and Rician fading
    channels", IEEE Trans. Wireless Commun. 5, 2006.

    Args:
        paths: of which.
        doppler: the largest Doppler shift, in cycles a sample.
        random: where phases and angles are drawn from.
    """

    def __init__(self, paths: Paths, doppler: float, random: np.random.Generator) -> None:
        count = paths.delays.size
        angles = random.uniform(-np.pi, np.pi, (count, 1)) + 2 * np.pi * np.arange(_WAVES)
        phases = random.uniform(-np.pi, np.pi, (count, _WAVES))
        waves = paths.scattered[:, None] / np.sqrt(_WAVES) * np.exp(1j * phases)
        self._amplitudes = np.column_stack([paths.specular, waves]).astype(np.complex64)
        self._frequencies = doppler * np.column_stack([paths.moving, np.cos(angles / _WAVES)])

    def at(self, times: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Shape (paths, t), at times in samples."""
        waves = turn(self._frequencies[:, :, None] * times)
        return np.asarray(np.einsum("pw,pwt->pt", self._amplitudes, waves))
