# SPDX-License-Identifier: GPL-3.0-or-later
"""Two free ports, one after the other."""

from __future__ import annotations

import socket

import pytest

from implicitjscc.control.address import ControlAddress


@pytest.fixture
def address() -> ControlAddress:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return ControlAddress("127.0.0.1", port)
