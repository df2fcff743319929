# SPDX-License-Identifier: GPL-3.0-or-later
"""The control channel's end in another program: ask, command, look on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import zmq

from ..errors import ImplicitJsccError
from . import protocol
from .address import ControlAddress

DEFAULT_TIMEOUT_S = 5.0


class ControlClient:
    """A running transmitter's or receiver's control channel.

    Args:
        address: where it listens.
        timeout_s: how long to wait for an answer.
    """

    def __init__(self, address: ControlAddress, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._address = address
        self._timeout_ms = max(round(timeout_s * 1000), 1)

    def __enter__(self) -> ControlClient:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        return self

    def __exit__(self, *_: object) -> None:
        self._context.destroy(0)

    def request(self, command: str, argument: Any = None) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Raises:
            ImplicitJsccError: there is no answer, or it says why the command was not carried out.
        """
        message = {"command": command}
        field = protocol.COMMANDS[command].argument
        if field is not None:
            message[field] = argument
        socket = self._socket(zmq.REQ, self._address.commands)
        try:
            socket.send(protocol.to_bytes(message), zmq.NOBLOCK)
            if not socket.poll(self._timeout_ms):
                raise ImplicitJsccError(
                    f"{self._address.commands}: no answer within {self._timeout_ms / 1000:g} s"
                )
            answer = protocol.parse_object(socket.recv())
        except zmq.ZMQError as error:
            raise ImplicitJsccError(f"{self._address.commands}: {error}") from None
        finally:
            socket.close(0)
        if answer.pop("ok", None) is not True:
            raise ImplicitJsccError(f"{command}: {str(answer.get('error', 'refused'))[:1000]}")
        return answer

    def statuses(self) -> Iterator[dict[str, Any] | None]:
        """The status each time it is published; None where none has come for the timeout."""
        socket = self._socket(zmq.SUB, self._address.status)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        try:
            while True:
                if not socket.poll(self._timeout_ms):
                    yield None
                    continue
                try:
                    yield protocol.parse_object(socket.recv())
                except ImplicitJsccError:
                    continue
        finally:
            socket.close(0)

    def _socket(self, kind: int, where: str) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, protocol.MOST_BYTES)
        socket.setsockopt(zmq.IPV6, 1)
        try:
            socket.connect(where)
        except zmq.ZMQError as error:
            socket.close(0)
            raise ImplicitJsccError(f"{where}: {str(error.strerror).lower()}") from None
        return socket
