# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a channel moves within a frame, and the frame received again with one that follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.special import gammainccinv

from .channel_estimator import ChannelEstimate
from .demodulated_frame import DemodulatedFrame, KnownSymbols
from .gain_tracker import Gain
from .matched_filter import MatchedFilter, Timing
from .moving_equaliser import EqualisedFrame, MovingEqualiser
from .profile import STANDARD, WaveformProfile

_LAGS = np.array([*range(-8, 0), *range(1, 9)])  # symbols
_SEGMENTS = 8
_LEAST_PILOTS = 8  # of a segment
_SMOOTHED = 16  # pilots
_FALSE_ALARM = 1e-3
_MOST_TRACKING = 0.5
_LEAST_NOISE = 1e-4  # over the signal; what is less is no channel's
Settle = Callable[..., tuple[DemodulatedFrame, Gain | None]]


@dataclass(frozen=True)
class MovingFrame:
    """A frame behind the moving equaliser.

    Attributes:
        value: its output for all symbols.
        demodulated: the payload.
        gain: that was left.
    """

    value: NDArray[np.complex64]
    demodulated: DemodulatedFrame
    gain: Gain


@dataclass(frozen=True)
class PilotErrors:
    """What a filter's output lacks at single known symbols, with a gain that changes slowly.

    The tracked gain goes through each pilot where a frame is bad enough, and would hide it.

    Attributes:
        places: of the symbols, shape (n,).
        unbiased: relative to the gain, shape (n,), and not correlated with what the equaliser for
            the least mean squared error leaves of the symbols around.
        noise: mean power of it around each, over that of the gain.
        around: the output at ``_LAGS`` from each, over the gain, shape (n, lags).
    """

    places: NDArray[np.int64]
    unbiased: NDArray[np.complex64]
    noise: NDArray[np.float64]
    around: NDArray[np.complex64]

    @property
    def coupled(self) -> bool:
        """Whether the errors have to do with the symbols around.

        In each of some segments of the frame they are correlated with the symbols at each lag.
        Where the filter fits the channel, each squared correlation is a chance one, exponentially
        distributed, and their sum is gamma-distributed.
        """
        count = self.places.size // _SEGMENTS
        if count < _LEAST_PILOTS:
            return False
        used = count * _SEGMENTS
        products = self.unbiased[:used, None] * self.around[:used].conj()
        products = products.reshape(_SEGMENTS, count, -1)
        power = np.maximum(np.sum(np.abs(products) ** 2, axis=1), np.float32(1e-30))
        correlations = np.abs(products.sum(axis=1)) ** 2 / power
        return float(correlations.sum()) > gammainccinv(correlations.size, _FALSE_ALARM)

    @property
    def level(self) -> float:
        """Noise over noise and signal, mean."""
        return float(np.mean(self.noise / (1 + self.noise)))


def pilot_errors(
    value: NDArray[np.complex64], known: KnownSymbols, frequency: float
) -> PilotErrors | None:
    """Of those behind the frame's first run; None where they are too few.

    Args:
        value: a filter's output for all symbols of a frame.
        known: symbols of the frame.
        frequency: offset that is left, cycles a symbol.
    """
    reach = int(_LAGS[-1])
    last = int(known.positions[-1])
    use = (known.positions >= known.run + reach) & (known.positions < last - reach)
    places, sent = known.positions[use], known.values[use]
    if places.size < _SMOOTHED:
        return None
    turns = np.exp(-2j * np.pi * frequency * (places - places[0])).astype(np.complex64)
    observed = value[places] * turns
    product, energy = observed * sent.conj(), np.abs(sent) ** 2
    gain = _smooth(product) / _smooth(energy)
    floor = np.float32(1e-3 * np.sqrt(np.mean(np.abs(gain) ** 2)) + 1e-30)
    gain = np.where(np.abs(gain) < floor, floor, gain)
    error = observed / gain - sent
    around = value[places[:, None] + _LAGS] * (turns / gain)[:, None]
    noise = _smooth(np.abs(error) ** 2)
    # By the orthogonality principle, for a pilot of another power than the payload.
    unbiased = error - sent * (noise / energy)
    return PilotErrors(places, unbiased, noise, around)


def _smooth(values: NDArray) -> NDArray:
    """Moving average."""
    if np.iscomplexobj(values):
        return np.asarray(_smooth(values.real) + 1j * _smooth(values.imag))
    return np.asarray(uniform_filter1d(values, _SMOOTHED, mode="nearest"))


class MovingChannel:
    """Receives a frame with an equaliser that follows the channel.

    Args:
        filters: of the waveform.
        profile: of the waveform.
    """

    def __init__(self, filters: MatchedFilter, profile: WaveformProfile = STANDARD) -> None:
        self._equaliser = MovingEqualiser(filters, profile)

    def follow(
        self,
        stream: tuple[NDArray[np.complex64], int, Timing],
        channel: ChannelEstimate,
        known: KnownSymbols,
        next_run: NDArray[np.complex64] | None,
        slots: NDArray[np.int64],
        still: tuple[NDArray[np.complex64], float],
        settled: Settle,
    ) -> MovingFrame | None:
        """The frame, or None where the channel does not move, or no moving one does better.

        Args:
            stream: samples with a frame or its beginning, place of the first one, time of the
                frame.
            channel: in its first run of known symbols.
            known: symbols of the frame that the samples hold.
            next_run: symbols that the next frame begins with; None where it does not follow.
            slots: positions of the payload.
            still: what a filter for that channel gives, and the frequency offset that is left in
                it, cycles a symbol.
            settled: takes the equaliser's output to payload and gain.
        """
        before = pilot_errors(still[0], known, still[1])
        if before is None or before.level < _LEAST_NOISE or not before.coupled:
            return None
        equalised = self._equalise(stream, channel, known, next_run, still[0].size, still[1])
        if equalised is None:
            return None
        after = pilot_errors(equalised.value, known, 0.0)
        if after is None:
            return None
        # The taps follow some of the pilots' noise: these show less of it than the payload has.
        tracking = np.minimum(equalised.tracking, _MOST_TRACKING)
        excess = (1 + tracking) / (1 - tracking)
        after = replace(after, noise=after.noise * excess[after.places])
        noise = equalised.noise_variance
        # So much noise everywhere would spoil as much as a fade and what is around it.
        spoilt = float(np.mean(1 / (1 + 1 / noise[: known.positions[-1]])))
        weights = np.sqrt(np.float32(spoilt / (1 - spoilt)) / noise)
        demodulated, gain = settled(equalised.value, equalised=True, weights=weights)
        if gain is None or not after.level < before.level:
            return None
        # The header's symbols, which the gain's noise is measured by as well, show all of it.
        pilots = float(np.mean(known.positions[known.preamble :] >= known.run))
        excess = (1 + tracking) / (1 + (1 - 2 * pilots) * tracking)
        variance = demodulated.noise_variance * excess[slots].astype(np.float32)
        demodulated = replace(demodulated, noise_variance=variance)
        return MovingFrame(equalised.value, demodulated, gain)

    def _equalise(
        self,
        stream: tuple[NDArray[np.complex64], int, Timing],
        channel: ChannelEstimate,
        known: KnownSymbols,
        next_run: NDArray[np.complex64] | None,
        symbols: int,
        frequency: float,
    ) -> EqualisedFrame | None:
        samples, origin, timing = stream
        timing = replace(timing, cfo=timing.cfo + frequency)
        # The channel's phase is that in the middle of the run.
        turn = np.exp(-2j * np.pi * frequency * known.run / 2)
        channel = replace(channel, taps=channel.taps * turn)
        if next_run is not None:
            places = symbols + np.arange(next_run.size)
            known = KnownSymbols(
                np.concatenate((known.positions, places)),
                np.concatenate((known.values, next_run)),
                known.preamble,
            )
        try:
            equalised = self._equaliser.equalise(samples, origin, timing, channel, known, symbols)
        except np.linalg.LinAlgError:
            return None
        return equalised if np.isfinite(equalised.value).all() else None
