# SPDX-License-Identifier: GPL-3.0-or-later
"""Results on standard output: for people, or as one JSON object."""

from __future__ import annotations

import json
import math
from typing import Any


def show(result: dict[str, Any], *, as_json: bool) -> None:
    """Print a command's result.

    Args:
        result: plain values, lists and dictionaries of them.
        as_json: one JSON object on one line, in place of a line a value.
    """
    if as_json:
        print(to_json(result), flush=True)
        return
    for line in _lines(result, ""):
        print(line, flush=True)


def to_json(result: dict[str, Any], indent: int | None = None) -> str:
    """JSON of a result; what is not a finite number becomes null, which JSON can say."""
    return json.dumps(_finite(result), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _lines(values: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{key}:")
            lines += [indent + "  " + _row(row) for row in value]
        else:
            lines.append(f"{indent}{key}: {_text(value)}")
    return lines


def _row(row: dict[str, Any]) -> str:
    return "  ".join(f"{key} {_text(value)}" for key, value in row.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value) or "nothing"
    return "none" if value is None else str(value)
