# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc control``: a command to a running transmitter or receiver."""

from __future__ import annotations

import argparse
import math
import os
from typing import Any

from ..errors import ImplicitJsccError
from . import options as shared

_NUMBERS = ("frequency_hz", "level_dbfs")


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "control",
        parents=[common],
        help="ADDRESS content PATH | gain DB | frequency HZ | level DBFS | stop | status",
        description="Command what was started with --control ADDRESS (docs/control.md).",
    )
    parser.add_argument("address", metavar="ADDRESS", help="tcp://HOST:PORT, or PORT of this host")
    parser.add_argument("request", metavar="COMMAND", help="as above")
    parser.add_argument("argument", metavar="ARGUMENT", nargs="?")
    parser.add_argument(
        "--timeout", type=shared.positive_float, default=10.0, metavar="S", help="for an answer; 10"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Send the command; its answer."""
    from ..control import address
    from ..control.client import ControlClient
    from ..control.protocol import COMMANDS

    command = COMMANDS.get(options.request)
    if command is None:
        raise ImplicitJsccError(f"{options.request}: unknown, one of {', '.join(COMMANDS)}")
    if (command.argument is None) != (options.argument is None):
        needed = command.argument or "no argument"
        raise ImplicitJsccError(f"{command.name} takes {needed}")
    value: Any = options.argument
    if command.argument in _NUMBERS:
        value = _number(value)
    elif command.argument == "path":
        value = os.path.abspath(value)  # the other program may be in another folder
    with ControlClient(address.parse(options.address), options.timeout) as client:
        return client.request(command.name, value)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ImplicitJsccError(f"{text}: no finite number")
    return value
