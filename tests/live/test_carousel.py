# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the air, and what gives way."""

from __future__ import annotations

from pathlib import Path

from implicitjscc.live.backlog import Backlog
from implicitjscc.live.carousel import Carousel


def never(_: object) -> bool:
    return False


def test_turns_of_a_fixed_list() -> None:
    carousel = Carousel("abc")
    assert [carousel.take() for _ in range(7)] == list("abcabca")
    assert carousel.turns == 2
    carousel.replace("z")
    assert [carousel.take() for _ in range(2)] == ["z", "z"]


def test_nothing_to_take() -> None:
    carousel: Carousel[str] = Carousel(capacity=2)
    assert carousel.take() is None
    assert carousel.turns == 0


def test_the_newest_is_next_and_the_oldest_gives_way() -> None:
    carousel: Carousel[str] = Carousel(capacity=3)
    for number, item in enumerate("abc"):
        assert carousel.add(number, item, never) == []
    assert [carousel.take() for _ in range(4)] == ["c", "b", "a", "c"]
    assert carousel.add(3, "d", never) == ["a"]
    assert [carousel.take() for _ in range(4)] == ["d", "c", "b", "d"]


def test_what_arrived_before_is_older_even_where_it_is_ready_later() -> None:
    carousel: Carousel[str] = Carousel(capacity=2)
    carousel.add(5, "new", never)
    carousel.add(2, "old", never)
    assert carousel.items() == ["new", "old"]
    assert carousel.take() == "old"
    assert carousel.add(1, "older", never) == ["older"]
    assert [carousel.take() for _ in range(2)] == ["new", "old"]


def test_another_version_takes_the_place_of_the_first() -> None:
    carousel: Carousel[str] = Carousel(capacity=2)
    carousel.add(1, "a1", never)
    carousel.add(2, "b1", never)
    assert carousel.add(3, "a2", lambda item: item[0] == "a") == ["a1"]
    assert carousel.items() == ["a2", "b1"]
    carousel.change(str.upper)
    assert carousel.items() == ["A2", "B1"]


def test_a_backlog_gives_the_newest_and_drops_the_oldest() -> None:
    backlog = Backlog(2)
    assert backlog.pop() is None
    assert backlog.push(Path("a")) is None
    assert backlog.push(Path("b")) is None
    assert backlog.push(Path("a")) is None, "once more the same file is no third one"
    assert backlog.push(Path("c")) == Path("b")
    assert (backlog.names(), backlog.dropped) == (["c", "a"], 1)
    assert [backlog.pop() for _ in range(3)] == [(4, Path("c")), (3, Path("a")), None]
