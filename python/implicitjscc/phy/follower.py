# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow the frames of one burst, also past samples that are missing or too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .assembler import ContentAssembler
from .burst_times import BurstTimes
from .continuity import Continuity, zero_runs
from .frame import PILOT_SEQUENCES
from .frame_receiver import LEAST_SNR_DB, Acquisition, FrameReceiver
from .header import HEADER_BITS
from .header_search import FoundHeader, Preamble
from .header_symbols import header_symbols
from .matched_filter import Timing
from .profile import WaveformProfile
from .sample_buffer import SampleBuffer
from .synchronizer import drift_from_payload

_log = logging.getLogger(__name__)

# Samples between where a frame is due and where its preamble is: before and after the clocks'
# ratio is known.
_TIME_TOLERANCE, _SURE_TIME_TOLERANCE = 8.0, 4.0
_SAME_HEADER = 0.25  # correlation of header symbols with those that are known
_LEAST_PART = 2048  # samples of a frame that are worth while


@dataclass(frozen=True)
class Anchor:
    """A preamble of the burst that is followed, where none was due.

    Attributes:
        frame: its number.
        timing: refined.
    """

    frame: int
    timing: Timing


class BurstFollower:
    """One burst whose header is known.

    Args:
        found: the header, and the frames that it was read from.
        buffer: the stream's samples.
        frames: demodulates.
        continuity: tells which part of a frame is there.
        cuts: places in the stream where samples are known to be missing, in order.
        profile: of the waveform.

    Attributes:
        next_frame: the frame that is due.
        snr_db: Es/N0 of the frame before, once there has been one.
        discontinuities: that preambles told of, and ``cuts`` did not.
    """

    def __init__(
        self,
        found: FoundHeader,
        buffer: SampleBuffer,
        frames: FrameReceiver,
        continuity: Continuity,
        cuts: Iterable[int],
        profile: WaveformProfile,
    ) -> None:
        self.header, self.layout = found.header, found.layout
        self.assembler = ContentAssembler(found.header, found.layout)
        self.next_frame = min(found.frames)
        self.snr_db: float | None = None
        self.discontinuities = 0
        self._buffer, self._frames, self._continuity = buffer, frames, continuity
        self._cuts, self._profile = cuts, profile
        self._reach = profile.span_symbols * profile.samples_per_symbol
        self._times = BurstTimes(found.layout)
        first = found.frames[self.next_frame].acquisitions or []
        timing = next(a.timing for a in first if (self.next_frame - a.frame) % PILOT_SEQUENCES == 0)
        self._times.note(self.next_frame, timing)
        # A receiver that came late has still heard the end of the frame before.
        self._recover_end(self.next_frame - 1)

    @property
    def due(self) -> Timing:
        """Of the frame that is due."""
        return self._times.of(self.next_frame)

    @property
    def due_end(self) -> float:
        """When the frame that is due ends, in samples of the stream."""
        return self.due.time_of(self.layout.frame_symbols)

    @property
    def interval(self) -> float:
        """Samples a symbol."""
        return self._times.interval

    @property
    def done(self) -> bool:
        """Whether the last frame's time has passed."""
        return self.next_frame >= self.layout.frames

    @property
    def tolerance(self) -> float:
        """Samples that a preamble may be from where it is due."""
        return _SURE_TIME_TOLERANCE if self._times.knows_drift else _TIME_TOLERANCE

    def note_own(self, queue: Iterable[Preamble]) -> None:
        """Note the preambles of the due frame and of the one after it, where they are due."""
        for number in (self.next_frame, self.next_frame + 1):
            if number >= self.layout.frames or self._times.knows(number):
                continue
            due = self._times.of(number).start
            near = [p for p in queue if abs(p.time - due) <= self.tolerance]
            if near:
                self._times.note(number, self._refined(near[0]))

    def find_anchor(
        self, strangers: list[Preamble], acquire: Callable[[Preamble], list[Acquisition]]
    ) -> Anchor | None:
        """The first preamble of this burst among those that nobody expected."""
        if self._times.knows(self.next_frame + 1):
            return None
        for preamble in strangers:
            for acquisition in acquire(preamble):
                frame = self._number(acquisition)
                if frame is not None:
                    return Anchor(frame, acquisition.timing)
        return None

    def advance(self, anchor: Anchor | None) -> bool:
        """Take the frame that is due, and what an anchor makes of the frames up to it.

        Returns:
            whether the burst goes on, as far as this frame tells.
        """
        frame, last = self.next_frame, self.layout.frames - 1
        if anchor is None:
            whole = self._take(frame)
            self.next_frame = frame + 1
            return whole
        if anchor.frame > frame or self._times.knows(frame):
            self._take(frame, anchor.timing.start)
        begin = self._times.of(self._times.last).start
        if not any(begin < cut <= anchor.timing.start for cut in self._cuts):
            self.discontinuities += 1
        self._times.note_after_cut(anchor.frame, anchor.timing)
        self._recover_end(anchor.frame - 1)
        self.next_frame = min(anchor.frame, last)
        return True

    def _number(self, acquisition: Acquisition) -> int | None:
        """Which frame of this burst a preamble begins; None where it is of another."""
        known_bits = HEADER_BITS // 2
        for frame in range(acquisition.frame, self.layout.frames, PILOT_SEQUENCES):
            if frame <= self._times.last:
                continue
            count = self._profile.header_symbols + self.layout.extra_header_slots
            sent = header_symbols(self.header, frame, count, self._profile)
            # The information bits are alike in all headers of a sender; parity is not.
            sent = sent[known_bits : self._profile.header_symbols]
            come = acquisition.header[known_bits : self._profile.header_symbols]
            norm = float(np.linalg.norm(sent) * np.linalg.norm(come))
            if norm > 0 and abs(np.vdot(sent, come)) > _SAME_HEADER * norm:
                return frame
        return None

    def _refined(self, preamble: Preamble) -> Timing:
        margin = self._frames.margin
        length = self._profile.preamble_symbols * self._profile.samples_per_symbol
        samples, origin = self._buffer.existing(int(preamble.time) - margin, length + 2 * margin)
        return self._frames.refine(samples, origin, preamble.detection)

    def _take(self, frame: int, before: float = np.inf) -> bool:
        """Demodulate a frame from its beginning as far as it is there; whether it is all there."""
        timing, margin = self._times.of(frame), self._frames.margin
        start, end = int(timing.start) - margin, int(self.due_end) + margin
        if self._times.begins_segment(frame):
            samples, origin = self._buffer.existing(start, end - start)
            missing = self._continuity.missing_preamble(samples, origin, timing)
            if missing:
                start = int(timing.time_of(missing)) - self._reach
        if self._times.knows(frame + 1):
            self._demodulate(frame, timing, start, end)
            return True
        end = int(min([end, before, *(cut for cut in self._cuts if cut > timing.start)]))
        samples, origin = self._buffer.existing(start, end - start)
        if not samples.size:
            return False
        symbols, likely = self._there(frame, timing, samples, origin), timing
        if symbols < self.layout.frame_symbols and not self._times.knows_drift:
            # With the clocks' ratio unknown the pilots at a long frame's end are elsewhere.
            drifting = self._with_drift(samples, origin, timing)
            more = self._there(frame, drifting, samples, origin)
            if more > symbols:
                symbols, likely = more, drifting
        if symbols < self.layout.frame_symbols:
            end = min(end, int(likely.time_of(symbols)) + self._reach)
        if symbols:
            self._demodulate(frame, timing, start, end)
        return symbols == self.layout.frame_symbols

    def _there(
        self, frame: int, timing: Timing, samples: NDArray[np.complex64], origin: int
    ) -> int:
        """Symbols of a frame from its beginning on that these samples hold at this timing."""
        at = (samples, origin, timing, self.layout, frame)
        reaches = origin + samples.size > self.due_end
        if self._times.knows(frame) and reaches and self._continuity.closes(*at):
            return self.layout.frame_symbols
        return self._continuity.until(*at)

    def _with_drift(self, samples: NDArray[np.complex64], origin: int, timing: Timing) -> Timing:
        """A timing by which the pilots at a long frame's end are where they are looked for."""
        symbols = self.layout.frame_symbols
        drift = drift_from_payload(samples, origin, timing, symbols, self._profile)
        return replace(timing, interval=timing.interval * (1 + drift))

    def _recover_end(self, frame: int) -> None:
        """Demodulate the end of a frame, as far back as the preamble behind it tells its time."""
        if frame < 0:
            return
        following, margin = self._times.by_segment(frame + 1), self._frames.margin
        timing = self._times.by_segment(frame)
        cut = max((c for c in self._cuts if c <= following.start), default=self._buffer.start)
        start = max(int(timing.start) - margin, cut)
        preamble = self._profile.preamble_symbols * self._profile.samples_per_symbol
        end = int(following.start) + preamble + margin
        samples, origin = self._buffer.existing(start, end - start)
        if following.start - start < _LEAST_PART or not samples.size:
            return
        first = self._continuity.since(samples, origin, following, self.layout, frame)
        if first < self.layout.frame_symbols:
            start = max(start, int(timing.time_of(first)) - self._reach)
            self._demodulate(frame, timing, start, int(following.start) + margin)

    def _demodulate(self, frame: int, timing: Timing, start: int, end: int) -> None:
        """Take samples of a frame, without the zeros that stand for missing ones."""
        samples, origin = self._buffer.existing(start, end - start)
        first = int(timing.start) - self._reach - origin
        last = int(timing.time_of(self.layout.frame_symbols)) + self._reach - origin
        begin = 0
        for gap, behind in zero_runs(samples):
            if behind <= first or gap >= last:
                continue
            self._demodulate_part(frame, timing, samples[begin:gap], origin + begin)
            begin = behind
        self._demodulate_part(frame, timing, samples[begin:], origin + begin)

    def _demodulate_part(
        self, frame: int, timing: Timing, samples: NDArray[np.complex64], origin: int
    ) -> None:
        end = timing.time_of(self.layout.frame_symbols)
        overlap = min(origin + samples.size, end) - max(origin, timing.start)
        if overlap < _LEAST_PART:
            return
        # A short piece tells less of the clock than is known of crystals.
        most = overlap > (end - timing.start) / 2
        try:
            demodulated = self._frames.demodulate(
                samples,
                origin,
                timing,
                self.header,
                self.layout,
                frame,
                measure_drift=most and not self._times.knows_drift,
                followed=self._times.knows(frame + 1),
            )
        except np.linalg.LinAlgError as error:
            # Noise that no gain fits: the part is lost, and the burst goes on.
            _log.debug("frame %d cannot be demodulated: %s", frame, error)
            return
        if demodulated.snr_db >= LEAST_SNR_DB:
            self.assembler.place(frame, demodulated)
            if most:
                self._times.measured_interval = demodulated.interval
            self.snr_db = demodulated.snr_db
