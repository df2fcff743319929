# SPDX-License-Identifier: GPL-3.0-or-later
"""From a folder to containers, in the background."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import ImplicitJsccError
from .backlog import Arrival, Backlog
from .encode_process import EncodeProcess
from .folder import FolderWatch

_log = logging.getLogger(__name__)

_LOOK_S = 0.25
_JOIN_S = 10.0
_MOST_NAMES = 1000
CONTAINER_ENDING = ".ijscc"


class LiveEncoder:
    """A thread that watches a folder, has one file after the other encoded, and delivers.

    Args:
        folder: to watch.
        arguments: for ``implicitjscc encode``.
        deliver: takes an arrival and the path of its container, which the next one overwrites;
            called in the thread; refuses what it cannot use with ImplicitJsccError.
        is_source: whether a file's ending is one of a source.
        most_waiting: files that wait to be encoded; the oldest beyond are dropped.

    Raises:
        ImplicitJsccError: there is no such folder.
    """

    def __init__(
        self,
        folder: str,
        arguments: Sequence[str],
        deliver: Callable[[Arrival, Path], None],
        is_source: Callable[[str], bool],
        most_waiting: int,
    ) -> None:
        if not os.path.isdir(folder):
            raise ImplicitJsccError(f"{folder}: no such folder")
        self._watch = FolderWatch(folder)
        self._arguments = list(arguments)
        self._deliver = deliver
        self._is_source = is_source
        self._backlog = Backlog(most_waiting)
        self._process: EncodeProcess | None = None
        self._arrival: Arrival | None = None
        self._started = 0.0
        self._encoded = self._skipped = 0
        self._refused_names: set[str] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live encoder", daemon=True)

    def __enter__(self) -> LiveEncoder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(_JOIN_S)

    def push(self, path: Path) -> None:
        """Have a file encoded next.

        Raises:
            ImplicitJsccError: there is no such file, or its ending is not one of a source.
        """
        if not path.is_file():
            raise ImplicitJsccError(f"{path}: no such file")
        if not self._is_known(path):
            raise ImplicitJsccError(_unknown(path))
        self._push(path)

    def status(self) -> dict[str, Any]:
        """Plain values: what is at work, what waits, and counters."""
        process = self._process
        return {
            "encoding": None if process is None else process.source.name[:100],
            "encoding_s": 0.0 if process is None else time.monotonic() - self._started,
            "waiting": [name[:100] for name in self._backlog.names()],
            "still_written": self._watch.waiting,
            "encoded": self._encoded,
            "dropped": self._backlog.dropped,
            "skipped": self._skipped,
        }

    def _run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="implicitjscc-") as folder:
            while not self._ending.wait(_LOOK_S):
                self._try_step(Path(folder) / "live.ijscc")
            self._forget()

    def _try_step(self, container: Path) -> None:
        try:
            self._step(container)
        except ImplicitJsccError as error:
            self._forget()
            self._skip(str(error))
        except Exception as error:
            # The thread must outlive whatever a file does to it.
            self._forget()
            self._skip(f"unexpected {type(error).__name__}: {error}")

    def _step(self, container: Path) -> None:
        for path in self._watch.look():
            self._arrived(path)
        process = self._process
        if process is None:
            self._start_next(container)
        elif process.done():
            assert self._arrival is not None
            self._process = None
            self._encoded += 1
            self._hand_over(self._arrival, container)

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _arrived(self, path: Path) -> None:
        if self._is_known(path):
            self._push(path)
        elif path.name not in self._refused_names:
            if len(self._refused_names) >= _MOST_NAMES:
                self._refused_names.clear()
            self._refused_names.add(path.name)
            self._skip(_unknown(path))

    def _push(self, path: Path) -> None:
        dropped = self._backlog.push(path)
        if dropped is not None:
            _log.warning("%s: dropped, newer files are before it", dropped.name)

    def _is_known(self, path: Path) -> bool:
        return path.suffix.lower() == CONTAINER_ENDING or self._is_source(path.name)

    def _start_next(self, container: Path) -> None:
        arrival = self._backlog.pop()
        if arrival is None:
            return
        if arrival.path.suffix.lower() == CONTAINER_ENDING:
            self._hand_over(arrival, arrival.path)
            return
        _log.info("%s: encoding", arrival.path.name)
        self._arrival, self._started = arrival, time.monotonic()
        self._process = EncodeProcess(arrival.path, container, self._arguments)

    def _hand_over(self, arrival: Arrival, container: Path) -> None:
        try:
            self._deliver(arrival, container)
        except MemoryError:
            raise ImplicitJsccError(f"{arrival.path.name}: not enough memory") from None

    def _skip(self, why: str) -> None:
        self._skipped += 1
        _log.warning("skipped: %s", " ".join(why.split()))


def _unknown(path: Path) -> str:
    return f"{path.name}: neither a picture, WAV, FLAC, .npy nor .ijscc"
