# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of samples to received contents, in bounded memory."""

from __future__ import annotations

import logging
from collections import deque

import numpy as np
from numpy.typing import ArrayLike

from .closer_look import CloserLook
from .continuity import Continuity
from .follower import BurstFollower
from .frame_receiver import Acquisition, FrameReceiver
from .header_reader import HeaderReader
from .header_search import FoundHeader, Preamble
from .intake import SampleIntake
from .observer import FrameObserver
from .preamble_search import PreambleSearch
from .profile import RECEIVER_SAMPLES_PER_SYMBOL, STANDARD, WaveformProfile
from .reception import ReceiverStats, Reception
from .sample_buffer import SampleBuffer
from .work_budget import WorkBudget

__all__ = ["BurstReceiver", "ReceiverStats", "Reception"]

_log = logging.getLogger(__name__)

_CHUNK = 1 << 17
# How many samples of frames without a header are kept for more frames to read it from.
MOST_RETAINED = 1 << 20
_MOST_CUTS = 4096
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
        self._budget = WorkBudget()
        self._intake = SampleIntake(profile, self.stats, self._budget)
        self._sample_rate_hz = sample_rate_hz / self._intake.factor
        self._log_samples = self._next_log = _LOG_INTERVAL_S * sample_rate_hz
        self._profile = profile = profile.at(RECEIVER_SAMPLES_PER_SYMBOL)
        self._frames = FrameReceiver(profile, observer)
        self._looker = CloserLook(self._frames, self._budget, profile)
        self._continuity = Continuity(profile)
        self._preambles = PreambleSearch(profile, self._looker, self.stats)
        self._reader = HeaderReader(profile, self._looker, self._budget, self.stats)
        self._follower: BurstFollower | None = None
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
            self._buffer.append(self._intake.push(taken[first : first + _CHUNK]))
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
        self._buffer.append(self._intake.flush())
        receptions = self._process(final=True)
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
        self._preambles.restart()
        self._reader.restart()
        self._follower = None

    def _process(self, *, final: bool) -> list[Reception]:
        receptions: list[Reception] = []
        while True:
            moved = self._preambles.advance(self._buffer, final=final)
            if self._follower is not None:
                moved |= self._follow(final, receptions)
            elif self._preambles.queue:
                moved |= self._read_header(final, receptions)
            if not moved:
                break
        self._forget()
        self.stats.work_refused = self._budget.refused
        if self.stats.samples >= self._next_log:
            self._next_log = self.stats.samples + self._log_samples
            _log.info("%s", self.stats.line())
        return receptions

    def _have(self, until: float, final: bool) -> bool:
        """Whether samples and detections up to a time are there, or no more will come."""
        if final:
            return self._preambles.has_ended(self._buffer)
        end = until + self._frames.margin
        return self._buffer.end >= end and self._preambles.has_passed(until)

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
        if not self._have_frame(self._preambles.queue[0], final):
            return False
        found = self._reader.read(self._preambles.queue.popleft(), self._buffer, alive)
        if found is None:
            return True
        waited = self._reader.take_waiting()
        if alive and self._is_weaker(found):
            self.stats.overlaps += 1
            return True
        first = found.frames[min(found.frames)].time
        self._deliver(receptions)
        self._reader.accept(waited, first)
        # The burst takes its frames from the queue, those that led to its header first.
        self._preambles.queue.extendleft(p for p in reversed(waited) if p.time >= first)
        self._follower = BurstFollower(
            found, self._buffer, self._frames, self._continuity, self._cuts, self._profile
        )
        return True

    def _is_weaker(self, found: FoundHeader) -> bool:
        """Whether a burst is below the one that is followed, which it overlaps."""
        known = self._follower.snr_db if self._follower is not None else None
        return known is not None and -10 * np.log10(found.noise_variance) < known

    def _follow(self, final: bool, receptions: list[Reception]) -> bool:
        """Demodulate the frame that is due, or deliver the content after its last one."""
        follower, queue = self._follower, self._preambles.queue
        assert follower is not None
        due, end = follower.due.start, follower.due_end
        if not self._have(end + 2 * follower.tolerance, final):
            return False
        follower.note_own(queue)
        until = end - follower.tolerance
        strangers = [p for p in queue if p.time < until and abs(p.time - due) > follower.tolerance]
        if not all(self._have_frame(preamble, final) for preamble in strangers):
            return False
        anchor = follower.find_anchor(strangers, self._acquire)
        if anchor is not None:
            until = anchor.timing.start - follower.tolerance
            strangers = [p for p in strangers if p.time < until]
        while queue and queue[0].time < until:
            queue.popleft()
        alive = follower.advance(anchor)
        # Other bursts began here, or noise looked like one: their headers tell.
        queue.extendleft(reversed(strangers))
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
        longest = int(self._reader.longest_frame) + 2 * self._frames.margin
        self._reader.forget_before(self._buffer.end - MOST_RETAINED + longest + 2 * _CHUNK)
        times: list[float] = [self._preambles.needed, self._reader.oldest()]
        times += [preamble.time for preamble in list(self._preambles.queue)[:1]]
        if self._follower is not None:
            times.append(self._follower.due.start)
        self._buffer.forget_before(int(min(times)) - longest)
        while self._cuts and self._cuts[0] < self._buffer.start:
            self._cuts.popleft()
