# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveform profiles as JSON files: the shipped ones by name, others by path; docs/waveform.md."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import ImplicitJsccError
from .profile import WaveformProfile

NAMES = ("standard", "robust", "fast")
_MAXIMUM_BYTES = 1 << 16
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(WaveformProfile)}


def load(name_or_path: str, samples_per_symbol: int = 0) -> WaveformProfile:
    """A profile with an end's own number of samples a symbol, or its own where that is 0.

    Raises:
        ImplicitJsccError: there is no such profile or file, it is none, or that number cannot be.
    """
    profile = _load(name_or_path)
    if not samples_per_symbol:
        return profile
    try:
        return profile.at(samples_per_symbol)
    except ValueError:
        raise ImplicitJsccError(
            f"a symbol has 2, 4, 8 or 16 samples (--samples-per-symbol), not {samples_per_symbol}"
        ) from None


def _load(name_or_path: str) -> WaveformProfile:
    """A shipped profile by its name, or one from a file.

    A file is a JSON object of :class:`WaveformProfile`'s fields; what it leaves out is as in the
    standard profile, and its name that of the file.
    """
    if name_or_path in NAMES:
        return shipped()[name_or_path]
    if "/" not in name_or_path and not name_or_path.endswith(".json"):
        raise ImplicitJsccError(
            f"there is no waveform {name_or_path!r}, but {', '.join(NAMES)}, or a file: NAME.json"
        )
    try:
        with open(name_or_path, "rb") as file:
            data = file.read(_MAXIMUM_BYTES + 1)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise ImplicitJsccError(f"{name_or_path}: {reason}") from None
    if len(data) > _MAXIMUM_BYTES:
        raise ImplicitJsccError(f"{name_or_path}: too large for a waveform's profile")
    return _parse(data, name_or_path, Path(name_or_path).stem)


@functools.cache
def shipped() -> dict[str, WaveformProfile]:
    """The package's own profiles by name."""
    folder = resources.files(__package__) / "profiles"
    return {
        name: _parse((folder / f"{name}.json").read_bytes(), f"{name}.json", name) for name in NAMES
    }


def describe(digest: int) -> str:
    """A digest for people: with the name where a shipped profile has it."""
    names = [name for name, profile in shipped().items() if profile.digest == digest]
    return f"{names[0]} ({digest:04x})" if names else f"{digest:04x}"


def _parse(data: bytes, source: str, name: str) -> WaveformProfile:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise ImplicitJsccError(f"{source}: not a waveform's profile (it is not JSON)") from None
    if not isinstance(values, dict):
        raise ImplicitJsccError(f"{source}: not a waveform's profile (it is no JSON object)")
    try:
        known = {key: _value(key, value) for key, value in values.items()}
        return WaveformProfile(**{"name": name, **known})
    except ValueError as error:
        raise ImplicitJsccError(f"{source}: {error}") from None


def _value(key: str, value: Any) -> Any:
    if key not in _DEFAULTS:
        raise ValueError(f"unknown setting {key!r}, there are {', '.join(_DEFAULTS)}")
    kind: Any = type(_DEFAULTS[key])
    if kind is str:
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= 64:
            return value
        raise ValueError(f"{key} must be a text of at most 64 characters")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int and not (number and isinstance(value, int)):
        raise ValueError(f"{key} must be an integer")
    if not number or not math.isfinite(value):
        raise ValueError(f"{key} must be a number")
    return kind(value)
