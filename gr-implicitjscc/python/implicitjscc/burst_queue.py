# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Transmitter sends when: bursts one after the other, or round and round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .content_input import ContentInput

MODES = ("burst", "continuous", "carousel")
_CAROUSEL_CONTENTS = 8


@dataclass(frozen=True)
class PreparedBurst:
    """A modulated content, without silence.

    Attributes:
        content_id: of the content.
        samples: shape (n,).
        frames: of the burst.
        peak: largest magnitude of a sample.
    """

    content_id: int
    samples: NDArray[np.complex64]
    frames: int = 0
    peak: float = 0.0


_NOTHING = PreparedBurst(0, np.empty(0, np.complex64))


class BurstQueue:
    """Hands out the samples of bursts that a :class:`ContentInput` prepares.

    Args:
        source: of :class:`PreparedBurst`.
        mode: one of ``MODES``.
        repeat: how often each burst is sent, in the carousel in each turn.
        silence: zero samples before and after each burst; they take no memory.

    Attributes:
        mode: as given.
        bursts: begun so far.
        turns: of the carousel: how often all of its contents were begun.
        beyond_full_scale: samples handed out whose I or Q is above 1, which a radio clips.
        current: the burst that was begun last; None before the first.
        gain: factor of every sample; may change at any time.
    """

    def __init__(
        self, source: ContentInput, mode: str, repeat: int, silence: tuple[int, int]
    ) -> None:
        self.bursts = self.turns = self.beyond_full_scale = 0
        self.current: PreparedBurst | None = None
        self.gain = 1.0
        self._source = source
        self.mode = mode
        self._repeat = repeat
        self._silence = silence
        self._only: int | None = None
        self._turn: dict[int, PreparedBurst] = {}
        self._begun: set[int] = set()  # of this turn
        self.restart()

    def restart(self) -> None:
        """Forget all bursts: a new run begins."""
        self._turn.clear()
        self._begun.clear()
        self.current = None
        self._burst, self._sent, self._times_left = _NOTHING, 0, 0
        self._length = 0

    def replace(self, content_id: int) -> None:
        """When this content's burst comes, the carousel drops all others."""
        self._only = content_id

    def fill(self, out: Any) -> int:
        """Write the next samples; returns how many, 0 where there is nothing to send now."""
        if self._sent == self._length and not self._advance():
            return 0
        before, samples = self._silence[0], self._burst.samples
        count = min(out.size, self._length - self._sent)
        first = max(self._sent, before)
        last = min(self._sent + count, before + samples.size)
        out[:count] = 0
        if first < last:
            part = samples[first - before : last - before]
            scaled = part * np.float32(self.gain)
            out[first - self._sent : last - self._sent] = scaled
            if self._burst.peak * self.gain > 1:
                beyond = (np.abs(scaled.real) > 1) | (np.abs(scaled.imag) > 1)
                self.beyond_full_scale += int(np.count_nonzero(beyond))
        self._sent += count
        return int(count)

    def contents(self) -> list[PreparedBurst]:
        """What is on the carousel, or the burst that was begun last."""
        if self.mode == "carousel":
            return list(self._turn.values())
        return [] if self.current is None else [self.current]

    @property
    def sending(self) -> bool:
        """Whether a burst, or the silence around it, is under way."""
        return self._sent < self._length

    def _advance(self) -> bool:
        """Make the next burst the current one; False where there is none."""
        if self._times_left == 0:
            may_wait = self.mode == "burst"
            burst = self._source.next() if may_wait or self._source.waiting else None
            if self.mode == "carousel":
                burst = self._next_in_turn(burst)
            if burst is None:
                return False
            self._burst, self._times_left = burst, self._repeat
            self.current = burst
            self._length = sum(self._silence) + burst.samples.size
        self._times_left -= 1
        self._sent = 0
        self.bursts += 1
        return True

    def _next_in_turn(self, new: PreparedBurst | None) -> PreparedBurst | None:
        """A new content goes first; else the one that has waited longest. Both go to the end."""
        if new is not None:
            if new.content_id == self._only:
                self._turn.clear()
                self._only = None
            self._turn.pop(new.content_id, None)
            while len(self._turn) >= _CAROUSEL_CONTENTS:
                del self._turn[next(iter(self._turn))]
        elif self._turn:
            new = self._turn.pop(next(iter(self._turn)))
        if new is not None:
            self._turn[new.content_id] = new
            self._begun.add(new.content_id)
            if self._begun.issuperset(self._turn):
                self.turns += 1
                self._begun.clear()
        return new
