# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frame is it? Its pilots tell its number modulo 64, before any header is read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft

from .frame import PILOT_SEQUENCES, body_start, pilot_positions, pilot_symbols
from .profile import STANDARD, WaveformProfile

MOST_PILOTS = 128
# Power of a sum of pilots over that of as many symbols of noise.
PILOT_THRESHOLD = 14.0
SHORT_PILOT_THRESHOLD = 8.0
_BINS = 512
_PILOT_RANGE = 0.05  # cycles from pilot to pilot that the preamble's frequency may be wrong by


class FrameNumbers:
    """Periodograms of the first pilots' places, against each of the 64 sequences.

    Args:
        profile: of the waveform.

    Attributes:
        symbols: from a frame's first one on that are looked at.
    """

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        # What lies behind a short frame's last pilot says nothing about it.
        self._few = min(profile.shortest_frame_pilots, MOST_PILOTS)
        self._many = min(profile.full_frame_pilots, MOST_PILOTS)
        count = max(self._few, self._many)
        self._places = pilot_positions(count, profile)
        sequences = [pilot_symbols(n, count, profile) for n in range(PILOT_SEQUENCES)]
        self._conjugates = np.stack(sequences).conj() / np.float32(profile.pilot_amplitude)
        self.symbols = body_start(profile) + count * profile.pilot_period

    def standing_out(self, value: NDArray[np.complex64]) -> list[int]:
        """Numbers modulo 64 whose pilots stand out; none where there is no frame.

        0 is among them also where only as many pilots stand out as the shortest frame has.

        Args:
            value: shape (``symbols``,), the frame's first symbols, of any level.
        """
        received = value[self._places]
        strengths = self._strengths(received[: self._many], self._conjugates)
        number = int(np.argmax(strengths))
        numbers = [number] if strengths[number] > PILOT_THRESHOLD else []
        if 0 not in numbers:
            short = self._strengths(received[: self._few], self._conjugates[:1])
            if short[0] > SHORT_PILOT_THRESHOLD:
                numbers.append(0)
        return numbers

    @staticmethod
    def _strengths(
        received: NDArray[np.complex64], conjugates: NDArray[np.complex64]
    ) -> NDArray[np.float32]:
        """Peak of each sequence's periodogram near frequency 0, over its mean in noise."""
        power = float(np.mean(np.abs(received) ** 2))
        if not power > 0:
            return np.zeros(len(conjugates), np.float32)
        spectra = fft(received * conjugates[:, : received.size], _BINS, axis=1)
        bins = int(_PILOT_RANGE * _BINS)
        near = np.concatenate((spectra[:, : bins + 1], spectra[:, -bins:]), axis=1)
        peaks = np.max(np.abs(near) ** 2, axis=1)
        return np.asarray(peaks / (power * received.size), np.float32)
