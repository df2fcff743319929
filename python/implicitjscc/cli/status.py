# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc status``: a view of a running transmitter or receiver."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

from . import options as shared
from . import status_view


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "status",
        parents=[common],
        help="ADDRESS: live view of what was started with --control ADDRESS",
        description="Show the status about once a second until Ctrl-C; --json prints one object "
        "and ends.",
    )
    parser.add_argument("address", metavar="ADDRESS", help="tcp://HOST:PORT, or PORT of this host")
    parser.add_argument("--once", action="store_true", help="print it once and end")
    parser.add_argument(
        "--timeout", type=shared.positive_float, default=5.0, metavar="S", help="for an answer; 5"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Ask once, or show until Ctrl-C."""
    from ..control import address
    from ..control.client import ControlClient

    where = address.parse(options.address)
    with ControlClient(where, options.timeout) as client:
        status = client.request("status")
        if options.json:
            return status
        if options.once or not sys.stdout.isatty():
            print("\n".join(status_view.lines(status)), flush=True)
            return {}
        try:
            _show(status, where.commands)
            for published in client.statuses():
                if published is None:
                    note = f"no status for {options.timeout:g} s; waiting for it"
                    _show(status, where.commands, note)
                else:
                    status = published
                    _show(status, where.commands)
        except KeyboardInterrupt:
            print(flush=True)
    return {}


def _show(status: dict[str, Any], name: str, note: str = "Ctrl-C ends this view") -> None:
    columns, rows = shutil.get_terminal_size()
    shown = [name, *status_view.lines(status)][: max(rows - 2, 1)]
    text = "\n".join(line[:columns] for line in [*shown, "", note])
    # Home, then each line to its end, then the rest of the screen: no flicker.
    sys.stdout.write("\x1b[H" + text.replace("\n", "\x1b[K\n") + "\x1b[K\x1b[J")
    sys.stdout.flush()
