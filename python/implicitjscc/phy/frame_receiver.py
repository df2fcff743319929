# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame: from a detected preamble to header symbols, and to payload symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from . import gain_tracker
from .channel_sync import ChannelSync
from .demodulated_frame import DemodulatedFrame, KnownSymbols, settle
from .detector import Detection
from .frame import (
    FrameLayout,
    body_start,
    chirps,
    extra_header_slots,
    pilot_positions,
    pilot_symbols,
    slot_positions,
)
from .frame_numbers import MOST_PILOTS
from .front_end import remove_dc_and_iq_imbalance
from .header import Header
from .header_symbols import header_symbols
from .matched_filter import MatchedFilter, Timing
from .moving_channel import MovingChannel
from .observer import FrameObserver, FrameSignals
from .profile import STANDARD, WaveformProfile
from .synchronizer import drift_from_payload, preamble_errors

_REFINEMENTS = 2
_REMEMBERED = 16  # detections
_ACQUISITION_RANGE = 1e-3  # cycles a symbol
# Shorter ones hold their drift in the header's symbols rather than in the payload's.
_LONG_FRAME = 8192
# A frame whose known symbols are this weak holds nothing.
LEAST_SNR_DB = -8.0
_FILTER_SYMBOLS = 64  # reach of an equaliser's tails


@dataclass(frozen=True)
class Acquisition:
    """What a frame shows before its header is read.

    Attributes:
        timing: refined on the preamble.
        frame: its number modulo 64.
        header: header symbols of unit gain: the share, then the most slots that can be header.
        header_noise_variance: of the noise on them.
    """

    timing: Timing
    frame: int
    header: NDArray[np.complex64]
    header_noise_variance: float


class FrameReceiver:
    """Works on pieces of the stream that hold one frame.

    Args:
        profile: of the waveform.
        observer: is shown each demodulated frame.

    Attributes:
        acquisition_samples: samples from a frame's start on that :meth:`acquire` uses.
        margin: samples around a frame that its filters use.
    """

    def __init__(
        self, profile: WaveformProfile = STANDARD, observer: FrameObserver | None = None
    ) -> None:
        self._profile = profile
        self._observer = observer
        self._filter = MatchedFilter(profile)
        self._sync = ChannelSync(self._filter, profile)
        self._moving = MovingChannel(self._filter, profile)
        self._refined: dict[Detection, Timing] = {}
        self._chirps = chirps(profile)
        self._most_extra = extra_header_slots(1, profile)
        self._acquisition_symbols = body_start(profile) + MOST_PILOTS * profile.pilot_period
        self._short_pilots = min(profile.shortest_frame_pilots, MOST_PILOTS)
        self.acquisition_samples = self._acquisition_symbols * profile.samples_per_symbol
        self.margin = self._filter.margin

    def refine(self, samples: NDArray[np.complex64], origin: int, detection: Detection) -> Timing:
        """Time and frequency of a preamble, from all of its symbols.

        Args:
            samples: a piece of the stream.
            origin: place of its first sample in the stream.
            detection: of the preamble.
        """
        if detection in self._refined:
            return self._refined[detection]
        sps = self._profile.samples_per_symbol
        timing = Timing(detection.time, float(sps), detection.cfo)
        for _ in range(_REFINEMENTS):
            output = self._filter.demodulate(samples, origin, timing, self._chirps.size)
            frequency, early = preamble_errors(
                output.value, self._chirps, self._profile.samples_per_symbol
            )
            timing = Timing(
                timing.start + float(np.clip(early, -1, 1)), timing.interval, timing.cfo + frequency
            )
        if len(self._refined) >= _REMEMBERED:
            del self._refined[next(iter(self._refined))]
        self._refined[detection] = timing
        return timing

    def acquire(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        detection: Detection,
        numbers: list[int],
    ) -> list[Acquisition]:
        """Read what does not need the header, once for each number that the frame may have.

        Args:
            samples: a piece of the stream, ``margin`` and ``acquisition_samples`` around the
                detection where the stream has them.
            origin: place of its first sample in the stream.
            detection: of the frame's preamble.
            numbers: modulo 64.
        """
        cleaned = remove_dc_and_iq_imbalance(samples, self._profile.samples_per_symbol)
        timing = self.refine(cleaned, origin, detection)
        timing, response, _ = self._sync.settle(cleaned, origin, timing, self._chirps)
        value = self._filter.demodulate(
            cleaned, origin, timing, self._acquisition_symbols, response
        ).value
        return [self._read(value, timing, number) for number in numbers]

    def demodulate(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        header: Header,
        layout: FrameLayout,
        frame: int,
        *,
        measure_drift: bool = False,
        followed: bool = False,
    ) -> DemodulatedFrame:
        """All payload of a frame whose header is known.

        Args:
            samples: a piece of the stream with the frame, ``margin`` around it; zeros where the
                stream has none.
            origin: place of its first sample in the stream.
            timing: of the frame's first symbol.
            header: of its content.
            layout: of its content.
            frame: its number.
            measure_drift: whether the clock's drift is still unknown.
            followed: whether the next frame's preamble is known to be where it is due.
        """
        profile = self._profile
        cleaned = remove_dc_and_iq_imbalance(samples, profile.samples_per_symbol)
        long = layout.frame_symbols >= _LONG_FRAME
        if measure_drift and long:
            drift = drift_from_payload(cleaned, origin, timing, layout.frame_symbols, profile)
            timing = replace(timing, interval=timing.interval * (1 + drift))
        known = self._known(header, layout, frame)
        run = known.run
        timing, response, channel = self._sync.settle(
            cleaned, origin, timing, known.values[:run], measure_drift=measure_drift and not long
        )
        output = self._filter.demodulate(cleaned, origin, timing, layout.frame_symbols, response)
        inside = self._sync.inside(origin, samples.size, timing, layout.frame_symbols)
        extra = layout.extra_header_slots
        value = self._sync.without_drift(output, inside, run / 2)
        slots = layout.slot_positions()[extra : extra + layout.payload_slots]
        settled = partial(
            settle,
            inside=inside,
            known=known,
            slots=slots,
            cfo=timing.cfo,
            interval=timing.interval,
            nominal_interval=profile.samples_per_symbol,
            level=float(np.vdot(samples, samples).real) / max(samples.size, 1),
        )
        demodulated, gain = settled(value, equalised=response is not None)
        symbols = int(np.count_nonzero(inside))
        if channel is not None and gain is not None and inside[:symbols].all():
            whole = symbols == layout.frame_symbols
            moving = self._moving.follow(
                (cleaned, origin, timing),
                channel,
                known.where(inside),
                self._run(header, frame + 1) if whole and followed else None,
                slots,
                (value, gain.frequency),
                settled,
            )
            if moving is not None:
                value, demodulated, gain = moving.value, moving.demodulated, moving.gain
        if self._observer is not None and gain is not None:
            where = (header, layout, frame, samples, origin, timing, value, gain)
            seen = (known.positions, known.values, demodulated, response)
            self._observer.frame(FrameSignals(*where, *seen))
        return demodulated

    def _run(self, header: Header, frame: int) -> NDArray[np.complex64]:
        """Symbols that a frame begins with."""
        sent = header_symbols(header, frame, self._profile.header_symbols, self._profile)
        # What lies behind a frame ends with the margin, and filters need some of that.
        held = self.margin // self._profile.samples_per_symbol - _FILTER_SYMBOLS
        return np.concatenate((self._chirps, sent))[:held]

    def _known(self, header: Header, layout: FrameLayout, frame: int) -> KnownSymbols:
        """Positions and values of all known symbols, in order of time."""
        profile = self._profile
        extra = layout.extra_header_slots
        sent = header_symbols(header, frame, profile.header_symbols + extra, profile)
        positions = np.concatenate(
            (
                np.arange(body_start(profile)),
                layout.slot_positions()[:extra],
                layout.pilot_positions(),
            )
        )
        values = np.concatenate((self._chirps, sent, pilot_symbols(frame, layout.pilots, profile)))
        order = np.argsort(positions, kind="stable")
        return KnownSymbols(positions[order], values[order], self._chirps.size)

    def _read(self, value: NDArray[np.complex64], timing: Timing, frame: int) -> Acquisition:
        profile = self._profile
        preamble = np.arange(self._chirps.size)
        pilots = pilot_positions(self._short_pilots, profile)
        positions = np.concatenate((preamble, pilots))
        known = np.concatenate((self._chirps, pilot_symbols(frame, self._short_pilots, profile)))
        gain = gain_tracker.track(positions, value[positions], known, _ACQUISITION_RANGE)
        share = np.arange(self._chirps.size, body_start(profile))
        places = np.concatenate((share, slot_positions(np.arange(self._most_extra), profile)))
        return Acquisition(
            timing=replace(timing, cfo=timing.cfo + gain.frequency),
            frame=frame,
            header=value[places] / gain.at(places),
            header_noise_variance=gain.noise_ratio,
        )
