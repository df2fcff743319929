# SPDX-License-Identifier: GPL-3.0-or-later
"""Profile files: encoder settings as JSON, as a search writes them; docs/search.md."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import ImplicitJsccError
from .settings import EncoderSettings

FORMAT = "implicitjscc-profile"
FORMAT_VERSION = 1
_MAXIMUM_BYTES = 1 << 22


def save(path: str | os.PathLike[str], settings: dict[str, Any], search: dict[str, Any]) -> None:
    """Write a profile file, whole or not at all.

    Args:
        path: where to.
        settings: of :class:`.settings.EncoderSettings`, by name; what is None is left out.
        search: how they were found, plain JSON values.

    Raises:
        ImplicitJsccError: it cannot be written.
    """
    target = Path(path)
    kept = {key: _plain(value) for key, value in settings.items() if value is not None}
    whole = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "settings": kept,
        "search": search,
    }
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(whole, file, indent=1, allow_nan=False)
                file.write("\n")
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ImplicitJsccError(f"{target}: cannot be written ({error.strerror})") from None


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a profile file: its settings by name, checked, and how they were found.

    Raises:
        ImplicitJsccError: no such file, no profile, a newer one, or a setting that makes no sense.
    """
    name = os.fspath(path)
    whole = _read(name)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ImplicitJsccError(f"{name}: not an Implicit-JSCC profile")
    version = whole.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ImplicitJsccError(f"{name}: damaged (it has no version)")
    if version > FORMAT_VERSION:
        raise ImplicitJsccError(
            f"{name}: version {version} of the profile is newer than this program's "
            f"{FORMAT_VERSION}: update gr-implicitjscc"
        )
    values, search = whole.get("settings"), whole.get("search", {})
    if not isinstance(values, dict) or not isinstance(search, dict):
        raise ImplicitJsccError(f"{name}: damaged (its settings are no JSON object)")
    settings = {key: _setting(name, key, value) for key, value in values.items()}
    try:
        EncoderSettings(**settings)
    except ImplicitJsccError as error:
        raise ImplicitJsccError(f"{name}: {error}") from None
    return settings, search


def _read(name: str) -> Any:
    try:
        with open(name, "rb") as file:
            data = file.read(_MAXIMUM_BYTES + 1)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise ImplicitJsccError(f"{name}: {reason}") from None
    if len(data) > _MAXIMUM_BYTES:
        raise ImplicitJsccError(f"{name}: too large for a profile")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ImplicitJsccError(f"{name}: not a profile (it is not JSON)") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_integers(value: Any) -> bool:
    return isinstance(value, list) and all(_is_integer(item) for item in value)


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number(item) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


# A profile may hold these settings: what they must be, and how they become Python's.
_SETTINGS: dict[str, tuple[Callable[[Any], bool], str, Callable[[Any], Any]]] = {
    "snr_db": (_is_number, "a number", float),
    "snr_range_db": (_is_range, "a list of two numbers", lambda v: (float(v[0]), float(v[1]))),
    "bandwidth_ratio": (_is_text, 'a string like "11/48"', Fraction),
    "level_channels": (_is_integers, "a list of integers", tuple),
    "hidden_dim": (_is_integer, "an integer", int),
    "parameters": (_is_text, "a string", str),
    "repetition_lsm": (_is_integer, "an integer", int),
    "repetition_redu": (_is_integer, "an integer", int),
    "power_db": (_is_number, "a number", float),
    "parameter_bits": (_is_number, "a number", float),
    "noise_matrix": (_is_flag, "true or false", bool),
}


def _setting(name: str, key: str, value: Any) -> Any:
    if key not in _SETTINGS:
        known = ", ".join(_SETTINGS)
        raise ImplicitJsccError(f"{name}: unknown setting {key!r}, there are {known}")
    holds, wanted, convert = _SETTINGS[key]
    try:
        if holds(value):
            return convert(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        pass
    raise ImplicitJsccError(f"{name}: its {key} is not {wanted}")


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
