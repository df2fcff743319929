# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of samples to received contents, in bounded memory."""

from __future__ import annotations

import logging
from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .closer_look import CloserLook
from .continuity import Continuity
from .decimator import Decimator
from .detector import LARGEST_CFO, ChirpDetector
from .follower import BurstFollower
from .frame_receiver import Acquisition, FrameReceiver
from .header import HeaderRefusedError, OtherWaveformError
from .header_search import FoundHeader, HeaderSearch, Preamble
from .observer import FrameObserver
from .other_waveforms import OtherWaveforms
from .profile import RECEIVER_SAMPLES_PER_SYMBOL, STANDARD, WaveformProfile
from .reception import ReceiverStats, Reception
from .sample_buffer import SampleBuffer
from .work_budget import WorkBudget

__all__ = ["BurstReceiver", "ReceiverStats", "Reception"]

_log = logging.getLogger(__name__)

_CHUNK = 1 << 17
# Frames without a header that wait for more frames to read it from, and how many samples may.
_MOST_PENDING = 8
MOST_RETAINED = 1 << 20
_MOST_CUTS = 4096
# A detection's time lies this close to the place that the search's grid goes by.
_SEARCH_LAG = 256
# Full scale is 1; a sample beyond this (a file of another format) would overflow its square.
_LARGEST_SAMPLE = 1e6
_FULL_SCALE = 127 / 128
_LOG_INTERVAL_S = 10.0


class BurstReceiver:
    """Finds bursts in a stream and delivers their contents.

    What comes out depends on the samples only, not on the pieces in which they arrive.

    Args:
        profile: of the waveform.
        sample_rate_hz: of the stream; figures in Hz follow from it.
        observer: is shown the signals of each demodulated frame.

    Attributes:
        stats: counters of each stage; every 10 seconds of samples they go to the log.
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
        self._budget = WorkBudget()
        self._others = OtherWaveforms(profile, self._budget)
        self._detector = ChirpDetector(profile)
        self._frames = FrameReceiver(profile, observer)
        self._looker = CloserLook(self._frames, self._budget, profile)
        self._continuity = Continuity(profile)
        self._headers = HeaderSearch(profile, self._budget)
        self._next_log = _LOG_INTERVAL_S * sample_rate_hz
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

    def note_discontinuity(self) -> None:
        """Samples are missing between those that were pushed and those that come next.

        A receiver finds out by itself, but not so exactly where.
        """
        self.stats.discontinuities += 1
        self._cuts.append(self._buffer.end)

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
        follower = self._follower
        if follower is None:
            return None
        return follower.assembler.partial(
            self._sample_rate_hz, follower.interval, follower.next_frame, at_least
        )

    @property
    def retained_samples(self) -> int:
        """Samples that are kept for later."""
        return self._buffer.end - self._buffer.start

    def _restart(self) -> None:
        self._buffer = SampleBuffer()
        self._cuts: deque[int] = deque(maxlen=_MOST_CUTS)
        self._searched = 0
        self._queue: deque[Preamble] = deque()
        self._pending: list[Preamble] = []
        self._follower: BurstFollower | None = None
        self._last_refusal = ""
        self._others.restart()

    def _valid(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        self.stats.samples += samples.size
        self._budget.earn(samples.size)
        parts = np.ascontiguousarray(samples).view(np.float32)
        # Not a number compares as false.
        largest = max(-float(parts.min()), float(parts.max())) if parts.size else 0.0
        if largest < _FULL_SCALE:
            return samples
        with np.errstate(invalid="ignore"):
            magnitude = np.maximum(np.abs(parts[0::2]), np.abs(parts[1::2]))
            valid = magnitude < _LARGEST_SAMPLE
            self.stats.clipped_samples += int(np.count_nonzero(valid & (magnitude >= _FULL_SCALE)))
        if largest < _LARGEST_SAMPLE:
            return samples
        self.stats.invalid_samples += int(samples.size - np.count_nonzero(valid))
        return np.where(valid, samples, 0).astype(np.complex64)

    def _process(self, *, final: bool) -> list[Reception]:
        receptions: list[Reception] = []
        while True:
            moved = self._search(final)
            if self._follower is not None:
                moved |= self._follow(final, receptions)
            elif self._queue:
                moved |= self._read_header(final, receptions)
            if not moved:
                break
        self._forget()
        self.stats.work_refused = self._budget.refused
        if self.stats.samples >= self._next_log:
            self._next_log = self.stats.samples + _LOG_INTERVAL_S * self._sample_rate_hz
            _log.info("%s", self.stats.line())
        return receptions

    def _search(self, final: bool) -> bool:
        detector = self._detector
        enough = self._searched + detector.block + detector.after <= self._buffer.end
        if not enough and not (final and self._searched < self._buffer.end):
            return False
        length = detector.before + detector.block + detector.after
        piece = self._buffer.piece(self._searched - detector.before, length)
        found = detector.search(piece, self._searched)
        self.stats.candidates += len(found)
        verified = [
            Preamble(candidate)
            for candidate in found
            if self._looker.is_preamble(candidate, self._buffer)
        ]
        self.stats.preambles += len(verified)
        self._queue.extend(verified)
        self._searched += detector.block
        return True

    def _have(self, until: float, final: bool) -> bool:
        """Whether samples and detections up to a time are there, or no more will come."""
        if final:
            return self._searched >= self._buffer.end
        end = until + self._frames.margin
        return self._buffer.end >= end and self._searched >= until + _SEARCH_LAG

    def _have_frame(self, preamble: Preamble, final: bool) -> bool:
        return self._have(preamble.time + self._frames.acquisition_samples, final)

    def _acquire(self, preamble: Preamble) -> list[Acquisition]:
        return self._looker.acquire(preamble, self._buffer)

    def _read_header(self, final: bool, receptions: list[Reception], alive: bool = False) -> bool:
        """Take the next preamble, and try to read a header with its help.

        Args:
            final: whether the stream has ended.
            receptions: where a content goes that another one ends.
            alive: whether a burst goes on that this preamble is not of.
        """
        if not self._have_frame(self._queue[0], final):
            return False
        preamble = self._queue.popleft()
        new = preamble.acquisitions is None
        self._pending.append(preamble)
        if len(self._pending) > _MOST_PENDING:
            self._drop_pending()
        found = None
        try:
            # Without a frame behind the preamble samples may be missing; a later header may tell.
            if self._acquire(preamble):
                self.stats.bursts += new and not self._headers.continues(self._pending)
                found = self._headers.find(self._pending)
            if found is None and not alive:
                self._others.check(preamble.detection, self._buffer)
        except HeaderRefusedError as error:
            self._refuse(error)
            return True
        if found is None:
            return True
        first = found.frames[min(found.frames)].time
        waited, self._pending = self._pending, []
        if alive and self._is_weaker(found):
            self.stats.overlaps += 1
            return True
        self.stats.header_errors += sum(preamble.time < first for preamble in waited)
        self._deliver(receptions)
        self._others.restart()
        self.stats.headers_good += 1
        # The burst takes its frames from the queue, those that led to its header first.
        self._queue.extendleft(p for p in reversed(waited) if p.time >= first)
        self._follower = BurstFollower(
            found, self._buffer, self._frames, self._continuity, self._cuts, self._profile
        )
        return True

    def _refuse(self, error: HeaderRefusedError) -> None:
        if str(error) != self._last_refusal:  # each frame of a burst says the same
            _log.warning("a content was refused: %s", error)
            self._last_refusal = str(error)
        self.stats.headers_refused += 1
        self.stats.other_waveform += isinstance(error, OtherWaveformError)
        self._pending.clear()

    def _drop_pending(self) -> None:
        """Give up the oldest preamble that waits, one without a frame before others."""
        empty = [n for n, preamble in enumerate(self._pending[:-1]) if not preamble.acquisitions]
        self._pending.pop(empty[0] if empty else 0)
        self.stats.header_errors += 1

    def _is_weaker(self, found: FoundHeader) -> bool:
        """Whether a burst is below the one that is followed, which it overlaps."""
        known = self._follower.snr_db if self._follower is not None else None
        return known is not None and -10 * np.log10(found.noise_variance) < known

    def _follow(self, final: bool, receptions: list[Reception]) -> bool:
        """Demodulate the frame that is due, or deliver the content after its last one."""
        follower = self._follower
        assert follower is not None
        due, end = follower.due.start, follower.due_end
        if not self._have(end + 2 * follower.tolerance, final):
            return False
        follower.note_own(self._queue)
        until = end - follower.tolerance
        strangers = [
            p for p in self._queue if p.time < until and abs(p.time - due) > follower.tolerance
        ]
        if not all(self._have_frame(preamble, final) for preamble in strangers):
            return False
        anchor = follower.find_anchor(strangers, self._acquire)
        if anchor is not None:
            until = anchor.timing.start - follower.tolerance
            strangers = [p for p in strangers if p.time < until]
        while self._queue and self._queue[0].time < until:
            self._queue.popleft()
        alive = follower.advance(anchor)
        # Other bursts began here, or noise looked like one: their headers tell.
        self._queue.extendleft(reversed(strangers))
        for _ in strangers:
            self._read_header(final, receptions, alive)
            if self._follower is not follower:
                return True
        if follower.done:
            self._deliver(receptions)
        return True

    def _deliver(self, receptions: list[Reception]) -> None:
        follower, self._follower = self._follower, None
        if follower is None:
            return
        self.stats.discontinuities += follower.discontinuities
        reception = follower.assembler.finish(self._sample_rate_hz, follower.interval)
        if reception is not None:
            self.stats.note(reception)
            receptions.append(reception)

    def _forget(self) -> None:
        """Drop the samples that nothing will ask for, and frames that have waited too long."""
        # Of the frame that a receiver came into too late, the end is still of use.
        longest = int(self._headers.longest_frame) + 2 * self._frames.margin
        oldest = self._buffer.end - MOST_RETAINED + longest + 2 * _CHUNK
        while self._pending and self._pending[0].time < oldest:
            self._pending.pop(0)
            self.stats.header_errors += 1
        times: list[float] = [self._searched - self._detector.before]
        times += [preamble.time for preamble in self._pending[:1]]
        times += [preamble.time for preamble in list(self._queue)[:1]]
        if self._follower is not None:
            times.append(self._follower.due.start)
        self._buffer.forget_before(int(min(times)) - longest)
        while self._cuts and self._cuts[0] < self._buffer.start:
            self._cuts.popleft()
