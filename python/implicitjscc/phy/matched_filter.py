# SPDX-License-Identifier: GPL-3.0-or-later
"""Matched filter or equaliser, delay and clock drift in one pass of overlap-save blocks.

Each block of the spectrum is multiplied by the filter's response and by the phase of the block's
own delay, and folded to one sample a symbol. The derivative of the result, one inverse transform
more, takes up what is left of the delay and the drift within a block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft

from .profile import STANDARD, WaveformProfile
from .pulse import root_raised_cosine

BLOCK = 2048
# On each side: more than half a pulse, its interpolation, and an equaliser's tails.
_OVERLAP = 96
_DELAY_STEPS = 32  # a sample; the derivative makes up for the rest of a block's delay


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


@dataclass(frozen=True)
class FilterOutput:
    """Symbols of a piece of the stream.

    Attributes:
        value: shape (n,), at each symbol's time.
        slope: shape (n,), its derivative per sample.
        band_edges: of each block; see :func:`band_edges`.
    """

    value: NDArray[np.complex64]
    slope: NDArray[np.complex64]
    band_edges: NDArray[np.complex64]


def band_edges(
    spectrum: NDArray[np.complex64], profile: WaveformProfile = STANDARD
) -> NDArray[np.complex64]:
    """Correlation of a signal's band edges, one symbol rate apart; its phase is the timing.

    Args:
        spectrum: of blocks, shape (blocks, n).
        profile: of the waveform.
    """
    rate = spectrum.shape[1] // profile.samples_per_symbol
    half_band = int(profile.rolloff / 2 * rate)
    upper = slice(rate // 2 - half_band + 1, rate // 2 + half_band)
    lower = slice(upper.start - rate, upper.stop - rate)
    return np.einsum("ij,ij->i", spectrum[:, upper], spectrum[:, lower].conj())


class MatchedFilter:
    """Samples to symbols.

    Args:
        profile: of the waveform.

    Attributes:
        margin: samples before the first and behind the last symbol that a call needs.
        response: of the root-raised-cosine pulse of unit energy, shape (BLOCK,), real.
        frequencies: of the response, cycles a sample.
        block_symbols: symbols that each block gives.
    """

    margin = BLOCK

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._profile = profile
        self._sps = profile.samples_per_symbol
        taps = root_raised_cosine(profile.rolloff, profile.span_symbols, self._sps)
        centred = np.zeros(BLOCK)
        centred[: taps.size] = taps
        centred = np.roll(centred, -(taps.size // 2))
        self.frequencies = fftfreq(BLOCK)
        omega = 2 * np.pi * self.frequencies
        self.response = fft(centred).real
        self.block_symbols = (BLOCK - 2 * _OVERLAP) // self._sps
        self._derivative = (1j * omega).astype(np.complex64)
        steps = np.arange(_DELAY_STEPS + 1) / _DELAY_STEPS
        self._delays = np.exp(1j * omega * steps[:, None]).astype(np.complex64)

    def demodulate(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        symbols: int,
        response: NDArray[np.complex64] | None = None,
    ) -> FilterOutput:
        """The filter's output at each symbol's time, frequency offset removed.

        Args:
            samples: a piece of the stream, with ``margin`` samples around the symbols.
            origin: place of its first sample in the stream.
            timing: of the symbols.
            symbols: how many.
            response: of another filter than the matched one, shape (BLOCK,).
        """
        spectrum, lag = self._spectra(samples, origin, timing, symbols)
        lines = band_edges(spectrum, self._profile)
        lines = lines * np.exp(-2j * np.pi / self._sps * lag)
        spectrum *= self.response.astype(np.float32) if response is None else response
        value = self._cut(self._fold(spectrum), 1)
        spectrum *= self._derivative
        slope = self._cut(self._fold(spectrum), 1)
        value += slope * self._lags(lag, timing, 1)
        return FilterOutput(value.reshape(-1)[:symbols], slope.reshape(-1)[:symbols], lines)

    def resample(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> NDArray[np.complex64]:
        """The unfiltered samples at the symbols' times and evenly between them.

        Arguments are those of :meth:`demodulate`.

        Returns:
            shape (symbols * samples_per_symbol,), frequency offset removed.
        """
        spectrum, lag = self._spectra(samples, origin, timing, symbols)
        value = self._cut(ifft(spectrum, axis=1), self._sps)
        spectrum *= self._derivative
        value += self._cut(ifft(spectrum, axis=1), self._sps) * self._lags(lag, timing, self._sps)
        return value.reshape(-1)[: symbols * self._sps]

    @property
    def first_symbol(self) -> int:
        """Of what :meth:`equalise_block` gives, the block's first one."""
        return _OVERLAP // self._sps

    def spectra(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> NDArray[np.complex64]:
        """Spectra of the blocks that the symbols lie in, each at the time of its own.

        Arguments are those of :meth:`demodulate`.

        Returns:
            shape (blocks, BLOCK); ``block_symbols`` symbols a block.
        """
        spectrum, lag = self._spectra(samples, origin, timing, symbols)
        spectrum *= np.exp(2j * np.pi * self.frequencies * lag[:, None]).astype(np.complex64)
        return spectrum

    def equalise_block(
        self, spectrum: NDArray[np.complex64], responses: NDArray[np.complex64]
    ) -> NDArray[np.complex64]:
        """One block by several filters, drift within it apart.

        Args:
            spectrum: one of :meth:`spectra`.
            responses: shape (n, BLOCK).

        Returns:
            shape (n, BLOCK / samples_per_symbol), from ``first_symbol`` on those of the block.
        """
        return self._fold(spectrum * responses)

    def equalise(
        self, spectra: NDArray[np.complex64], responses: NDArray[np.complex64], timing: Timing
    ) -> NDArray[np.complex64]:
        """All blocks by filters that change evenly from each block's middle to the next one's.

        Args:
            spectra: of :meth:`spectra`.
            responses: in each block's middle, shape (blocks, BLOCK).
            timing: as for the spectra.

        Returns:
            symbols, shape (blocks * block_symbols,).
        """
        filtered = spectra * responses
        value = self._cut(self._fold(filtered), 1)
        filtered *= self._derivative
        no_lag = np.zeros(len(spectra))
        value += self._cut(self._fold(filtered), 1) * self._lags(no_lag, timing, 1)
        if len(spectra) > 1:
            change = np.gradient(responses, axis=0)
            places = (np.arange(self.block_symbols) + 0.5) / self.block_symbols - 0.5
            value += self._cut(self._fold(spectra * change), 1) * places.astype(np.float32)
        return value.reshape(-1)

    def _spectra(
        self, samples: NDArray[np.complex64], origin: int, timing: Timing, symbols: int
    ) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
        """Spectra of all blocks, shape (blocks, BLOCK), and the delay that is left in each."""
        per_block = self.block_symbols
        blocks = -(-symbols // per_block)
        first = np.arange(blocks) * per_block
        middle = timing.start + (first + per_block / 2) * timing.interval - origin
        # Of symbol `first + m`, taken at sample begin + _OVERLAP + sps * m + delay of the block.
        begin = np.floor(middle - per_block / 2 * self._sps).astype(np.int64) - _OVERLAP
        delay = middle - per_block / 2 * self._sps - _OVERLAP - begin
        before = max(0, -int(begin[0]))
        behind = max(0, int(begin[-1]) + BLOCK - samples.size)
        padded = np.pad(samples, (before, behind)) if before or behind else samples
        cycles = timing.cfo / timing.interval
        # Float64 phases: a frame is long, and float32 would lose thousandths of a cycle.
        start_phase = np.exp(-2j * np.pi * cycles * (begin + origin - timing.start))
        ramp = np.exp(-2j * np.pi * cycles * np.arange(BLOCK)).astype(np.complex64)
        gathered = sliding_window_view(padded, BLOCK)[begin + before] * ramp
        spectrum = fft(gathered, axis=1, overwrite_x=True)
        step = np.rint(delay * _DELAY_STEPS).astype(np.int64)
        spectrum *= self._delays[step]
        spectrum *= start_phase.astype(np.complex64)[:, None]
        return spectrum, delay - step / _DELAY_STEPS

    def _lags(
        self, lag: NDArray[np.float64], timing: Timing, per_symbol: int
    ) -> NDArray[np.float32]:
        """By how many samples each output of a block was taken too early."""
        count = self.block_symbols * per_symbol
        places = np.arange(count) / per_symbol - self.block_symbols / 2
        drift = places * (timing.interval - self._sps)
        return lag.astype(np.float32)[:, None] + drift.astype(np.float32)

    def _fold(self, spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
        size = BLOCK // self._sps
        folded = spectrum.reshape(-1, self._sps, size).sum(axis=1)
        folded *= np.float32(1 / self._sps)
        return ifft(folded, axis=1, overwrite_x=True)

    def _cut(self, blocks: NDArray[np.complex64], per_symbol: int) -> NDArray[np.complex64]:
        first = _OVERLAP // self._sps * per_symbol
        return blocks[:, first : first + self.block_symbols * per_symbol]
