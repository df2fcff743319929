# SPDX-License-Identifier: GPL-3.0-or-later
"""A server in this process, and peers of every sort."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from implicitjscc.control.address import ControlAddress
from implicitjscc.control.client import ControlClient
from implicitjscc.control.protocol import MOST_BYTES
from implicitjscc.control.server import Action, ControlServer
from implicitjscc.errors import ImplicitJsccError


class Target:
    """Something to control."""

    def __init__(self) -> None:
        self.level_dbfs = -12.0
        self.stopped = threading.Event()

    def status(self) -> dict[str, Any]:
        return {"role": "test", "level_dbfs": self.level_dbfs, "snr_db": float("inf")}

    def level(self, value: float) -> None:
        if value > 0:
            raise ImplicitJsccError("too loud")
        self.level_dbfs = value

    def gain(self, value: str) -> None:
        raise ZeroDivisionError(value)

    def stop(self, _: None) -> dict[str, Any]:
        self.stopped.set()
        return {"state": "ending"}


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def server(address: ControlAddress, target: Target) -> Iterator[ControlAddress]:
    actions: dict[str, Action] = {"level": target.level, "gain": target.gain, "stop": target.stop}
    with ControlServer(address, target.status, actions):
        yield address


def raw(address: ControlAddress, *parts: bytes) -> dict[str, Any]:
    """What a peer gets that does not keep to the protocol."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 5000)
    try:
        socket.connect(address.commands)
        socket.send_multipart(parts)
        return json.loads(socket.recv())
    finally:
        socket.close(0)


def test_commands_and_their_errors(server: ControlAddress, target: Target) -> None:
    with ControlClient(server) as client:
        assert client.request("status")["snr_db"] is None
        assert client.request("level", -20) == {}
        assert target.level_dbfs == -20
        with pytest.raises(ImplicitJsccError, match="level: too loud"):
            client.request("level", 3)
        with pytest.raises(ImplicitJsccError, match="unexpected ZeroDivisionError"):
            client.request("gain", "5")
        with pytest.raises(ImplicitJsccError, match="there is no such thing here"):
            client.request("frequency", 1e9)
        status = client.request("status")
        assert status["level_dbfs"] == -20
        assert status["control"] == {"requests": 6, "refused": 3, "oversized": 0}
        assert client.request("stop") == {"state": "ending"}
    assert target.stopped.is_set()


def test_the_status_is_published(server: ControlAddress, target: Target) -> None:
    with ControlClient(server) as client:
        statuses = client.statuses()
        first = next(statuses)
        begun = time.monotonic()
        target.level_dbfs = -33
        second = next(statuses)
    assert first is not None
    assert second is not None
    assert (first["role"], second["level_dbfs"]) == ("test", -33)
    assert 0.5 < time.monotonic() - begun < 4


def test_what_is_no_message_is_answered_and_counted(server: ControlAddress) -> None:
    assert raw(server, b"\x80\x04") == {"ok": False, "error": "no JSON"}
    assert "several parts" in raw(server, b'{"command": "stop"}', b"{}")["error"]
    long = b'{"command": "status", "x": "' + b"y" * MOST_BYTES + b'"}'
    assert "more than 65536" in raw(server, long)["error"]
    assert "more than 65536" in raw(server, *[b"z" * 1000] * 70)["error"]
    status = raw(server, b'{"command": "status"}')
    assert status["control"] == {"requests": 5, "refused": 4, "oversized": 2}


def test_far_too_long_a_message_is_cut_off_and_the_next_peer_served(
    server: ControlAddress, target: Target
) -> None:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(server.commands)
    socket.send(bytes(1 << 24))
    assert not socket.poll(500)
    socket.close(0)
    with ControlClient(server) as client:
        assert client.request("status")["control"]["requests"] == 1
    assert not target.stopped.is_set()


def test_a_peer_that_sends_and_never_reads_does_no_harm(server: ControlAddress) -> None:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, 1)
    socket.connect(server.commands)
    for _ in range(200):
        socket.send_multipart([b"", b'{"command": "status"}'])
    with ControlClient(server) as client:
        assert client.request("status")["role"] == "test"
    socket.close(0)


def test_an_unserialisable_or_failing_status_is_an_error(address: ControlAddress) -> None:
    def status() -> dict[str, Any]:
        return {"what": object()}

    with (
        ControlServer(address, status, {}),
        ControlClient(address) as client,
        pytest.raises(ImplicitJsccError, match="not JSON serializable"),
    ):
        client.request("status")


def test_other_machines_are_refused_unless_allowed(address: ControlAddress) -> None:
    everywhere = ControlAddress("0.0.0.0", address.port)
    with pytest.raises(ImplicitJsccError, match="--control-allow-remote"):
        ControlServer(everywhere, dict, {})
    with (
        ControlServer(everywhere, dict, {}, allow_remote=True),
        ControlClient(address) as client,
    ):
        assert client.request("status")["version"] == 1


def test_an_address_in_use(server: ControlAddress) -> None:
    with pytest.raises(ImplicitJsccError, match="in use"), ControlServer(server, dict, {}):
        pass


def test_nobody_there(address: ControlAddress) -> None:
    with ControlClient(address, timeout_s=0.2) as client:
        with pytest.raises(ImplicitJsccError, match=r"no answer within 0\.2 s"):
            client.request("stop")
        assert next(client.statuses()) is None


def test_a_server_ends_at_once_and_its_address_is_free_again(address: ControlAddress) -> None:
    begun = time.monotonic()
    for _ in range(3):
        with ControlServer(address, dict, {}):
            pass
    assert time.monotonic() - begun < 3
