# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sources of one output file name go when there are several."""

from __future__ import annotations

from pathlib import Path

from implicitjscc.errors import ImplicitJsccError


class OutputFiles:
    """One content goes to ``out.png``; from a second on, each to ``out-<content id>.png``.

    A content of another kind keeps the name and gets an ending that fits.

    Attributes:
        output: the file's name as it was given.

    Raises:
        ImplicitJsccError: the folder does not exist.
    """

    def __init__(self, output_file: str) -> None:
        self.output = Path(output_file)
        self._first: tuple[int, str] | None = None
        self._several = False
        if not self.output.parent.is_dir():
            raise ImplicitJsccError(f"the folder {self.output.parent} does not exist")

    def path_for(self, content_id: int, ending: str) -> Path:
        """Where to write this content; renames the first one's file when a second comes."""
        if self._first is None:
            self._first = content_id, ending
        elif content_id != self._first[0] and not self._several:
            self._several = True
            only = self.output.with_suffix(self._first[1])
            if only.exists():
                only.replace(self._numbered(*self._first))
        if self._several:
            return self._numbered(content_id, ending)
        return self.output.with_suffix(ending)

    def _numbered(self, content_id: int, ending: str) -> Path:
        return self.output.with_name(f"{self.output.stem}-{content_id:08x}{ending}")
