# SPDX-License-Identifier: GPL-3.0-or-later
"""``--control``: the control channel of ``transmit``, ``receive`` and ``live``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..errors import ImplicitJsccError


def add_options(parser: Any) -> None:
    """``--control`` and ``--control-allow-remote``."""
    group = parser.add_argument_group("control", "For `status` and `control` (docs/control.md).")
    group.add_argument(
        "--control",
        metavar="ADDRESS",
        help="tcp://127.0.0.1:PORT: take commands there, and publish the status at PORT + 1",
    )
    group.add_argument(
        "--control-allow-remote",
        action="store_true",
        help="let other machines command; there is no password and no encryption",
    )


def serve(
    options: argparse.Namespace,
    status: Callable[[], dict[str, Any]],
    actions: Mapping[str, Callable[[Any], dict[str, Any] | None]],
) -> AbstractContextManager[Any]:
    """The control channel that the options ask for, or nothing.

    Raises:
        ImplicitJsccError: the address makes no sense, is in use, or other machines would reach it.
    """
    if options.control is None:
        if options.control_allow_remote:
            raise ImplicitJsccError("--control-allow-remote needs --control")
        return nullcontext()
    from ..control import address
    from ..control.server import ControlServer

    where = address.parse(options.control)
    return ControlServer(where, status, actions, allow_remote=options.control_allow_remote)
