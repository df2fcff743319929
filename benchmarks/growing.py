# SPDX-License-Identifier: GPL-3.0-or-later
"""A table in a file that grows row by row, so that a benchmark that was ended goes on there."""

from __future__ import annotations

from pathlib import Path

Row = dict[str, str]


def read_rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Rows of earlier runs; a line that was cut short does not count."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    rows = [line.rstrip("\n").split("\t") for line in lines if line.endswith("\n")]
    whole = [row for row in rows if len(row) == len(columns) and tuple(row) != columns]
    return [dict(zip(columns, row, strict=True)) for row in whole]


def append(path: Path, *lines: str) -> None:
    """Add lines, after the end of one that was cut short."""
    cut = path.exists() and not path.read_text().endswith("\n") and path.stat().st_size > 0
    with path.open("a") as file:
        file.write("\n" * cut + "".join(line + "\n" for line in lines))
