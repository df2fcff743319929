# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a control channel is: commands at one TCP port, status at the next."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ..errors import ImplicitJsccError


@dataclass(frozen=True)
class ControlAddress:
    """A control channel's two ports.

    Attributes:
        host: an address or a name; ``*`` for all interfaces.
        port: of the commands; the status has the next one.
    """

    host: str
    port: int

    @property
    def commands(self) -> str:
        """ZeroMQ address of the commands."""
        return f"tcp://{self.host}:{self.port}"

    @property
    def status(self) -> str:
        """ZeroMQ address of the status."""
        return f"tcp://{self.host}:{self.port + 1}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it. A name may be anything: it is not."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def parse(text: str) -> ControlAddress:
    """``tcp://HOST:PORT``, ``HOST:PORT`` or ``PORT`` alone, which is this machine's.

    Raises:
        ImplicitJsccError: it is none of these.
    """
    place = text.removeprefix("tcp://")
    host, colon, number = place.rpartition(":")
    if not colon:
        host = "127.0.0.1"
    if not host or "/" in place or not (number.isascii() and number.isdigit()):
        raise ImplicitJsccError(f"{text[:100]}: no address such as tcp://127.0.0.1:5555")
    port = int(number[:6])
    if not 1 <= port <= 65534:
        raise ImplicitJsccError(f"{text[:100]}: the port must be from 1 to 65534, and have a next")
    return ControlAddress("127.0.0.1" if host == "localhost" else host, port)
