# SPDX-License-Identifier: GPL-3.0-or-later
"""Search a stream for preambles, block after block, ahead of what is done with them."""

from __future__ import annotations

from collections import deque

from .closer_look import CloserLook
from .detector import ChirpDetector
from .header_search import Preamble
from .profile import WaveformProfile
from .reception import ReceiverStats
from .sample_buffer import SampleBuffer

# A detection's time lies this close to the place that the search's grid goes by.
_LAG = 256


class PreambleSearch:
    """The detector and the coherent check behind it.

    Args:
        profile: of the waveform.
        looker: checks candidates.
        stats: where candidates and preambles are counted.

    Attributes:
        queue: preambles that nobody has dealt with, in order of time.
    """

    def __init__(self, profile: WaveformProfile, looker: CloserLook, stats: ReceiverStats) -> None:
        self._detector = ChirpDetector(profile)
        self._looker, self._stats = looker, stats
        self.restart()

    def restart(self) -> None:
        """What comes next is a new stream."""
        self.queue: deque[Preamble] = deque()
        self._searched = 0

    @property
    def needed(self) -> int:
        """Samples before this one are not searched any more."""
        return self._searched - self._detector.before

    def has_passed(self, time: float) -> bool:
        """Whether all preambles before a time have been found."""
        return self._searched >= time + _LAG

    def has_ended(self, buffer: SampleBuffer) -> bool:
        """Whether nothing of a stream that has ended is left to be searched."""
        return self._searched >= buffer.end

    def advance(self, buffer: SampleBuffer, *, final: bool) -> bool:
        """Search the next block, and whether there was one.

        Args:
            buffer: the stream.
            final: whether it has ended.
        """
        detector = self._detector
        enough = self._searched + detector.block + detector.after <= buffer.end
        if not enough and not (final and self._searched < buffer.end):
            return False
        length = detector.before + detector.block + detector.after
        piece = buffer.piece(self._searched - detector.before, length)
        found = detector.search(piece, self._searched)
        self._stats.candidates += len(found)
        verified = [Preamble(c) for c in found if self._looker.is_preamble(c, buffer)]
        self._stats.preambles += len(verified)
        self.queue.extend(verified)
        self._searched += detector.block
        return True
