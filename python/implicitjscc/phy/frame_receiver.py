# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame: from a detected preamble to header symbols, and to payload symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft

from . import gain_tracker
from .channel_estimator import ChannelEstimator
from .detector import Detection
from .equaliser import Equaliser
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
from .image import image_of, remove_image
from .local_noise import burst_variance
from .matched_filter import FilterOutput, MatchedFilter, Timing
from .profile import STANDARD, WaveformProfile
from .synchronizer import drift_from_payload, drift_of_lines, preamble_errors

_REFINEMENTS = 2
_REMEMBERED = 16  # detections
_NUMBER_PILOTS = 128
_NUMBER_BINS = 512
_NUMBER_RANGE = 0.05  # cycles from pilot to pilot that the preamble's frequency may be wrong by
_ACQUISITION_RANGE = 1e-3  # cycles a symbol
_FRAME_RANGE = 3e-4
# Shorter ones hold their drift in the header's symbols rather than in the payload's.
_LONG_FRAME = 8192
_LEFT_DRIFT_STD = 0.25e-6  # of the interval that the preambles tell
_MOST_VARIANCE = 30.0  # of the noise on a symbol that is still worth something
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
        noise_variance: shape (P,), of the complex noise on each.
        valid: shape (P,), False behind the end of the stream, and where interference buries all.
        snr_db: Es/N0.
        cfo: cycles a nominal symbol.
        interval: samples a symbol that it was taken at.
        level_dbfs: rms of the frame's samples, 0 dB for full scale 1.0.
        equalised: whether echoes made it worth while.
    """

    symbols: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    valid: NDArray[np.bool_]
    snr_db: float
    cfo: float
    interval: float
    level_dbfs: float
    equalised: bool = False


class FrameReceiver:
    """Works on pieces of the stream that hold one frame.

    Args:
        profile: of the waveform.

    Attributes:
        acquisition_samples: samples from a frame's start on that :meth:`acquire` uses.
        margin: samples around a frame that its filters use.
    """

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._profile = profile
        self._filter = MatchedFilter(profile)
        self._channels = ChannelEstimator(profile)
        self._equaliser = Equaliser(self._filter, profile.samples_per_symbol)
        self._refined: dict[Detection, Timing] = {}
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
        timing, response = self._channel(cleaned, origin, timing, self._chirps)
        value = self._filter.demodulate(
            cleaned, origin, timing, self._acquisition_symbols, response
        ).value
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
        long = layout.frame_symbols >= _LONG_FRAME
        if measure_drift and long:
            drift = drift_from_payload(cleaned, origin, timing, layout.frame_symbols, profile)
            timing = replace(timing, interval=timing.interval * (1 + drift))
        positions, known = self._known(header, layout, frame)
        run = int(np.count_nonzero(positions == np.arange(positions.size)))
        timing, response = self._channel(
            cleaned, origin, timing, known[:run], measure_drift=measure_drift and not long
        )
        output = self._filter.demodulate(cleaned, origin, timing, layout.frame_symbols, response)
        inside = self._inside(origin, samples.size, timing, layout.frame_symbols)
        value = self._without_drift(output, inside, run / 2)
        positions, known = positions[inside[positions]], known[inside[positions]]
        power = value.real**2 + value.imag**2
        gain = gain_tracker.track(
            positions,
            value[positions],
            known,
            _FRAME_RANGE,
            uncounted=0 if response is None else self._chirps.size,
            power=power,
        )
        extra = layout.extra_header_slots
        slots = layout.slot_positions()[extra : extra + layout.payload_slots]
        variance = gain.noise_variance_at(slots) + burst_variance(power, gain)[slots]
        places, sent = (x[positions >= self._chirps.size] for x in (positions, known))
        settled = value[places] / gain.at(places)
        image = image_of(settled, sent, gain.noise_variance_at(places))
        # The known symbols' residuals hold the image that is now taken out.
        imaged = abs(image) ** 2 * float(np.mean(np.abs(known) ** 2)) / gain.noise_ratio
        variance *= np.float32(max(1 - imaged, 0.1))
        level = float(np.mean(samples.real**2 + samples.imag**2, dtype=np.float64))
        return DemodulatedFrame(
            symbols=remove_image(value[slots] / gain.at(slots), image),
            noise_variance=variance,
            valid=inside[slots] & (variance < _MOST_VARIANCE),
            snr_db=gain.snr_db - float(10 * np.log10(max(1 - imaged, 0.1))),
            cfo=(timing.cfo + gain.frequency) * profile.samples_per_symbol / timing.interval,
            interval=timing.interval,
            level_dbfs=float(10 * np.log10(max(level, 1e-30))),
            equalised=response is not None,
        )

    def _without_drift(
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

    def _channel(
        self,
        samples: NDArray[np.complex64],
        origin: int,
        timing: Timing,
        known: NDArray[np.complex64],
        *,
        measure_drift: bool = False,
    ) -> tuple[Timing, NDArray[np.complex64] | None]:
        """Timing, and the equaliser's response where echoes ask for one.

        Args:
            samples, origin, timing, measure_drift: as for :meth:`demodulate`.
            known: the frame's first symbols.
        """
        there = self._inside(origin, samples.size, timing, known.size)
        if known.size < self._channels.least_symbols or not there.all():
            return timing, None
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
            late = float(np.clip(channel.late, -0.5, 0.5))
            timing = replace(timing, start=timing.start + late)
        return timing, response

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
        gain = gain_tracker.track(positions, value[positions], known, _ACQUISITION_RANGE)
        share = np.arange(self._chirps.size, body_start(profile))
        places = np.concatenate((share, slot_positions(np.arange(self._most_extra), profile)))
        return Acquisition(
            timing=replace(timing, cfo=timing.cfo + gain.frequency),
            frame=frame,
            header=value[places] / gain.at(places),
            header_noise_variance=gain.noise_ratio,
        )
