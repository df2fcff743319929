# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two sources share: contents come from a file or a message port and wait their turn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from implicitjscc.content import Content
from implicitjscc.errors import ImplicitJsccError

from . import pdu
from .worker import Worker

WAIT_S = 0.05
"""How long ``work()`` may wait for something to send before it gives the scheduler its turn."""

_READY_BURSTS = 4

Samples = Any


def load_content(content_file: str) -> Content:
    """The content in an ``.ijscc`` file.

    Raises:
        ImplicitJsccError: it cannot be read, or PyTorch is missing.
    """
    try:
        from implicitjscc.codec import container
    except ImportError as error:
        raise ImplicitJsccError(f"reading {content_file} needs PyTorch here: {error}") from error
    return container.load(content_file).content()


class ContentInput:
    """Turns contents into bursts of samples in a worker thread and hands them out in order.

    Attributes:
        dropped: messages that were no contents, or came when the queue was full.
    """

    def __init__(
        self, prepare: Callable[[Content], Samples], logger: Any, first: Content | None
    ) -> None:
        self.dropped = 0
        self._prepare = prepare
        self._logger = logger
        self._first = first
        self._more = first is None
        self._running = False
        self._ready: deque[Samples] = deque()
        self._arrived = threading.Condition()
        self._worker = Worker(self._work, logger, capacity=8)

    def start(self) -> None:
        """Begin a run: the file's content goes first."""
        self._more, self._running = self._first is None, True
        self._ready.clear()
        self._worker.start()
        if self._first is not None:
            self._worker.submit(self._first)

    def stop(self) -> None:
        """End the run; what was not handed out is dropped."""
        with self._arrived:
            self._running = False
            self._arrived.notify_all()
        self._worker.close()

    def put_message(self, message: Any) -> None:
        """Take a content PDU; whatever else it is, it is logged, counted and dropped."""
        try:
            content = pdu.to_content(message)
        except ImplicitJsccError as error:
            self._drop(str(error))
            return
        self.put(content)

    def put(self, content: Content) -> None:
        """Take a content; where too many wait, it is logged, counted and dropped."""
        if not self._worker.submit(content):
            self._drop(f"content {content.content_id:08x} dropped: the queue is full")

    def end_of_messages(self) -> None:
        """No more messages will come."""
        with self._arrived:
            self._more = False
            self._arrived.notify_all()

    def next(self) -> Samples | None:
        """The next burst, or None where there is none within ``WAIT_S``."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._ready, WAIT_S)
            self._arrived.notify_all()
            return self._ready.popleft() if self._ready else None

    @property
    def waiting(self) -> bool:
        """Whether a burst is ready now."""
        return bool(self._ready)

    @property
    def count(self) -> int:
        """Contents that wait: those that are ready, and those still to be prepared."""
        return len(self._ready) + self._worker.count

    @property
    def finished(self) -> bool:
        """Whether everything was handed out and nothing more can come."""
        return not self._more and self._worker.drain(0) and not self._ready

    def _work(self, content: Content) -> None:
        samples = self._prepare(content) if self._running else None
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._ready) < _READY_BURSTS or not self._running)
            self._ready.append(samples)
            self._arrived.notify_all()

    def _drop(self, why: str) -> None:
        self.dropped += 1
        self._logger.warn(why)
