# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that arrive, grow, change and go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from implicitjscc.live.folder import FolderWatch


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(tmp_path: Path, clock: Clock) -> FolderWatch:
    return FolderWatch(tmp_path, 1.0, clock)


def after(watch: FolderWatch, clock: Clock, seconds: float) -> list[str]:
    clock.now_s += seconds
    return [path.name for path in watch.look()]


def test_a_file_is_told_once_when_it_stands_still(watch, clock, tmp_path: Path) -> None:
    growing = tmp_path / "a.png"
    for size in range(1, 5):
        growing.write_bytes(bytes(size))
        assert after(watch, clock, 2.0) == []
    assert watch.waiting == 1
    assert after(watch, clock, 0.5) == []
    assert after(watch, clock, 0.5) == ["a.png"]
    assert after(watch, clock, 10) == []
    assert watch.waiting == 0


def test_a_file_that_is_written_anew_or_comes_back_is_new(watch, clock, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"1")
    assert [after(watch, clock, 1) for _ in range(2)] == [[], ["a.png"]]
    path.write_bytes(b"22")
    assert [after(watch, clock, 1) for _ in range(2)] == [[], ["a.png"]]
    path.unlink()
    assert after(watch, clock, 1) == []
    path.write_bytes(b"22")
    assert [after(watch, clock, 1) for _ in range(2)] == [[], ["a.png"]]


def test_oldest_first_and_only_plain_files(watch, clock, tmp_path: Path) -> None:
    for age_s, name in enumerate(["c.png", "a.png", "b.png"]):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1000 - age_s, 1000 - age_s))
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.png")
    watch.look()
    assert after(watch, clock, 1) == ["b.png", "a.png", "c.png"]


def test_a_folder_that_goes_and_comes_back(tmp_path: Path, clock: Clock, caplog) -> None:
    folder = tmp_path / "drop"
    watch = FolderWatch(folder, 1.0, clock)
    assert [after(watch, clock, 1) for _ in range(3)] == [[], [], []]
    assert len(caplog.records) == 1
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    assert [after(watch, clock, 1) for _ in range(2)] == [[], ["a.png"]]
