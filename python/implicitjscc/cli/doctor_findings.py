# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor found, and the one line that mends each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """Two lists of what is wrong.

    Attributes:
        missing: without it the project or a part of it does not run.
        notes: good to know; everything runs, if less fast or without a radio.
    """

    missing: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)

    def miss(self, what: str, mend: str) -> None:
        """Add to what is missing."""
        self.missing.append({"what": what, "mend": mend})

    def note(self, what: str, mend: str) -> None:
        """Add to the notes."""
        self.notes.append({"what": what, "mend": mend})


def attempt(name: str) -> tuple[Any, str]:
    """Import a module.

    Args:
        name: the module's full name.

    Returns:
        the module and "", or None and why not, on one line.
    """
    try:
        return importlib.import_module(name), ""
    except Exception as error:
        return None, " ".join(f"{type(error).__name__}: {error}".split())
