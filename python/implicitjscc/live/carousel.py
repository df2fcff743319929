# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that take turns on the air."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass
class _Entry(Generic[Item]):
    number: int
    item: Item


class Carousel(Generic[Item]):
    """Items in a ring, from which one thread takes while others change it.

    Args:
        items: to begin with, in their order.
        capacity: most items that :meth:`add` leaves; None for no limit.
    """

    def __init__(self, items: Iterable[Item] = (), capacity: int | None = None) -> None:
        self._ring = [_Entry(-place, item) for place, item in enumerate(items)]
        self._capacity = capacity
        self._next = 0
        self._turns = 0
        self._lock = threading.Lock()

    @property
    def turns(self) -> int:
        """How often the ring's last item was taken."""
        with self._lock:
            return self._turns

    def items(self) -> list[Item]:
        """All, in the ring's order."""
        with self._lock:
            return [entry.item for entry in self._ring]

    def take(self) -> Item | None:
        """The item whose turn it is; None where there is none."""
        with self._lock:
            if not self._ring:
                return None
            entry = self._ring[self._next]
            self._next += 1
            if self._next == len(self._ring):
                self._next = 0
                self._turns += 1
            return entry.item

    def add(self, number: int, item: Item, supersedes: Callable[[Item], bool]) -> list[Item]:
        """Put an item before all older ones; it is next, and the ring goes on from it to these.

        Args:
            number: the higher, the newer.
            item: the new one.
            supersedes: tells which others it takes the place of, of whatever age.

        Returns:
            what has given way: superseded, or the oldest beyond the capacity, which may be the new
            one itself.
        """
        new = _Entry(number, item)
        with self._lock:
            gone = [old.item for old in self._ring if supersedes(old.item)]
            ring = [old for old in self._ring if not supersedes(old.item)] + [new]
            ring.sort(key=lambda entry: -entry.number)
            place = next(place for place, entry in enumerate(ring) if entry is new)
            if self._capacity is not None:
                gone += [old.item for old in ring[self._capacity :]]
                ring = ring[: self._capacity]
            self._ring, self._next = ring, place % len(ring)
            return gone

    def replace(self, item: Item) -> None:
        """Only this one from now on."""
        with self._lock:
            self._ring, self._next = [_Entry(0, item)], 0

    def change(self, change: Callable[[Item], Item]) -> None:
        """Another item in each one's place."""
        with self._lock:
            for entry in self._ring:
                entry.item = change(entry.item)
