# SPDX-License-Identifier: GPL-3.0-or-later
"""Static echoes and their bound, apart from the channel laboratory's, which they check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft, next_fast_len

from implicitjscc.phy.profile import STANDARD, WaveformProfile

_FREQUENCIES = 2048


@dataclass(frozen=True)
class Echoes:
    """A first path and its echoes.

    Attributes:
        gains: complex, one for each path.
        delays_symbols: of each path.
    """

    gains: NDArray[np.complex128]
    delays_symbols: NDArray[np.float64]

    def response(self, frequencies: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Frequency response; frequencies in cycles a symbol."""
        turns = np.exp(-2j * np.pi * np.multiply.outer(frequencies, self.delays_symbols))
        return np.asarray(turns @ self.gains)

    def apply(
        self, samples: NDArray[np.complex64], profile: WaveformProfile = STANDARD
    ) -> NDArray[np.complex64]:
        """A stream, whose last samples should be silent, with its echoes."""
        sps = profile.samples_per_symbol
        spread = int(np.ceil(np.max(self.delays_symbols) * sps)) + 64
        size = next_fast_len(samples.size + spread)
        spectrum = fft(samples.astype(np.complex128), size)
        delayed = ifft(spectrum * self.response(fftfreq(size) * sps))
        return delayed[: samples.size].astype(np.complex64)

    def least_loss_db(self, es_n0_db: float, profile: WaveformProfile = STANDARD) -> float:
        """Loss of the unbiased, infinitely long MMSE linear equaliser against no echoes.

        J. G. Proakis, M. Salehi, "Digital Communications", 5th ed., section 9.4-2.

        Args:
            es_n0_db: nominal: of a path of gain 1.
            profile: its roll-off is that of the pulse.
        """
        noise = 10 ** (-es_n0_db / 10)
        base = (np.arange(_FREQUENCIES) + 0.5) / _FREQUENCIES - 0.5
        folded = sum(
            _raised_cosine(base + k, profile.rolloff) * np.abs(self.response(base + k)) ** 2
            for k in (-1, 0, 1)
        )
        error = float(np.mean(noise / (folded + noise)))
        return es_n0_db - float(10 * np.log10(1 / error - 1))


def random_echoes(
    seed: int,
    levels_db: tuple[float, ...] = (-6.0, -10.0),
    delays_symbols: tuple[float, float] = (0.3, 4.0),
) -> Echoes:
    """Echoes at uniform delays with uniform phases; all paths together have the power 1.

    Args:
        seed: of delays and phases.
        levels_db: of each echo, over the first path.
        delays_symbols: least and largest delay.
    """
    rng = np.random.default_rng(seed)
    delays = np.concatenate(([0.0], rng.uniform(*delays_symbols, len(levels_db))))
    phases = rng.uniform(0, 2 * np.pi, len(levels_db) + 1)
    gains = 10 ** (np.array((0.0, *levels_db)) / 20) * np.exp(1j * phases)
    return Echoes(gains / np.sqrt(np.sum(np.abs(gains) ** 2)), delays)


def _raised_cosine(frequencies: NDArray[np.float64], rolloff: float) -> NDArray[np.float64]:
    """Spectrum of the raised cosine with unit flat part; frequencies in cycles a symbol."""
    within = np.clip((np.abs(frequencies) - (1 - rolloff) / 2) / rolloff, 0, 1)
    return np.cos(np.pi / 2 * within) ** 2
