# SPDX-License-Identifier: GPL-3.0-or-later
"""Matched filter, fractional delay and clock drift in one pass of overlap-save blocks.

Each block of the spectrum is multiplied by the root-raised-cosine response and by the phase of the
block's own delay, and folded to one sample a symbol. The derivative of the result, one inverse
transform more, takes up the drift within a block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft

from .profile import STANDARD, WaveformProfile
from .pulse import root_raised_cosine

_BLOCK = 2048
_OVERLAP = 96  # on each side, more than half a pulse and its interpolation


@dataclass(frozen=True)
class Timing:
    """When symbols arrive.

    Attributes:
        start: time of symbol 0, in samples of the stream.
        interval: samples a symbol.
        cfo: cycles a symbol.
    """

    start: float
    interval: float
    cfo: float

    def time_of(self, symbol: float) -> float:
        """Time of a symbol, in samples of the stream."""
        return self.start + symbol * self.interval


class MatchedFilter:
    """Samples to symbols.

    Args:
        profile: of the waveform.

    Attributes:
        margin: samples before the first and behind the last symbol that a call needs.
    """

    margin = _BLOCK

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._sps = profile.samples_per_symbol
        taps = root_raised_cosine(profile.rolloff, profile.span_symbols, self._sps)
        centred = np.zeros(_BLOCK)
        centred[: taps.size] = taps
        centred = np.roll(centred, -(taps.size // 2))
        self._omega = 2 * np.pi * fftfreq(_BLOCK)
        self._response = fft(centred).real
        pulse_slope = np.roll(ifft(1j * self._omega * self._response**2).real, _BLOCK // 2)
        self._slope_taps = pulse_slope[_BLOCK // 2 % self._sps :: self._sps]
        reach = self._slope_taps.size // 2
        span = 2 * profile.span_symbols
        self._slope_taps = self._slope_taps[reach - span : reach + span + 1]
        self._block_symbols = (_BLOCK - 2 * _OVERLAP) // self._sps

    def demodulate(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Matched-filter output at each symbol's time, frequency offset removed.

        Args:
            samples: a piece of the stream, with ``margin`` samples around the symbols.
            origin: place of its first sample in the stream.
            timing: of the symbols.
            symbols: how many.

        Returns:
            two arrays of shape (symbols,): the output, and its derivative per sample.
        """
        per_block = self._block_symbols
        blocks = -(-symbols // per_block)
        first = np.arange(blocks) * per_block
        middle = timing.start + (first + per_block / 2) * timing.interval - origin
        # Of symbol `first + m`, taken at sample begin + _OVERLAP + sps * m + delay of the block.
        begin = np.floor(middle - per_block / 2 * self._sps).astype(np.int64) - _OVERLAP
        delay = middle - per_block / 2 * self._sps - _OVERLAP - begin
        index = begin[:, None] + np.arange(_BLOCK)
        inside = (index >= 0) & (index < samples.size)
        gathered = np.where(inside, samples[np.clip(index, 0, samples.size - 1)], 0)
        cycles = timing.cfo / timing.interval
        # Float64 phases: a frame is long, and float32 would lose thousandths of a cycle.
        start_phase = np.exp(-2j * np.pi * cycles * (begin + origin - timing.start))
        ramp = np.exp(-2j * np.pi * cycles * np.arange(_BLOCK))
        gathered = gathered * ramp.astype(np.complex64) * start_phase.astype(np.complex64)[:, None]
        spectrum = fft(gathered, axis=1)
        spectrum *= self._response.astype(np.float32)
        spectrum *= np.exp(1j * self._omega * delay[:, None]).astype(np.complex64)
        value = self._fold(spectrum)
        slope = self._fold(spectrum * (1j * self._omega).astype(np.complex64))
        # Within a block: how far each symbol's time is from where the block was sampled.
        drift = (np.arange(per_block) - per_block / 2) * (timing.interval - self._sps)
        value += slope * drift.astype(np.float32)
        return value.reshape(-1)[:symbols], slope.reshape(-1)[:symbols]

    def slope_of(self, symbols: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """The derivative per sample that :meth:`demodulate` returns for known symbols alone."""
        return np.convolve(symbols, self._slope_taps, mode="same").astype(np.complex64)

    def _fold(self, spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
        size = _BLOCK // self._sps
        folded = spectrum.reshape(-1, self._sps, size).sum(axis=1) / self._sps
        first = _OVERLAP // self._sps
        return ifft(folded, axis=1)[:, first : first + self._block_symbols]
