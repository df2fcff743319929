# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the command line, run a sub-command, print its result."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import ImplicitJsccError
from . import (
    control,
    doctor,
    encode,
    info,
    live,
    loopback,
    output,
    receive,
    search,
    simulate,
    status,
    transmit,
)
from .options import CommandParser

_COMMANDS = (
    encode,
    search,
    info,
    simulate,
    transmit,
    receive,
    live,
    status,
    control,
    loopback,
    doctor,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: in place of ``sys.argv[1:]``.

    Returns:
        exit status: 0 done, 1 could not (one line on standard error says why). Wrong usage exits
        with 2 from within the parser.
    """
    options = parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, format="implicitjscc: %(message)s", level=logging.WARNING, force=True
    )
    logging.getLogger("implicitjscc").setLevel(logging.INFO)
    try:
        result = options.run(options)
    except ImplicitJsccError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted")
    except ImportError as error:
        return _fail(f"{error}: `implicitjscc doctor` says what is missing")
    except MemoryError:
        return _fail("not enough memory")
    except Exception as error:
        if options.debug:
            raise
        return _fail(f"unexpected {type(error).__name__}: {error} (--debug shows where)")
    try:
        output.show(result, as_json=options.json)
    except BrokenPipeError:
        # Who read our output has gone; keep the interpreter from complaining at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(result.get("exit_status", 0)) if options.command == "doctor" else 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    whole = CommandParser(
        prog="implicitjscc", description="Overfitted joint source-channel coding over the air."
    )
    whole.add_argument("--version", action="version", version=f"implicitjscc {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands, common)
    return whole


def _fail(message: str) -> int:
    line = " ".join(message.split())
    print(f"implicitjscc: {line}", file=sys.stderr)
    return 1
