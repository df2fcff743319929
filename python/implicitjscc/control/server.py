# SPDX-License-Identifier: GPL-3.0-or-later
"""The control channel's end in the program that is controlled: a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import zmq

from ..errors import ImplicitJsccError
from . import protocol
from .address import ControlAddress

_log = logging.getLogger(__name__)

Status = Callable[[], dict[str, Any]]
Action = Callable[[Any], dict[str, Any] | None]

INTERVAL_S = 1.0
_POLL_MS = 50
_JOIN_S = 5.0
_GRACE_S = 0.1  # for the answer to "stop" to get out
# What is above the protocol's bound is answered with an error up to here; beyond it ZeroMQ itself
# cuts the connection before the message is in memory.
_MOST_BYTES_READ = 1 << 20
_FEW_MESSAGES = 16


class ControlServer:
    """Publish a status and carry out commands, while the program does its work.

    Args:
        address: where to listen.
        status: gives plain values; called in the server's thread.
        actions: by command; take its argument, and give keys for the answer or raise
            ImplicitJsccError. Called in the server's thread.
        allow_remote: listen where other machines reach it. There is no password and no encryption.

    Raises:
        ImplicitJsccError: the address is in use or makes no sense, or is not this machine's own.
    """

    def __init__(
        self,
        address: ControlAddress,
        status: Status,
        actions: Mapping[str, Action],
        *,
        allow_remote: bool = False,
    ) -> None:
        if not address.is_loopback and not allow_remote:
            raise ImplicitJsccError(
                f"{address.commands}: other machines would reach it, which has neither password "
                "nor encryption; 127.0.0.1, or --control-allow-remote, is needed "
                "(in Companion, Allow Remote)"
            )
        self._address = address
        self._status = status
        self._actions = dict(actions)
        self._requests = self._refused = self._oversized = 0
        self._last_answer = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def __enter__(self) -> ControlServer:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._replies = self._socket(zmq.REP)
        self._publisher = self._socket(zmq.PUB)
        try:
            for socket, where in (
                (self._replies, self._address.commands),
                (self._publisher, self._address.status),
            ):
                _bind(socket, where)
        except BaseException:
            self._context.destroy(0)
            raise
        _log.info("control at %s, status at %s", self._address.commands, self._address.status)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            _log.warning("a command is still at work; the program ends without it")

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, _MOST_BYTES_READ)
        socket.setsockopt(zmq.RCVHWM, _FEW_MESSAGES)
        socket.setsockopt(zmq.SNDHWM, _FEW_MESSAGES)
        socket.setsockopt(zmq.IPV6, 1)
        return socket

    def _serve(self) -> None:
        due = time.monotonic()
        try:
            while not self._ending.is_set():
                if time.monotonic() >= due:
                    due = time.monotonic() + INTERVAL_S
                    self._send(self._publisher, self._answer(self._whole_status))
                if self._replies.poll(_POLL_MS):
                    self._reply(self._replies.recv_multipart())
            time.sleep(max(self._last_answer + _GRACE_S - time.monotonic(), 0.0))
        except zmq.ZMQError as error:
            _log.error("the control channel has failed: %s", error)
        finally:
            self._context.destroy(0)

    def _reply(self, parts: list[bytes]) -> None:
        self._requests += 1
        answer = self._answer(lambda: self._carry_out(parts))
        self._refused += not answer["ok"]
        self._send(self._replies, answer)
        self._last_answer = time.monotonic()

    def _carry_out(self, parts: list[bytes]) -> dict[str, Any]:
        size = sum(map(len, parts))
        if size > protocol.MOST_BYTES:
            self._oversized += 1
            raise ImplicitJsccError(f"{size} bytes are more than {protocol.MOST_BYTES}")
        if len(parts) != 1:
            raise ImplicitJsccError("a message of several parts")
        name, argument = protocol.parse_request(parts[0])
        if name == "status":
            return self._whole_status()
        action = self._actions.get(name)
        if action is None:
            raise ImplicitJsccError(f"{name}: there is no such thing here")
        _log.info("control: %s", name if argument is None else f"{name} {argument!r}")
        return action(argument) or {}

    def _whole_status(self) -> dict[str, Any]:
        control = {
            "requests": self._requests,
            "refused": self._refused,
            "oversized": self._oversized,
        }
        return {"version": protocol.VERSION, **self._status(), "control": control}

    def _answer(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the work gives, or its error: nothing a peer sends ends the program."""
        try:
            return {"ok": True, **work()}
        except ImplicitJsccError as error:
            return _error(str(error))
        except MemoryError:
            return _error("not enough memory")
        except Exception as error:
            _log.error("control: unexpected %s: %s", type(error).__name__, error)
            return _error(f"unexpected {type(error).__name__}: {error}")

    def _send(self, socket: zmq.Socket[bytes], message: dict[str, Any]) -> None:
        try:
            data = protocol.to_bytes(message)
        except (ImplicitJsccError, TypeError, ValueError) as error:
            data = protocol.to_bytes(_error(str(error)))
        try:
            socket.send(data, zmq.NOBLOCK)
        except zmq.Again:
            _log.debug("a slow peer missed a message")


def _error(text: str) -> dict[str, Any]:
    return {"ok": False, "error": " ".join(text.split())[:1000]}


def _bind(socket: zmq.Socket[bytes], where: str) -> None:
    try:
        socket.bind(where)
    except zmq.ZMQError as error:
        in_use = error.errno == zmq.EADDRINUSE
        reason = "the address is in use" if in_use else str(error.strerror).lower()
        raise ImplicitJsccError(f"{where}: {reason}") from None
