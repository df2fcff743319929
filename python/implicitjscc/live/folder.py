# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that arrive in a folder, found by looking again and again."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)

_Signature = tuple[int, int, int]  # of what a file is: inode, size, time of the last change


class FolderWatch:
    """Tells of files that are new or were written anew, once each, when they are complete.

    A file counts as complete when its size and time have stood still for a while. Hidden files,
    empty ones, folders and whatever is no plain file are passed over.

    Args:
        folder: to look into, not below.
        settle_s: how long a file has to stand still.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        settle_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = Path(folder)
        self._settle_s = settle_s
        self._clock = clock
        self._told: dict[str, _Signature] = {}
        self._waiting: dict[str, tuple[_Signature, float]] = {}
        self._readable = True

    @property
    def waiting(self) -> int:
        """Files that do not stand still yet."""
        return len(self._waiting)

    def look(self) -> list[Path]:
        """Files that have become complete since the last look, oldest first."""
        present = self._present()
        if present is None:
            return []
        now = self._clock()
        self._told = {name: self._told[name] for name in present if name in self._told}
        waiting, complete = {}, []
        for name, signature in present.items():
            if self._told.get(name) == signature:
                continue
            known, since = self._waiting.get(name, (None, now))
            if known != signature:
                since = now
            if known == signature and now - since >= self._settle_s:
                self._told[name] = signature
                complete.append(name)
            else:
                waiting[name] = signature, since
        self._waiting = waiting
        complete.sort(key=lambda name: (present[name][2], name))
        return [self._folder / name for name in complete]

    def _present(self) -> dict[str, _Signature] | None:
        present = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    signature = None if entry.name.startswith(".") else _signature(entry)
                    if signature is not None:
                        present[entry.name] = signature
        except OSError as error:
            if self._readable:
                _log.warning("%s: %s; waiting for it", self._folder, error.strerror)
            self._readable = False
            return None
        self._readable = True
        return present


def _signature(entry: os.DirEntry[str]) -> _Signature | None:
    try:
        status = entry.stat()
    except OSError:  # gone meanwhile, or a link to nowhere
        return None
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
