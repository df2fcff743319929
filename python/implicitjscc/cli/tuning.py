# SPDX-License-Identifier: GPL-3.0-or-later
"""Gain and frequency of a running radio, as commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ImplicitJsccError
from .ends import Tunable


def tuning_actions(
    end: Callable[[], object], name: str
) -> dict[str, Callable[[Any], dict[str, Any] | None]]:
    """``gain`` and ``frequency``.

    Args:
        end: gives the end, None while it is not open.
        name: of it, for messages.
    """

    def radio() -> Tunable:
        here = end()
        if isinstance(here, Tunable):
            return here
        reason = "is not open yet" if here is None else "is no radio"
        raise ImplicitJsccError(f"{name} {reason}")

    def gain(value: str) -> dict[str, Any]:
        radio().set_gain(value)
        return {"radio": radio().figures()}

    def frequency(value: float) -> dict[str, Any]:
        radio().set_frequency(value)
        return {"radio": radio().figures()}

    return {"gain": gain, "frequency": frequency}
