# SPDX-License-Identifier: GPL-3.0-or-later
"""Receptions of the same content to one: each turn of a carousel makes it better.

Maximal-ratio combining, symbol by symbol: received symbols are sent ones of unit gain plus noise of
a known variance, so that each counts by 1 / variance, and the variance of the sum is 1 over the
weights' sum (D. G. Brennan, "Linear diversity combining techniques", Proc. IRE 47(6), 1959). What a
reception lacks has no weight, so that a later one fills its gaps.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..content import ReceivedContent
from .reception import Reception, SpreadContent, snr_db_of

_log = logging.getLogger(__name__)

MOST_CONTENTS = 16
MOST_BYTES = 1 << 28
_BYTES_PER_SYMBOL = 24
_LEAST_VARIANCE = 1e-9
# Two receptions of one content differ by their noise; beyond 6 dB more they are of two contents.
_MOST_DISAGREEMENT = 4.0
_LEAST_COMMON = 64
_LEAST_COMPARED_VARIANCE = 0.01


@dataclass
class CombinerStats:
    """Counters.

    Attributes:
        combined: receptions that were added to earlier ones.
        conflicts: receptions with the content id of another content, kept apart.
        evicted: contents that were given up for newer ones.
    """

    combined: int = 0
    conflicts: int = 0
    evicted: int = 0

    def as_dict(self) -> dict[str, int]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)


class _Entry:
    """Sums over the receptions of one content."""

    def __init__(self, reception: Reception) -> None:
        received = _coefficients(reception)
        self.identity = _identity(received)
        self._weighted = np.zeros(received.symbols.size, np.complex128)
        self._weight = np.zeros(received.symbols.size, np.float64)
        self._frames = reception.frames_received + reception.frames_lost
        self._numbers: set[int] = set()
        self._receptions = 0
        self.bytes = received.symbols.size * _BYTES_PER_SYMBOL
        self.add(reception)

    def agrees(self, received: ReceivedContent) -> bool:
        """Whether another reception differs by no more than what the noise of both explains."""
        weight = _weights(received)
        common = np.flatnonzero((weight > 0) & (self._weight > 0))
        if common.size < _LEAST_COMMON:
            return True
        own = self._weight[common]
        difference = received.symbols[common] - self._weighted[common] / own
        variance = 1 / own + 1 / weight[common]
        # Other symbols differ by twice their power: a receiver's own errors, which dwarf the noise
        # of a link that has none, are no sign of them.
        variance = np.maximum(variance, _LEAST_COMPARED_VARIANCE)
        return float(np.mean(np.abs(difference) ** 2 / variance)) < _MOST_DISAGREEMENT

    def add(self, reception: Reception) -> None:
        """One more reception."""
        received = _coefficients(reception)
        weight = _weights(received)
        arrived = weight > 0
        self._weighted[arrived] += weight[arrived] * received.symbols[arrived]
        self._weight += weight
        self._numbers.update(reception.frame_numbers)
        self._receptions += reception.receptions
        spreading = reception.spreading or SpreadContent(received)
        self._spreading = dataclasses.replace(spreading, coefficients=_without_symbols(received))
        self._last = dataclasses.replace(
            reception, received=_without_symbols(received), spreading=None
        )

    def combined(self) -> Reception:
        """All receptions as one."""
        arrived = self._weight > 0
        symbols = np.zeros(arrived.size, np.complex64)
        variance = np.full(arrived.size, np.inf, np.float32)
        symbols[arrived] = self._weighted[arrived] / self._weight[arrived]
        variance[arrived] = 1 / self._weight[arrived]
        coefficients = dataclasses.replace(
            self._last.received, symbols=symbols, noise_variance=variance
        )
        spreading = dataclasses.replace(self._spreading, coefficients=coefficients)
        return dataclasses.replace(
            self._last,
            received=spreading.received(),
            spreading=spreading,
            frames_received=len(self._numbers),
            frames_lost=self._frames - len(self._numbers),
            frame_numbers=sorted(self._numbers),
            snr_db=snr_db_of(coefficients),
            receptions=self._receptions,
        )


class Combiner:
    """Adds receptions up by content, in bounded memory.

    Receptions belong together where content id, length and description are the same, and their
    symbols agree; others with the same id are kept apart, and counted. The content that has not
    been received for longest goes first where there are too many.

    Args:
        most_contents: that are kept.
        most_bytes: that their sums may take; a content of k symbols takes 24 k.

    Attributes:
        stats: counters.
    """

    def __init__(self, most_contents: int = MOST_CONTENTS, most_bytes: int = MOST_BYTES) -> None:
        self.stats = CombinerStats()
        self._most_contents, self._most_bytes = most_contents, most_bytes
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._next = 0

    def __len__(self) -> int:
        """Contents that are kept."""
        return len(self._entries)

    def knows(self, content_id: int) -> bool:
        """Whether a content of this id is kept."""
        return any(entry.identity[0] == content_id for entry in self._entries.values())

    def add(self, reception: Reception) -> tuple[int, Reception, list[tuple[int, Reception]]]:
        """Take a reception.

        Returns:
            the content's number here; what all of its receptions give together; numbers and
            contents that were given up for it.
        """
        number = self._find(_coefficients(reception))
        if number is None:
            number, self._next = self._next, self._next + 1
            self._entries[number] = _Entry(reception)
            return number, reception, self._evict()
        self._entries.move_to_end(number)
        self._entries[number].add(reception)
        self.stats.combined += 1
        return number, self._entries[number].combined(), []

    def contents(self) -> list[tuple[int, Reception]]:
        """Numbers and contents that are kept, the longest unheard first."""
        return [(number, entry.combined()) for number, entry in self._entries.items()]

    def _find(self, received: ReceivedContent) -> int | None:
        conflict = ""
        for number, entry in self._entries.items():
            if entry.identity[0] != received.content_id:
                continue
            if entry.identity != _identity(received):
                conflict = "its description is another"
            elif not entry.agrees(received):
                conflict = "its symbols are others"
            else:
                return number
        if conflict:
            self.stats.conflicts += 1
            _log.warning(
                "content %08x: %s than before under the same id; they are kept apart",
                received.content_id,
                conflict,
            )
        return None

    def _evict(self) -> list[tuple[int, Reception]]:
        evicted = []
        while len(self._entries) > 1 and (
            len(self._entries) > self._most_contents
            or sum(entry.bytes for entry in self._entries.values()) > self._most_bytes
        ):
            number, entry = self._entries.popitem(last=False)
            evicted.append((number, entry.combined()))
            self.stats.evicted += 1
        return evicted


def _coefficients(reception: Reception) -> ReceivedContent:
    """What came over the air: noise is independent there, and gaps are gaps."""
    return reception.spreading.coefficients if reception.spreading else reception.received


def _identity(received: ReceivedContent) -> tuple[int, int, bytes]:
    return received.content_id, received.symbols.size, received.description


def _weights(received: ReceivedContent) -> NDArray[np.float64]:
    variance = received.noise_variance.astype(np.float64)
    usable = np.isfinite(variance) & (variance > 0) & np.isfinite(received.symbols)
    return np.where(usable, 1 / np.maximum(np.where(usable, variance, 1), _LEAST_VARIANCE), 0.0)


def _without_symbols(received: ReceivedContent) -> ReceivedContent:
    """What must not be kept twice is left out."""
    return dataclasses.replace(
        received, symbols=np.empty(0, np.complex64), noise_variance=np.empty(0, np.float32)
    )
