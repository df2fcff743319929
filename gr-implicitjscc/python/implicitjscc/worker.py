# SPDX-License-Identifier: GPL-3.0-or-later
"""One thread beside a block, for what takes longer than a scheduler's call may."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pmt

from implicitjscc.errors import ImplicitJsccError


class Worker:
    """Does jobs one after the other in a thread of its own, from a bounded queue.

    A job that fails is logged and counted and never ends the thread: an exception that leaves a
    GNU Radio block stops or aborts the whole flowgraph.

    Attributes:
        failures: jobs that raised.
    """

    def __init__(self, handle: Callable[[Any], None], logger: Any, capacity: int = 64) -> None:
        self.failures = 0
        self._handle = handle
        self._logger = logger
        self._capacity = capacity
        self._jobs: deque[Callable[[], None]] = deque()
        self._busy = False
        self._closed = True
        self._latest: tuple[int, Any] | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, or begin again."""
        with self._changed:
            self._closed = False
        owner = type(getattr(self._handle, "__self__", self)).__name__
        self._thread = threading.Thread(target=self._run, name=owner, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is a thread to do the jobs."""
        return self._thread is not None

    @property
    def count(self) -> int:
        """Jobs that are queued or under way."""
        with self._changed:
            return len(self._jobs) + self._busy

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or under way."""
        return self.count == 0

    def submit(self, job: Any) -> bool:
        """Queue a job; False where the queue is full."""
        with self._changed:
            if len(self._jobs) >= self._capacity:
                return False
            self._jobs.append(partial(self._handle, job))
            self._changed.notify_all()
            return True

    def submit_latest(self, job: Any, rank: int = 0) -> None:
        """Queue a job in the place of the one that was submitted so before and still waits.

        One of a higher rank keeps its place, and this job is passed over.
        """
        with self._changed:
            if self._latest is None:
                self._jobs.append(self._do_latest)
            elif self._latest[0] > rank:
                return
            self._latest = (rank, job)
            self._changed.notify_all()

    def call_when_done(self, callback: Callable[[], None]) -> None:
        """Call this after all that is queued now."""
        with self._changed:
            self._jobs.append(callback)
            self._changed.notify_all()

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until every queued job is done; True unless the time was not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, timeout_s)

    def close(self) -> None:
        """Do what is queued, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def do(self, job: Callable[[], None]) -> None:
        """Do one job in the calling thread, with the same care."""
        try:
            job()
        except ImplicitJsccError as error:
            self.failures += 1
            self._logger.error(str(error))
        except Exception as error:
            # Whatever it is, the flowgraph must live on, and the log must say what happened.
            self.failures += 1
            self._logger.error(f"{type(error).__name__}: {error}")

    def _do_latest(self) -> None:
        with self._changed:
            waiting, self._latest = self._latest, None
        if waiting is not None:
            self._handle(waiting[1])

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
                self._busy = True
            self.do(job)
            with self._changed:
                self._busy = False
                self._changed.notify_all()


def take_pending(block: Any, port: str, handle: Callable[[Any], None]) -> None:
    """Handle what waits on a block's message port.

    The scheduler's word that a neighbour has ended comes on a port of its own, so it may be read
    before messages that were sent earlier; without this they would be lost.
    """
    name = pmt.intern(port)
    while (message := block.gateway.delete_head_nowait(name)) is not None:
        handle(message)


def end_when_idle(block: Any, worker: Worker, message: Any) -> None:
    """Let a block end, as the scheduler's message says, but after what its worker still has to do.

    The message is put back meanwhile: a block that waited for its worker could not be stopped.
    """
    if worker.idle:
        block.gateway.system_handler(message)
    else:
        system = pmt.intern("system")
        worker.call_when_done(lambda: block.gateway._post(system, message))
