# SPDX-License-Identifier: GPL-3.0-or-later
"""White noise."""

from __future__ import annotations

import numpy as np

from .impairment import Impairment, Samples, complex_normals


def noise_rms(snr_db: float, payload_rms: float, samples_per_symbol: int) -> float:
    """Rms of the noise on a sample that gives an Es/N0 behind the matched filter.

    A payload symbol of power 1 has the energy payload_rms^2 * samples_per_symbol, so that noise of
    variance payload_rms^2 * samples_per_symbol / 10^(snr_db / 10) has Es/N0 = snr_db.
    """
    return float(payload_rms * np.sqrt(samples_per_symbol) * 10 ** (-snr_db / 20))


class Awgn(Impairment):
    """Circular white Gaussian noise.

    Args:
        rms: of the noise on a complex sample; may be changed at any time.
        random: where it is drawn from.
    """

    def __init__(self, rms: float, random: np.random.Generator) -> None:
        self.rms = rms
        self._random = random

    def process(self, samples: Samples) -> Samples:
        """Samples plus noise, shape (n,)."""
        if self.rms == 0:
            return samples
        return samples + complex_normals(self._random, samples.size, self.rms)
