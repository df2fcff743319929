# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of samples to received contents, in bounded memory."""

from __future__ import annotations

import logging
from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .assembler import ContentAssembler
from .decimator import Decimator
from .detector import LARGEST_CFO, ChirpDetector, Detection
from .frame_receiver import LEAST_SNR_DB, FrameReceiver
from .header import HeaderRefusedError, OtherWaveformError
from .header_search import HeaderSearch, PendingFrame
from .observer import FrameObserver
from .other_waveforms import OtherWaveforms
from .profile import RECEIVER_SAMPLES_PER_SYMBOL, STANDARD, WaveformProfile
from .reception import ReceiverStats, Reception
from .sample_buffer import SampleBuffer

__all__ = ["BurstReceiver", "ReceiverStats", "Reception"]

_log = logging.getLogger(__name__)

_CHUNK = 1 << 17
# Frames without a header that wait for more frames to read it from, and how many samples may.
_MOST_PENDING = 8
MOST_RETAINED = 1 << 20
_TIME_TOLERANCE = 8.0  # samples between where a frame is due and where its preamble is
# A detection's time lies this close to the place that the search's grid goes by.
_SEARCH_LAG = 256
# Full scale is 1; a sample beyond this (a file of another format) would overflow its square.
_LARGEST_SAMPLE = 1e6


class BurstReceiver:
    """Finds bursts in a stream and delivers their contents.

    What comes out depends on the samples only, not on the pieces in which they arrive.

    Args:
        profile: of the waveform.
        sample_rate_hz: of the stream; figures in Hz follow from it.
        observer: is shown the signals of each demodulated frame.

    Attributes:
        stats: counters of each stage.
    """

    def __init__(
        self,
        profile: WaveformProfile = STANDARD,
        sample_rate_hz: float = 2e6,
        observer: FrameObserver | None = None,
    ) -> None:
        self.stats = ReceiverStats()
        factor = profile.samples_per_symbol // RECEIVER_SAMPLES_PER_SYMBOL
        self._decimator = Decimator(factor, (1 + profile.rolloff) / 2 + LARGEST_CFO)
        profile = profile.at(RECEIVER_SAMPLES_PER_SYMBOL)
        self._profile = profile
        self._sample_rate_hz = sample_rate_hz / factor
        self._others = OtherWaveforms(profile)
        self._detector = ChirpDetector(profile)
        self._frames = FrameReceiver(profile, observer)
        self._headers = HeaderSearch(profile)
        self._restart()

    def push(self, samples: ArrayLike) -> list[Reception]:
        """Take the next samples of the stream.

        Args:
            samples: shape (n,), complex; what is not finite, or beyond 10^6, counts as 0.

        Returns:
            contents that are complete, or whose time has passed.
        """
        taken = np.asarray(samples).astype(np.complex64, copy=False).reshape(-1)
        receptions = []
        for first in range(0, taken.size, _CHUNK):
            self._buffer.append(self._decimator.push(self._valid(taken[first : first + _CHUNK])))
            receptions += self._process(final=False)
        return receptions

    def flush(self) -> list[Reception]:
        """The stream has ended: what is there of contents that are not complete.

        A stream that is pushed after that is a new one; the counters go on.
        """
        self._buffer.append(self._decimator.flush())
        receptions = self._process(final=True)
        self.stats.header_errors += len(self._pending)
        self._restart()
        return receptions

    def partial(self, at_least: int = 1) -> Reception | None:
        """What has come so far of the content that is arriving; the receiver goes on with it.

        Frames that are still to come count as neither received nor lost.

        Args:
            at_least: None is returned where fewer frames than this have been received.
        """
        if self._content is None:
            return None
        return self._content.partial(self._sample_rate_hz, at_least)

    @property
    def retained_samples(self) -> int:
        """Samples that are kept for later."""
        return self._buffer.end - self._buffer.start

    def _restart(self) -> None:
        self._buffer = SampleBuffer()
        self._searched = 0
        self._detections: deque[Detection] = deque()
        self._pending: list[PendingFrame] = []
        self._content: ContentAssembler | None = None
        self._last_refusal = ""
        self._others.restart()

    def _valid(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        self.stats.samples += samples.size
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.abs(samples) < _LARGEST_SAMPLE
        if finite.all():
            return samples
        self.stats.invalid_samples += int(samples.size - np.count_nonzero(finite))
        return np.where(finite, samples, 0).astype(np.complex64)

    def _process(self, *, final: bool) -> list[Reception]:
        receptions: list[Reception] = []
        while True:
            moved = self._search(final)
            if self._content is not None:
                moved |= self._follow(final, receptions)
            elif self._detections:
                moved |= self._read_header(final, receptions)
            if not moved:
                break
        self._forget()
        return receptions

    def _search(self, final: bool) -> bool:
        detector = self._detector
        enough = self._searched + detector.block + detector.after <= self._buffer.end
        if not enough and not (final and self._searched < self._buffer.end):
            return False
        length = detector.before + detector.block + detector.after
        piece = self._buffer.piece(self._searched - detector.before, length)
        found = detector.search(piece, self._searched)
        self.stats.preambles += len(found)
        self._detections.extend(found)
        self._searched += detector.block
        return True

    def _have(self, until: float, final: bool) -> bool:
        """Whether samples and detections up to a time are there, or no more will come."""
        if final:
            return self._searched >= self._buffer.end
        end = until + self._frames.margin
        return self._buffer.end >= end and self._searched >= until + _SEARCH_LAG

    def _read_header(self, final: bool, receptions: list[Reception]) -> bool:
        """Take the next detection, and try to read a header with its help."""
        detection = self._detections[0]
        until = detection.time + self._frames.acquisition_samples
        if not self._have(until, final):
            return False
        self._detections.popleft()
        start = int(detection.time) - self._frames.margin
        length = self._frames.acquisition_samples + 2 * self._frames.margin
        samples, origin = self._buffer.existing(start, length)
        acquisitions = self._frames.acquire(samples, origin, detection)
        self._pending.append(PendingFrame(detection, acquisitions))
        try:
            found = self._headers.find(self._pending)
            if found is None:
                self._others.check(samples, origin, detection)
        except HeaderRefusedError as error:
            self._refuse(error)
            return True
        if found is None:
            if len(self._pending) > _MOST_PENDING:
                self._pending.pop(0)
                self.stats.header_errors += 1
            return True
        self._deliver(receptions)
        self._others.restart()
        self.stats.headers_good += 1
        self.stats.header_errors += len(self._pending) - len(found.frames)
        self._pending.clear()
        self._content = ContentAssembler(found.header, found.layout, min(found.frames))
        # The content takes its frames from the queue, those that led to its header first.
        self._detections.extendleft(
            frame.detection for _, frame in sorted(found.frames.items(), reverse=True)
        )
        for number, frame in found.frames.items():
            self._content.note_time(number, frame.acquisitions[0].timing)
        return True

    def _refuse(self, error: HeaderRefusedError) -> None:
        if str(error) != self._last_refusal:  # each frame of a burst says the same
            _log.warning("a content was refused: %s", error)
            self._last_refusal = str(error)
        self.stats.headers_refused += 1
        self.stats.other_waveform += isinstance(error, OtherWaveformError)
        self._pending.clear()

    def _follow(self, final: bool, receptions: list[Reception]) -> bool:
        """Demodulate the frame that is due, or deliver the content after its last one."""
        content = self._content
        assert content is not None
        frame, layout = content.next_frame, content.layout
        due = content.timing_of(frame)
        end = due.time_of(layout.frame_symbols)
        if not self._have(end + 2 * _TIME_TOLERANCE, final):
            return False
        self._note_preambles(content, frame)
        strangers = self._strangers(due.start, end)
        timing = content.timing_of(frame)
        if timing.start < self._buffer.end - self._frames.margin or content.has_time(frame):
            self._demodulate(content, frame)
        content.next_frame += 1
        # Other bursts began here, or noise looked like one: their headers tell.
        self._detections.extendleft(reversed(strangers))
        before = self.stats.headers_good
        for _ in strangers:
            if not self._read_header(final, receptions):
                break
            if self.stats.headers_good > before:
                return True
        if content.done:
            self._deliver(receptions)
        return True

    def _note_preambles(self, content: ContentAssembler, frame: int) -> None:
        """Tell the content where the due frame's and the next one's preamble lie."""
        for number in (frame, frame + 1):
            due = content.timing_of(number).start
            near = [d for d in self._detections if abs(d.time - due) <= _TIME_TOLERANCE]
            if not near or number >= content.layout.frames:
                continue
            start = int(near[0].time) - self._frames.margin
            preamble = self._profile.preamble_symbols * self._profile.samples_per_symbol
            samples, origin = self._buffer.existing(start, preamble + 2 * self._frames.margin)
            content.note_time(number, self._frames.refine(samples, origin, near[0]))

    def _strangers(self, start: float, end: float) -> list[Detection]:
        """Take all detections up to a frame's end off the queue; those that are not its own."""
        strangers = []
        while self._detections and self._detections[0].time < end - _TIME_TOLERANCE:
            detection = self._detections.popleft()
            if abs(detection.time - start) > _TIME_TOLERANCE:
                strangers.append(detection)
        return strangers

    def _demodulate(self, content: ContentAssembler, frame: int) -> None:
        timing, layout = content.timing_of(frame), content.layout
        start = int(timing.start) - self._frames.margin
        length = int(layout.frame_symbols * timing.interval) + 2 * self._frames.margin
        samples, origin = self._buffer.existing(start, length)
        demodulated = self._frames.demodulate(
            samples,
            origin,
            timing,
            content.header,
            layout,
            frame,
            measure_drift=not content.knows_drift,
        )
        if demodulated.snr_db >= LEAST_SNR_DB:
            content.place(frame, demodulated)

    def _deliver(self, receptions: list[Reception]) -> None:
        if self._content is None:
            return
        reception = self._content.finish(self._sample_rate_hz)
        self._content = None
        if reception is None:
            return
        self.stats.frames_received += reception.frames_received
        self.stats.frames_lost += reception.frames_lost
        self.stats.contents += 1
        receptions.append(reception)

    def _forget(self) -> None:
        """Drop the samples that nothing will ask for, and frames that have waited too long."""
        while self._pending and self._pending[0].detection.time < self._buffer.end - MOST_RETAINED:
            self._pending.pop(0)
            self.stats.header_errors += 1
        times: list[float] = [self._searched - self._detector.before]
        times += [frame.detection.time for frame in self._pending[:1]]
        times += [detection.time for detection in list(self._detections)[:1]]
        if self._content is not None:
            times.append(self._content.timing_of(self._content.next_frame).start)
        self._buffer.forget_before(int(min(times)) - 2 * self._frames.margin)
