# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples over ZeroMQ, as GNU Radio's ZMQ PUB Sink and ZMQ SUB Source exchange them.

A message is any number of complex64 samples, without tags. The transmitter binds, the receiver
connects. The transmitter's socket is an XPUB, which is a PUB that also hears who subscribes: it
waits for the first receiver, and says when the last one has gone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import numpy as np
import zmq
from zmq.utils.monitor import recv_monitor_message

from ..errors import ImplicitJsccError
from .ends import Samples

_log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S = 60.0
_CHUNK = 1 << 14
_HIGH_WATER_MARK = 256  # messages
_LINGER_MS = 5000
_SEND_TIMEOUT_MS = 2000
_POLL_MS = 100
_LARGEST_MESSAGE_BYTES = 1 << 26
_SAMPLE_BYTES = 8


def address(where: str) -> str:
    """A ZeroMQ address; TCP unless another transport is named."""
    return where if "://" in where else f"tcp://{where}"


class ZmqSink:
    """Sends samples at the pace of the sample rate to whoever listens.

    Args:
        where: address to bind.
        sample_rate_hz: pace.
        timeout_s: how long to wait for the first receiver; None for a minute, 0 to send at once.
        keep_waiting: tells whether to go on waiting.

    Raises:
        ImplicitJsccError: the address is in use or makes no sense, or no receiver comes.
    """

    def __init__(
        self,
        where: str,
        sample_rate_hz: float,
        timeout_s: float | None,
        keep_waiting: Callable[[], bool] | None = None,
    ) -> None:
        self._keep_waiting = keep_waiting
        self._address = address(where)
        self._sample_rate_hz = sample_rate_hz
        self._timeout_s = DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s
        self._receivers = 0
        self._dropped = 0

    def __enter__(self) -> ZmqSink:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, _HIGH_WATER_MARK)
        self._socket.setsockopt(zmq.SNDTIMEO, _SEND_TIMEOUT_MS)
        # A receiver that lags holds the transmitter back instead of losing samples.
        self._socket.setsockopt(zmq.XPUB_NODROP, 1)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        try:
            self._socket.bind(self._address)
        except zmq.ZMQError as error:
            self._socket.close(0)
            raise ImplicitJsccError(f"{self._address}: {_reason(error)}") from None
        try:
            if self._timeout_s > 0:
                self._wait_for_receiver()
        except BaseException:
            self._socket.close(0)
            raise
        self._started = time.monotonic()
        self._sent = 0
        return self

    def __exit__(self, *_: object) -> None:
        if self._dropped:
            _log.warning("%d samples were dropped: no receiver took them in time", self._dropped)
        self._socket.close(_LINGER_MS if self._receivers else 0)

    def write(self, samples: Samples) -> None:
        """Send samples, no faster than the sample rate."""
        for first in range(0, samples.size, _CHUNK):
            piece = samples[first : first + _CHUNK]
            self._listen()
            try:
                self._socket.send(piece.astype("<c8", copy=False).tobytes())
            except zmq.Again:
                self._dropped += piece.size
            self._sent += piece.size
            ahead = self._sent / self._sample_rate_hz - (time.monotonic() - self._started)
            if ahead > 0:
                time.sleep(ahead)

    def _wait_for_receiver(self) -> None:
        _log.info("waiting for a receiver at %s", self._address)
        deadline = time.monotonic() + self._timeout_s
        while not self._receivers:
            if self._keep_waiting is not None and not self._keep_waiting():
                raise ImplicitJsccError(f"{self._address}: stopped before a receiver came")
            if time.monotonic() > deadline:
                raise ImplicitJsccError(
                    f"{self._address}: no receiver came within {self._timeout_s:g} s"
                )
            if self._socket.poll(_POLL_MS):
                self._listen()

    def _listen(self) -> None:
        """Take notice of receivers that come and go."""
        while self._socket.poll(0):
            joined = self._socket.recv()[:1] == b"\x01"
            self._receivers = max(self._receivers + (1 if joined else -1), 0)
            if joined:
                _log.info("a receiver has come")
            else:
                _log.warning("the last receiver has gone; sending goes on for the next one")


class ZmqSource:
    """Receives samples.

    Args:
        where: address to connect to.
        timeout_s: how long to wait when no samples come; None for a minute.

    Raises:
        ImplicitJsccError: the address makes no sense.
    """

    def __init__(self, where: str, timeout_s: float | None) -> None:
        self._address = address(where)
        self._timeout_s = DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s

    def __enter__(self) -> ZmqSource:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _HIGH_WATER_MARK)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE_BYTES)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        events = zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED
        self._monitor: zmq.Socket[bytes] = self._socket.get_monitor_socket(events)
        try:
            self._socket.connect(self._address)
        except zmq.ZMQError as error:
            self.__exit__()
            raise ImplicitJsccError(f"{self._address}: {_reason(error)}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)

    def chunks(self) -> Iterator[Samples]:
        """Samples as they come; ends when none have come for the timeout."""
        _log.info("waiting for samples from %s", self._address)
        last = time.monotonic()
        skipped = 0
        while time.monotonic() - last < self._timeout_s:
            self._watch()
            if not self._socket.poll(_POLL_MS):
                yield np.zeros(0, np.complex64)
                continue
            message = self._socket.recv()
            last = time.monotonic()
            if len(message) % _SAMPLE_BYTES:
                skipped += 1
                if skipped == 1:
                    _log.warning("a message that is no whole number of samples was skipped")
                continue
            yield np.frombuffer(message, "<c8").astype(np.complex64)
        _log.warning("no samples for %g s", self._timeout_s)

    def _watch(self) -> None:
        """Say when the transmitter comes and goes; the socket reconnects by itself."""
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            if event == zmq.EVENT_CONNECTED:
                _log.info("connected to the transmitter")
            elif event == zmq.EVENT_DISCONNECTED:
                _log.warning("the transmitter has gone; waiting for it to come back")


def _reason(error: zmq.ZMQError) -> str:
    if error.errno == zmq.EADDRINUSE:
        return "the address is in use"
    return str(error.strerror).lower()
