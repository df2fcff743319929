# SPDX-License-Identifier: GPL-3.0-or-later
"""An equaliser that follows the channel through a frame by its pilots.

The payload tells nothing: its symbols are as continuous as the noise, so that there is no decision
to compare them with. But it need not be known. Behind an equaliser that is nearly right, the error
of a known symbol is the change of each tap times what that tap would mix in of the symbols around,
and these the equaliser gives, with little noise. So each pilot is an equation for the taps with
the equaliser's noise on it, and not with the payload's power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft

from .channel_estimator import ChannelEstimate
from .demodulated_frame import KnownSymbols
from .matched_filter import BLOCK, MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile
from .tap_tracker import Motion, TapTracker

_GRID = 256  # frequencies that an equaliser is made at; as many samples hold its tails
_LAGS = np.arange(-24, 25)  # symbols around a known one that a tap's change mixes into it
_MOST_TAPS = 20
_WEAKEST_TAP = 0.03  # of the noise on a sample
_NEIGHBOURS = (1.0, 0.1, 0.02)  # power that a tap may have, over those beside it
_MOST_ERROR = 0.999
MOTIONS = (
    *(Motion(doppler, 2e-7) for doppler in (8e-6, 3e-5, 1e-4)),
    *(Motion(doppler, 1e-5) for doppler in (8e-6, 3e-5)),
)


@dataclass(frozen=True)
class EqualisedFrame:
    """Behind an equaliser that moves.

    Attributes:
        value: of all symbols, unit gain, shape (n,).
        noise_variance: that the equaliser leaves of a channel that it knows, shape (n,).
        tracking: by how much the tracked taps' error adds to it, relative, shape (n,).
        motion: which was the most likely one.
    """

    value: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    tracking: NDArray[np.float32]
    motion: Motion


class MovingEqualiser:
    """Tracks the taps block by block, and equalises each block for its own.

    Args:
        filters: of the waveform.
        profile: of the waveform.
    """

    def __init__(self, filters: MatchedFilter, profile: WaveformProfile = STANDARD) -> None:
        self._filters = filters
        self._sps = profile.samples_per_symbol
        self._pulse = fft(_resized(ifft(filters.response), _GRID)).real

    def equalise(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        channel: ChannelEstimate,
        known: KnownSymbols,
        symbols: int,
    ) -> EqualisedFrame:
        """All symbols of a frame.

        Args:
            samples: a piece of the stream with the frame, and what follows of ``known``.
            origin: place of its first sample in the stream.
            timing: of the frame's first symbol; no frequency offset is left.
            channel: of the run of known symbols that the frame begins with.
            known: of the frame, and perhaps some behind its end.
            symbols: of the frame.

        Raises:
            numpy.linalg.LinAlgError: no taps fit.
        """
        per_block, noise = self._filters.block_symbols, channel.noise_variance
        blocks = -(-max(symbols, int(known.positions[-1]) + 1) // per_block)
        spectra = self._filters.spectra(samples, origin, timing, blocks * per_block)
        delays, taps, power = _support(channel)
        shapes = np.exp(-2j * np.pi * np.outer(delays, fftfreq(_GRID))) * self._pulse
        covariance = self._covariance(delays, power, known.run, noise)
        tracker = TapTracker(taps, covariance, power, MOTIONS, per_block)
        bounds = np.searchsorted(known.positions, np.arange(blocks + 1) * per_block)
        for block in range(blocks):
            if block:
                tracker.predict()
            here = slice(bounds[block], bounds[block + 1])
            places = known.positions[here] - block * per_block
            # What the channel was estimated from tells nothing more.
            new = known.positions[here] >= known.run
            if new.any():
                told = (places, known.values[here], new)
                self._update(tracker, spectra[block], shapes, noise, *told)
        taps, covariances, best = tracker.smooth()
        responses, left = self._responses(taps @ shapes, noise)
        value = self._filters.equalise(spectra, _expanded(responses), timing)[:symbols]
        mixed = self._mixed(responses, shapes)
        error = np.einsum("bkl,bkj,bjl->b", mixed.conj(), covariances.conj(), mixed).real
        middles, positions = (np.arange(blocks) + 0.5) * per_block, np.arange(symbols)
        tracking = np.interp(positions, middles, np.maximum(error, 0) / left)
        noise_variance = np.interp(positions, middles, left).astype(np.float32)
        return EqualisedFrame(value, noise_variance, tracking.astype(np.float32), MOTIONS[best])

    def _update(
        self,
        tracker: TapTracker,
        spectrum: NDArray[np.complex64],
        shapes: NDArray[np.complex128],
        noise: float,
        places: NDArray[np.int64],
        sent: NDArray[np.complex64],
        new: NDArray[np.bool_],
    ) -> None:
        """Show the tracker what one block's known symbols, at these places, tell of the taps."""
        taps, per_block = tracker.taps, self._filters.block_symbols
        responses, left = self._responses(taps @ shapes, noise)
        value = self._filters.equalise_block(spectrum, _expanded(responses))
        at = self._filters.first_symbol + places
        told = np.zeros(value.shape[1], bool)
        told[at] = True
        around = value / np.float32(1 + left[:, None])
        around[:, at] = sent
        at = at[new]
        windows, told = around[:, at[:, None] - _LAGS], told[at[:, None] - _LAGS]
        mixed = self._mixed(responses, shapes)
        # What the equaliser leaves of the others by design, where they are known. Where they are
        # what it gives itself, the noise on them has to do with that on the symbol.
        by_design = np.einsum("mk,mkl->ml", taps, mixed)
        by_design[:, _LAGS == 0] = 1
        by_noise = self._colour(taps @ shapes, noise) * left[:, None]
        expected = np.einsum("ml,mnl->mn", by_design, windows * told)
        expected += np.einsum("ml,mnl->mn", by_noise, windows * ~told)
        errors = value[:, at] - expected
        mixed = windows @ mixed.transpose(0, 2, 1)
        tracker.update(errors, mixed, (places[new] + 0.5) / per_block - 0.5, left)

    def _responses(
        self, channels: NDArray[np.complex128], noise: float
    ) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Unbiased equalisers as in :mod:`equaliser`, and the noise behind each.

        Args:
            channels: with the pulse, shape (n, _GRID).
            noise: on a sample.
        """
        folded = self._fold(np.abs(channels) ** 2)
        error = np.minimum(np.mean(noise / (folded + noise), axis=1), _MOST_ERROR)
        inverse = 1 / ((folded + noise) * (1 - error)[:, None])
        responses = channels.conj() * np.tile(inverse, (1, self._sps))
        return responses, error / (1 - error)

    def _colour(self, channels: NDArray[np.complex128], noise: float) -> NDArray[np.complex128]:
        """How the error of an unbiased output follows from the biased ones around it.

        These have the spectrum S / (S + N), and the error's correlation with each of them, itself
        apart, is its noise times that spectrum's: the normal equations' solution is the inverse
        spectrum.

        Returns:
            coefficients for errors of unit variance, shape (n, _LAGS), 0 in the middle.
        """
        folded = self._fold(np.abs(channels) ** 2)
        inverse = ifft(1 + noise / np.maximum(folded, 0.01 * noise), axis=-1)
        coefficients = -inverse[:, _LAGS] / inverse[:, :1]
        coefficients[:, _LAGS == 0] = 0
        return np.asarray(coefficients)

    def _mixed(
        self, responses: NDArray[np.complex128], shapes: NDArray[np.complex128]
    ) -> NDArray[np.complex128]:
        """Impulse response of each tap and each equaliser, shape (n, k, _LAGS)."""
        return np.asarray(ifft(self._fold(responses[:, None] * shapes), axis=-1)[..., _LAGS])

    def _fold(self, spectra: NDArray) -> NDArray:
        parts = spectra.reshape(*spectra.shape[:-1], self._sps, -1)
        return np.asarray(parts.sum(axis=-2) / self._sps)

    def _covariance(
        self, delays: NDArray[np.float64], power: NDArray[np.float64], symbols: int, noise: float
    ) -> NDArray[np.float64]:
        """Of taps that were fitted to a run of white symbols."""
        gram = symbols * np.sinc((delays[:, None] - delays) / self._sps)
        return np.asarray(np.linalg.inv(gram / noise + np.diag(1 / power)))


def _support(
    channel: ChannelEstimate,
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.float64]]:
    """Delays of the taps that are worth tracking, their values, and the power each may have."""
    power = np.abs(channel.taps) ** 2
    reach = len(_NEIGHBOURS) - 1
    wide, padded = np.zeros(power.size), np.pad(power, reach)
    for shift, weight in enumerate(_NEIGHBOURS):
        for start in {reach - shift, reach + shift}:
            wide += weight * padded[start : start + power.size]
    strongest = np.argsort(wide)[::-1][:_MOST_TAPS]
    floor = max(_WEAKEST_TAP * channel.noise_variance, 1e-9 * float(wide.max()))
    kept = np.sort(strongest[wide[strongest] > floor])
    if not kept.size:
        raise np.linalg.LinAlgError("a channel without taps")
    return channel.first_delay + kept, channel.taps[kept], wide[kept]


def _resized(impulses: NDArray, size: int) -> NDArray:
    """Impulse responses around their first element, at another transform's size."""
    half = min(size, impulses.shape[-1]) // 2
    resized = np.zeros((*impulses.shape[:-1], size), impulses.dtype)
    resized[..., :half] = impulses[..., :half]
    resized[..., -half:] = impulses[..., -half:]
    return resized


def _expanded(responses: NDArray[np.complex128]) -> NDArray[np.complex64]:
    """The same filters at a block's frequencies."""
    impulses = ifft(responses, axis=-1).astype(np.complex64)
    return np.asarray(fft(_resized(impulses, BLOCK), axis=-1))
