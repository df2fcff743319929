# SPDX-License-Identifier: GPL-3.0-or-later
"""Preambles one after the other until their frames together give a header."""

from __future__ import annotations

import logging

from .closer_look import CloserLook
from .header import HeaderRefusedError, OtherWaveformError
from .header_search import FoundHeader, HeaderSearch, Preamble
from .other_waveforms import OtherWaveforms
from .profile import WaveformProfile
from .reception import ReceiverStats
from .sample_buffer import SampleBuffer
from .work_budget import WorkBudget

_log = logging.getLogger(__name__)

# Frames without a header that wait for more frames to read it from.
_MOST_WAITING = 8


class HeaderReader:
    """Keeps the frames whose header could not be read yet.

    Args:
        profile: of the waveform.
        looker: reads the beginnings of frames.
        budget: pays.
        stats: where bursts and headers are counted.

    Attributes:
        longest_frame: samples.
    """

    def __init__(
        self,
        profile: WaveformProfile,
        looker: CloserLook,
        budget: WorkBudget,
        stats: ReceiverStats,
    ) -> None:
        self._looker, self._stats = looker, stats
        self._headers = HeaderSearch(profile, budget)
        self._others = OtherWaveforms(profile, budget)
        self.longest_frame = self._headers.longest_frame
        self._waiting: list[Preamble] = []
        self._last_refusal = ""

    def restart(self) -> None:
        """The stream has ended: frames that still wait have led to nothing."""
        self._stats.header_errors += len(self._waiting)
        self._waiting = []
        self._last_refusal = ""
        self._others.restart()

    def read(self, preamble: Preamble, buffer: SampleBuffer, alive: bool) -> FoundHeader | None:
        """Try to read a header with the help of one more frame.

        Args:
            preamble: of the frame.
            buffer: the stream, with that frame's beginning.
            alive: whether a burst goes on that this preamble is not of.
        """
        new = preamble.acquisitions is None
        self._waiting.append(preamble)
        if len(self._waiting) > _MOST_WAITING:
            self._drop_one()
        found = None
        try:
            # Without a frame behind the preamble samples may be missing; a later header may tell.
            if self._looker.acquire(preamble, buffer):
                self._stats.bursts += new and not self._headers.continues(self._waiting)
                found = self._headers.find(self._waiting)
            if found is None and not alive:
                self._others.check(preamble.detection, buffer)
        except HeaderRefusedError as error:
            self._refuse(error)
        return found

    def take_waiting(self) -> list[Preamble]:
        """The preambles that led to a header, and those that waited before them; none wait on."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def accept(self, waited: list[Preamble], first: float) -> None:
        """A header's burst is followed.

        Args:
            waited: as taken.
            first: when the burst's first frame began; frames before it led to nothing.
        """
        self._stats.header_errors += sum(preamble.time < first for preamble in waited)
        self._stats.headers_good += 1
        self._others.restart()

    def oldest(self) -> float:
        """When the first frame that waits began; inf where none does."""
        return self._waiting[0].time if self._waiting else float("inf")

    def forget_before(self, time: float) -> None:
        """Give up the frames that have waited too long."""
        while self._waiting and self._waiting[0].time < time:
            self._waiting.pop(0)
            self._stats.header_errors += 1

    def _refuse(self, error: HeaderRefusedError) -> None:
        if str(error) != self._last_refusal:  # each frame of a burst says the same
            _log.warning("a content was refused: %s", error)
            self._last_refusal = str(error)
        self._stats.headers_refused += 1
        self._stats.other_waveform += isinstance(error, OtherWaveformError)
        self._waiting.clear()

    def _drop_one(self) -> None:
        """Give up the oldest preamble that waits, one without a frame before others."""
        empty = [n for n, preamble in enumerate(self._waiting[:-1]) if not preamble.acquisitions]
        self._waiting.pop(empty[0] if empty else 0)
        self._stats.header_errors += 1
