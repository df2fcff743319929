# SPDX-License-Identifier: GPL-3.0-or-later
"""A linear equaliser for an estimated channel, and whether it is worth having."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .channel_estimator import ChannelEstimate
from .matched_filter import BLOCK, MatchedFilter

# The estimate's own noise looks like weak echoes: less than this is no gain.
_LEAST_GAIN_DB = 0.05
_TIMING_SEARCH = np.linspace(-0.5, 0.5, 21)  # samples


class Equaliser:
    """Minimum mean squared error, fractionally spaced, unbiased.

    The matched filter for pulse and channel, and the symbol-spaced minimum over its folded
    spectrum: J. G. Proakis, M. Salehi, "Digital Communications", 5th ed., section 9.4-2. Scaled
    so that a symbol comes out with gain 1.

    Args:
        filters: the pulse's.
        samples_per_symbol: of its samples.
    """

    def __init__(self, filters: MatchedFilter, samples_per_symbol: int) -> None:
        self._filters = filters
        self._sps = samples_per_symbol
        self._turns = np.exp(2j * np.pi * np.outer(_TIMING_SEARCH, filters.frequencies))

    def response(self, channel: ChannelEstimate) -> NDArray[np.complex64] | None:
        """In place of the matched filter's; None where that one does as well.

        Args:
            channel: with the pulse's time as it was sampled.
        """
        noise = channel.noise_variance
        matched = self._filters.response * channel.response(BLOCK)
        folded = self._fold(np.abs(matched) ** 2)
        error = float(np.mean(noise / (folded + noise)))
        if error >= 1 or 10 * np.log10((1 - error) / error / self._plain(channel)) < _LEAST_GAIN_DB:
            return None
        inverse = 1 / ((folded + noise) * (1 - error))
        return (matched.conj() * np.tile(inverse, self._sps)).astype(np.complex64)

    def _plain(self, channel: ChannelEstimate) -> float:
        """Signal over noise and interference behind the matched filter, timed at its best."""
        frequencies = self._filters.frequencies
        folded = self._filters.response**2 * channel.response(BLOCK)
        gains = np.abs(self._turns @ folded) ** 2
        peak = int(np.clip(np.argmax(gains), 1, gains.size - 2))
        left, middle, right = gains[peak - 1 : peak + 2]
        curvature = left - 2 * middle + right
        offset = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
        shift = _TIMING_SEARCH[peak] + offset * (_TIMING_SEARCH[1] - _TIMING_SEARCH[0])
        overall = self._fold(folded * np.exp(2j * np.pi * frequencies * shift))
        gain = abs(np.mean(overall)) ** 2
        spread = float(np.mean(np.abs(overall) ** 2)) - gain
        return max(float(gain / (spread + channel.noise_variance)), 1e-12)

    def _fold(self, spectrum: NDArray) -> NDArray:
        return spectrum.reshape(self._sps, BLOCK // self._sps).sum(axis=0) / self._sps
