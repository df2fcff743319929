# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and messages, good and bad."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.control import address, protocol
from implicitjscc.errors import ImplicitJsccError

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_FIELDS = st.sampled_from(["path", "gain", "frequency_hz", "level_dbfs", "other"])


@pytest.mark.parametrize(
    ("text", "commands", "status", "loopback"),
    [
        ("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556", True),
        ("localhost:80", "tcp://127.0.0.1:80", "tcp://127.0.0.1:81", True),
        ("5555", "tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556", True),
        ("[::1]:5555", "tcp://[::1]:5555", "tcp://[::1]:5556", True),
        ("tcp://127.9.9.9:5555", "tcp://127.9.9.9:5555", "tcp://127.9.9.9:5556", True),
        ("tcp://*:5555", "tcp://*:5555", "tcp://*:5556", False),
        ("0.0.0.0:5555", "tcp://0.0.0.0:5555", "tcp://0.0.0.0:5556", False),
        ("[::]:5555", "tcp://[::]:5555", "tcp://[::]:5556", False),
        ("192.0.2.1:5555", "tcp://192.0.2.1:5555", "tcp://192.0.2.1:5556", False),
        ("127.0.0.1.example:5555", "tcp://127.0.0.1.example:5555", None, False),
    ],
)
def test_addresses(text: str, commands: str, status: str | None, loopback: bool) -> None:
    where = address.parse(text)
    assert where.commands == commands
    assert status is None or where.status == status
    assert where.is_loopback is loopback


@pytest.mark.parametrize(
    "text", ["", "tcp://", "host", ":5", "h:0", "h:65535", "h:-1", "h:1e3", "ipc:///x:1", "h:٣"]
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(ImplicitJsccError):
        address.parse(text)


@pytest.mark.parametrize(
    ("request_", "parsed"),
    [
        ({"command": "status"}, ("status", None)),
        ({"command": "stop"}, ("stop", None)),
        ({"command": "content", "path": "/a b.ijscc"}, ("content", "/a b.ijscc")),
        ({"command": "gain", "gain": 20}, ("gain", "20")),
        ({"command": "gain", "gain": "LNA=16,VGA=20"}, ("gain", "LNA=16,VGA=20")),
        ({"command": "frequency", "frequency_hz": 915e6}, ("frequency", 915e6)),
        ({"command": "level", "level_dbfs": -15}, ("level", -15.0)),
    ],
)
def test_requests(request_: dict, parsed: tuple) -> None:
    assert protocol.parse_request(protocol.to_bytes(request_)) == parsed


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{",
        b"null",
        b"[" * 60_000,
        b'{"command": "format"}',
        b'{"command": ["stop"]}',
        b'{"command": "stop", "now": true}',
        b'{"command": "content"}',
        b'{"command": "content", "path": ""}',
        b'{"command": "content", "path": "a\\u0000b"}',
        b'{"command": "content", "path": 5}',
        b'{"command": "level", "level_dbfs": NaN}',
        b'{"command": "level", "level_dbfs": 1e999}',
        b'{"command": "level", "level_dbfs": true}',
        b'{"command": "level", "level_dbfs": "-3"}',
        b'{"command": "frequency", "frequency_hz": ' + b"9" * 4000 + b"}",
        b'{"command": "status"}' + b" " * protocol.MOST_BYTES,
    ],
)
def test_refused_messages(message: bytes) -> None:
    with pytest.raises(ImplicitJsccError):
        protocol.parse_request(message)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_way(message: bytes) -> None:
    with pytest.raises(ImplicitJsccError):
        protocol.parse_request(message)


@settings(deadline=None)
@given(st.sampled_from([*protocol.COMMANDS, "x"]), st.dictionaries(_FIELDS, _VALUES, max_size=2))
def test_any_fields_are_taken_or_refused(name: str, fields: dict) -> None:
    message = json.dumps({**fields, "command": name}).encode()
    try:
        parsed, argument = protocol.parse_request(message)
    except ImplicitJsccError:
        return
    assert parsed == name
    assert argument is None or isinstance(argument, str | float)


def test_answers_are_bounded_and_finite() -> None:
    assert json.loads(protocol.to_bytes({"a": float("nan"), "b": [float("inf")]})) == {
        "a": None,
        "b": [None],
    }
    with pytest.raises(ImplicitJsccError, match="more than 65536"):
        protocol.to_bytes({"text": "x" * protocol.MOST_BYTES})
