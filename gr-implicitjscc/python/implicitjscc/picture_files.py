# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the pictures of one output file name go when there are several."""

from __future__ import annotations

from pathlib import Path

from implicitjscc.errors import ImplicitJsccError


class PictureFiles:
    """One content goes to ``out.png``; from a second on, each to ``out-<content id>.png``.

    Raises:
        ImplicitJsccError: the folder does not exist.
    """

    def __init__(self, output_file: str) -> None:
        self._output = Path(output_file)
        self._first_id: int | None = None
        self._several = False
        if not self._output.parent.is_dir():
            raise ImplicitJsccError(f"the folder {self._output.parent} does not exist")

    def path_for(self, content_id: int) -> Path:
        """Where to write this content; renames the first one's file when a second comes."""
        if self._first_id is None:
            self._first_id = content_id
        elif content_id != self._first_id and not self._several:
            self._several = True
            if self._output.exists():
                self._output.replace(self._numbered(self._first_id))
        return self._numbered(content_id) if self._several else self._output

    def _numbered(self, content_id: int) -> Path:
        return self._output.with_stem(f"{self._output.stem}-{content_id:08x}")
