# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame: from a detected preamble to header symbols, and to payload symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft

from . import phase_tracker
from .detector import Detection
from .frame import (
    PILOT_SEQUENCES,
    FrameLayout,
    body_start,
    chirps,
    extra_header_slots,
    pilot_positions,
    pilot_symbols,
    slot_positions,
)
from .front_end import remove_dc_and_iq_imbalance
from .header import Header
from .header_symbols import header_symbols
from .matched_filter import MatchedFilter, Timing
from .observer import FrameObserver, FrameSignals
from .profile import STANDARD, WaveformProfile
from .synchronizer import drift_from_payload, preamble_errors, timing_error

_REFINEMENTS = 3
_NUMBER_PILOTS = 128
_NUMBER_BINS = 512
_NUMBER_RANGE = 0.05  # cycles from pilot to pilot that the preamble's frequency may be wrong by
_ACQUISITION_RANGE = 3e-4  # cycles a symbol
_FRAME_RANGE = 1e-4
# A frame whose known symbols are this weak holds nothing.
LEAST_SNR_DB = -8.0


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


@dataclass(frozen=True)
class DemodulatedFrame:
    """The payload slots of a frame.

    Attributes:
        symbols: shape (P,), unit gain, as they were sent in the slots.
        noise_variance: of the complex noise on each.
        valid: shape (P,), False behind the end of the stream.
        snr_db: Es/N0.
        cfo: cycles a symbol.
        interval: samples a symbol that it was taken at.
        level_dbfs: rms of the frame's samples, 0 dB for full scale 1.0.
    """

    symbols: NDArray[np.complex64]
    noise_variance: float
    valid: NDArray[np.bool_]
    snr_db: float
    cfo: float
    interval: float
    level_dbfs: float


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
        self._chirps = chirps(profile)
        self._most_extra = extra_header_slots(1, profile)
        self._acquisition_symbols = body_start(profile) + _NUMBER_PILOTS * profile.pilot_period
        self._short_pilots = self._most_extra // (profile.pilot_period - 1) + 2
        self.acquisition_samples = self._acquisition_symbols * profile.samples_per_symbol
        self.margin = self._filter.margin

    def refine(self, samples: NDArray[np.complex64], origin: int, detection: Detection) -> Timing:
        """Time and frequency of a preamble, from all of its symbols.

        Args:
            samples: a piece of the stream.
            origin: place of its first sample in the stream.
            detection: of the preamble.
        """
        sps = self._profile.samples_per_symbol
        timing = Timing(detection.time, float(sps), detection.cfo)
        for _ in range(_REFINEMENTS):
            value, _ = self._filter.demodulate(samples, origin, timing, self._chirps.size)
            frequency, early = preamble_errors(
                value, self._chirps, self._profile.samples_per_symbol
            )
            timing = Timing(
                timing.start + float(np.clip(early, -1, 1)), timing.interval, timing.cfo + frequency
            )
        return timing

    def acquire(
        self, samples: NDArray[np.complex64], origin: int, detection: Detection
    ) -> list[Acquisition]:
        """Read what does not need the header, for each frame number that may be.

        Args:
            samples: a piece of the stream, ``margin`` and ``acquisition_samples`` around the
                detection where the stream has them.
            origin: place of its first sample in the stream.
            detection: of the frame's preamble.

        Returns:
            the frame number that the pilots tell, and 0, the number of a frame that is too short
            to tell.
        """
        cleaned = remove_dc_and_iq_imbalance(samples, self._profile.samples_per_symbol)
        timing = self.refine(cleaned, origin, detection)
        value, _ = self._filter.demodulate(cleaned, origin, timing, self._acquisition_symbols)
        number = self._frame_number(value)
        return [self._read(value, timing, n) for n in dict.fromkeys((number, 0))]

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
        """
        profile = self._profile
        cleaned = remove_dc_and_iq_imbalance(samples, profile.samples_per_symbol)
        if measure_drift:
            drift = drift_from_payload(cleaned, origin, timing, layout.frame_symbols, profile)
            timing = replace(timing, interval=timing.interval * (1 + drift))
        positions, known = self._known(header, layout, frame)
        value, slope = self._filter.demodulate(cleaned, origin, timing, layout.frame_symbols)
        inside = self._inside(origin, samples.size, timing, layout.frame_symbols)
        positions, known = positions[inside[positions]], known[inside[positions]]
        gain = phase_tracker.track(positions, value[positions], known, _FRAME_RANGE)
        early = self._header_timing(positions, value, known, gain)
        value += slope * np.float32(np.clip(early, -0.2, 0.2))
        gain = phase_tracker.track(positions, value[positions], known, _FRAME_RANGE)
        extra = layout.extra_header_slots
        slots = layout.slot_positions()[extra : extra + layout.payload_slots]
        power = float(np.mean(np.abs(samples).astype(np.float64) ** 2))
        demodulated = DemodulatedFrame(
            symbols=value[slots] / gain.at(slots),
            noise_variance=gain.noise_variance / gain.amplitude**2
            + gain.walk * profile.pilot_period / 6
            + gain.smoothing_variance,
            valid=inside[slots],
            snr_db=gain.snr_db,
            cfo=timing.cfo + gain.frequency,
            interval=timing.interval,
            level_dbfs=float(10 * np.log10(max(power, 1e-30))),
        )
        if self._observer is not None:
            where = (header, layout, frame, samples, origin, timing)
            self._observer.frame(FrameSignals(*where, value, gain, positions, known, demodulated))
        return demodulated

    def _header_timing(
        self,
        positions: NDArray[np.int64],
        value: NDArray[np.complex64],
        known: NDArray[np.complex64],
        gain: phase_tracker.Gain,
    ) -> float:
        """What the header adds to the timing, weighed against the preamble that gave it first."""
        run = int(np.count_nonzero(positions == np.arange(positions.size)))
        header = np.arange(self._chirps.size, run)
        if header.size < self._profile.header_symbols // 2:
            return 0.0
        slope = self._filter.slope_of(known[:run])
        turned = value[header] * np.conj(gain.at(header))
        early = timing_error(turned, known[header], slope[header])
        return early * header.size / run

    def _inside(self, origin: int, size: int, timing: Timing, symbols: int) -> NDArray[np.bool_]:
        reach = self._profile.span_symbols * self._profile.samples_per_symbol
        times = timing.start - origin + np.arange(symbols) * timing.interval
        return (times >= reach) & (times < size - reach)

    def _known(
        self, header: Header, layout: FrameLayout, frame: int
    ) -> tuple[NDArray[np.int64], NDArray[np.complex64]]:
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
        return positions[order], values[order]

    def _frame_number(self, value: NDArray[np.complex64]) -> int:
        """Which of the pilot sequences stands out of the periodograms of all."""
        places = pilot_positions(_NUMBER_PILOTS, self._profile)
        sequences = np.stack(
            [pilot_symbols(n, _NUMBER_PILOTS, self._profile) for n in range(PILOT_SEQUENCES)]
        )
        spectra = np.abs(fft(value[places] * sequences.conj(), _NUMBER_BINS, axis=1))
        bins = int(_NUMBER_RANGE * _NUMBER_BINS)
        near = np.concatenate((spectra[:, : bins + 1], spectra[:, -bins:]), axis=1)
        return int(np.argmax(near.max(axis=1)))

    def _read(self, value: NDArray[np.complex64], timing: Timing, frame: int) -> Acquisition:
        profile = self._profile
        preamble = np.arange(self._chirps.size)
        pilots = pilot_positions(self._short_pilots, profile)
        positions = np.concatenate((preamble, pilots))
        known = np.concatenate((self._chirps, pilot_symbols(frame, self._short_pilots, profile)))
        gain = phase_tracker.track(positions, value[positions], known, _ACQUISITION_RANGE)
        share = np.arange(self._chirps.size, body_start(profile))
        places = np.concatenate((share, slot_positions(np.arange(self._most_extra), profile)))
        return Acquisition(
            timing=replace(timing, cfo=timing.cfo + gain.frequency),
            frame=frame,
            header=value[places] / gain.at(places),
            header_noise_variance=gain.noise_variance / gain.amplitude**2,
        )
