# SPDX-License-Identifier: GPL-3.0-or-later
"""A frame's time and filter from its first symbols, and the drift that its payload still shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .channel_estimator import ChannelEstimate, ChannelEstimator
from .equaliser import Equaliser
from .matched_filter import FilterOutput, MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile
from .synchronizer import drift_of_lines

_LEFT_DRIFT_STD = 0.25e-6  # of the interval that the preambles tell
_LARGEST_LATE = 0.5  # samples that a preamble's time is wrong by


class ChannelSync:
    """Estimates the channel in a frame's beginning, and chooses the filter for it.

    Args:
        filters: of the waveform.
        profile: of the waveform.
    """

    def __init__(self, filters: MatchedFilter, profile: WaveformProfile = STANDARD) -> None:
        self._profile = profile
        self._filter = filters
        self._channels = ChannelEstimator(profile)
        self._equaliser = Equaliser(filters, profile.samples_per_symbol)

    def without_drift(
        self, output: FilterOutput, inside: NDArray[np.bool_], settled: float
    ) -> NDArray[np.complex64]:
        """Symbols, without the little drift that their own band edges still show.

        Phase noise shakes the preambles' times, but not the payload's.

        Args:
            output: of the frame.
            inside: which of its symbols there are.
            settled: symbol around which the timing is known.
        """
        per_block = self._filter.block_symbols
        blocks = int(np.count_nonzero(inside)) // per_block
        if not inside[: blocks * per_block].all():
            return output.value
        drift = drift_of_lines(output.band_edges[:blocks], per_block, _LEFT_DRIFT_STD)
        late = (np.arange(output.value.size) - settled) * (drift * self._profile.samples_per_symbol)
        return output.value + output.slope * late.astype(np.float32)

    def settle(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        known: NDArray[np.complex64],
        *,
        measure_drift: bool = False,
    ) -> tuple[Timing, NDArray[np.complex64] | None, ChannelEstimate | None]:
        """Timing, the equaliser's response where echoes ask for one, and the channel at that time.

        Args:
            samples, origin, timing, measure_drift: as for :meth:`FrameReceiver.demodulate`.
            known: the frame's first symbols.
        """
        there = self.inside(origin, samples.size, timing, known.size)
        if known.size < self._channels.least_symbols or not there.all():
            return timing, None, None
        received = self._filter.resample(samples, origin, timing, known.size)
        channel = self._channels.estimate(received, known)
        if measure_drift:
            # Measured around the run's middle, and what drifted before it came too early.
            interval = timing.interval * (1 + channel.drift)
            start = timing.start - known.size / 2 * (interval - timing.interval)
            timing = replace(timing, start=start, interval=interval)
            received = self._filter.resample(samples, origin, timing, known.size)
            channel = self._channels.estimate(received, known)
        response = self._equaliser.response(channel)
        if response is None:
            late = float(np.clip(channel.late, -_LARGEST_LATE, _LARGEST_LATE))
            timing = replace(timing, start=timing.start + late)
            channel = replace(channel, first_delay=channel.first_delay - late, late=0.0)
        return timing, response, channel

    def inside(self, origin: int, size: int, timing: Timing, symbols: int) -> NDArray[np.bool_]:
        """Which of a frame's symbols a piece of the stream holds whole."""
        reach = self._profile.span_symbols * self._profile.samples_per_symbol
        times = timing.start - origin + np.arange(symbols) * timing.interval
        return (times >= reach) & (times < size - reach)
