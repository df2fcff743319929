# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits to be encoded: the newest comes first, the oldest gives way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple


class Arrival(NamedTuple):
    """A file that has arrived.

    Attributes:
        number: counts up with each arrival.
        path: of the file.
    """

    number: int
    path: Path


class Backlog:
    """A bounded stack of files, each once.

    Args:
        capacity: most files.

    Attributes:
        dropped: files that gave way to newer ones.
    """

    def __init__(self, capacity: int) -> None:
        self._arrivals: list[Arrival] = []
        self._capacity = capacity
        self._count = 0
        self._lock = threading.Lock()
        self.dropped = 0

    def push(self, path: Path) -> Path | None:
        """Add the newest file; gives the oldest where there was no room for both."""
        with self._lock:
            self._count += 1
            kept = [arrival for arrival in self._arrivals if arrival.path != path]
            self._arrivals = [*kept, Arrival(self._count, path)]
            if len(self._arrivals) <= self._capacity:
                return None
            self.dropped += 1
            return self._arrivals.pop(0).path

    def pop(self) -> Arrival | None:
        """The newest; None where nothing waits."""
        with self._lock:
            return self._arrivals.pop() if self._arrivals else None

    def names(self) -> list[str]:
        """What waits, newest first."""
        with self._lock:
            return [arrival.path.name for arrival in reversed(self._arrivals)]
