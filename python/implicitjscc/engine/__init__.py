# SPDX-License-Identifier: GPL-3.0-or-later
"""Which implementation computes the codec: PyTorch, or the native kernels where they are built."""

from __future__ import annotations

from ..errors import ImplicitJsccError

NAMES = ("auto", "native", "torch")


def select(name: str) -> str:
    """The engine that ``name`` means on this machine.

    Args:
        name: "auto" for the fastest that is here, or an engine's own name.

    Returns:
        "torch": this version has no native kernels.

    Raises:
        ImplicitJsccError: the engine is not here, or there is none of that name.
    """
    if name not in NAMES:
        raise ImplicitJsccError(f"unknown engine {name!r}: one of {', '.join(NAMES)}")
    if name == "native":
        raise ImplicitJsccError("this version has no native engine: use --engine torch or auto")
    return "torch"
