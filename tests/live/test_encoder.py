# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread between folder and carousel, with containers that need no encoding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from implicitjscc.codec.sources import is_source_ending
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.live.backlog import Arrival
from implicitjscc.live.encoder import LiveEncoder

from ..waiting import eventually


def test_newest_first_and_the_oldest_dropped(tmp_path: Path, caplog) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.ijscc"
        path.write_bytes(b"x")
        os.utime(path, (1000 + number, 1000 + number))
    delivered: list[tuple[int, str]] = []

    def deliver(arrival: Arrival, container: Path) -> None:
        assert container == arrival.path
        delivered.append((arrival.number, container.name))

    with LiveEncoder(os.fspath(tmp_path), [], deliver, is_source_ending, 2) as encoder:
        eventually(lambda: len(delivered) == 2)
        status = encoder.status()
    assert delivered == [(5, "4.ijscc"), (4, "3.ijscc")]
    assert (status["dropped"], status["skipped"], status["waiting"]) == (3, 0, [])
    assert sum("dropped" in record.message for record in caplog.records) == 3


def test_whatever_a_file_does_the_thread_goes_on(tmp_path: Path, caplog) -> None:
    errors = {"a.ijscc": ImplicitJsccError("no good"), "b.ijscc": ZeroDivisionError("odd")}
    delivered = []

    def deliver(arrival: Arrival, container: Path) -> None:
        if container.name in errors:
            raise errors[container.name]
        delivered.append(container.name)

    for name in (*errors, "notes.txt", "c.ijscc"):
        (tmp_path / name).write_bytes(b"x")
    with LiveEncoder(os.fspath(tmp_path), [], deliver, is_source_ending, 9) as encoder:
        eventually(lambda: bool(delivered) and encoder.status()["skipped"] == 3)
        encoder.push(tmp_path / "c.ijscc")
        eventually(lambda: delivered == ["c.ijscc"] * 2)
        with pytest.raises(ImplicitJsccError, match="no such file"):
            encoder.push(tmp_path / "d.ijscc")
        with pytest.raises(ImplicitJsccError, match="neither a picture"):
            encoder.push(tmp_path / "notes.txt")
    text = "\n".join(record.message for record in caplog.records)
    for words in ("skipped: no good", "unexpected ZeroDivisionError: odd", "notes.txt: neither"):
        assert words in text


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        LiveEncoder(os.fspath(tmp_path / "x"), [], lambda *_: None, is_source_ending, 1)
