# SPDX-License-Identifier: GPL-3.0-or-later
"""Which implementation computes the codec: PyTorch, or the native kernels where they are built."""

from __future__ import annotations

import functools
import logging

from ..errors import ImplicitJsccError
from .native import NativeUnavailableError, library

_log = logging.getLogger(__name__)

NAMES = ("auto", "native", "torch")
MEND = "build it with: python -m implicitjscc.engine"


def select(name: str) -> str:
    """The engine that ``name`` means on this machine.

    Args:
        name: "auto" for the fastest that is here, or an engine's own name.

    Returns:
        "native" or "torch".

    Raises:
        ImplicitJsccError: the engine is not here, or there is none of that name.
    """
    if name not in NAMES:
        raise ImplicitJsccError(f"unknown engine {name!r}: one of {', '.join(NAMES)}")
    if name == "torch":
        return "torch"
    reason = why_not_native()
    if reason is None:
        return "native"
    if name == "native":
        raise ImplicitJsccError(f"the native engine is not here: {reason}; {MEND}")
    _say_once(reason)
    return "torch"


def why_not_native() -> str | None:
    """Why the native engine cannot be used, in one line; None where it can."""
    try:
        library()
    except NativeUnavailableError as error:
        return str(error)
    return None


@functools.cache
def _say_once(reason: str) -> None:
    _log.warning("PyTorch computes, the native engine is not here: %s; %s", reason, MEND)
