# SPDX-License-Identifier: GPL-3.0-or-later
"""Where samples of a stream are missing, as its stream tags tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pmt

from implicitjscc.radio.gaps import GapFinder

DISCONTINUITY = "discontinuity"
"""Key of the tag on a sample before which others are missing; Radio Source, SigMF Source set it."""

_DRIVER_KEYS = ("rx_time", "rx_rate")

Time = tuple[int, float]


def driver_marks(tags: Iterable[Any]) -> dict[int, Time | None]:
    """The marks of a radio's driver among a stream's tags, in their order.

    Returns:
        by the number of the sample, its time; None where the driver has no clock.
    """
    marks: dict[int, Time | None] = {}
    for tag in sorted(tags, key=lambda tag: int(tag.offset)):
        key = str(tag.key)
        if key in _DRIVER_KEYS:
            time = _time(tag.value) if key == "rx_time" else None
            marks[tag.offset] = time or marks.get(tag.offset)
    return marks


def told_cuts(block: Any, count: int) -> Iterator[int]:
    """Which of a block's next input samples have the tag ``discontinuity``, in their order.

    Args:
        block: inside its ``work()``.
        count: of the samples that are looked at.
    """
    first = block.nitems_read(0)
    tags = block.get_tags_in_window(0, 0, count, pmt.intern(DISCONTINUITY))
    yield from sorted({int(tag.offset) - first for tag in tags})


class StreamMarks:
    """Follows the tags of a block's input: those of a radio's driver, and ``discontinuity``.

    Args:
        rate_hz: of the stream.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._gaps = GapFinder()

    def restart(self) -> None:
        """A new run begins."""
        self._gaps.restart()

    def cuts(self, block: Any, count: int) -> Iterator[int]:
        """Which of the next input samples have others missing before them, in their order.

        Args:
            block: inside its ``work()``; it is asked once about each sample.
            count: of the samples.
        """
        tags = block.get_tags_in_window(0, 0, count)
        if not tags:
            return
        first = block.nitems_read(0)
        found = {tag.offset - first for tag in tags if str(tag.key) == DISCONTINUITY}
        for offset, time in driver_marks(tags).items():
            before = self._gaps.discontinuities
            self._gaps.mark(offset, time, self._rate_hz)
            if self._gaps.discontinuities > before:
                found.add(offset - first)
        yield from sorted(found)


def _time(value: Any) -> Time | None:
    """Whole seconds and the rest of UHD's ``rx_time``, or None."""
    if not pmt.is_tuple(value) or pmt.length(value) < 2:
        return None
    whole, rest = pmt.tuple_ref(value, 0), pmt.tuple_ref(value, 1)
    if not pmt.is_uint64(whole) or not pmt.is_real(rest):
        return None
    return int(pmt.to_uint64(whole)), float(pmt.to_double(rest))
