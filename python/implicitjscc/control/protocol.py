# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the control channel: one JSON object each, of bounded size."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ImplicitJsccError

VERSION = 1
MOST_BYTES = 1 << 16
_LONGEST_TEXT = 4096


@dataclass(frozen=True)
class Command:
    """What may be asked for.

    Attributes:
        name: as in the message's field ``command``.
        argument: the message's only other field; None where there is none.
        convert: makes a value of the field's JSON value, and raises ImplicitJsccError.
    """

    name: str
    argument: str | None
    convert: Callable[[Any], Any]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ImplicitJsccError("a number is needed")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ImplicitJsccError("a finite number is needed")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or "\0" in value:
        raise ImplicitJsccError(f"a text of 1 to {_LONGEST_TEXT} characters is needed")
    return value


def _gain(value: Any) -> str:
    return _text(value) if isinstance(value, str) else f"{_number(value):.12g}"


def _nothing(value: Any) -> None:
    return None


COMMANDS = {
    command.name: command
    for command in (
        Command("status", None, _nothing),
        Command("content", "path", _text),
        Command("gain", "gain", _gain),
        Command("frequency", "frequency_hz", _number),
        Command("level", "level_dbfs", _number),
        Command("stop", None, _nothing),
    )
}


def parse_request(message: bytes) -> tuple[str, Any]:
    """A command's name, and its argument or None.

    Raises:
        ImplicitJsccError: it is too long, no JSON object, no known command, or an argument is
            missing, unknown or of the wrong type.
    """
    request = parse_object(message)
    name = request.pop("command", None)
    command = COMMANDS.get(name) if isinstance(name, str) else None
    if command is None:
        raise ImplicitJsccError(f"unknown command, one of {', '.join(COMMANDS)} is needed")
    expected = [] if command.argument is None else [command.argument]
    if sorted(request) != expected:
        needed = expected[0] if expected else "nothing"
        raise ImplicitJsccError(f"{command.name} takes {needed} beside the command")
    if command.argument is None:
        return command.name, None
    try:
        return command.name, command.convert(request[command.argument])
    except ImplicitJsccError as error:
        raise ImplicitJsccError(f"{command.argument}: {error}") from None


def parse_object(message: bytes) -> dict[str, Any]:
    """A message's JSON object.

    Raises:
        ImplicitJsccError: it is too long, or none.
    """
    if len(message) > MOST_BYTES:
        raise ImplicitJsccError(f"{len(message)} bytes are more than {MOST_BYTES}")
    try:
        value = json.loads(message.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ImplicitJsccError("no JSON") from None
    if not isinstance(value, dict):
        raise ImplicitJsccError("no JSON object")
    return value


def to_bytes(message: dict[str, Any]) -> bytes:
    """A message; what is not a finite number becomes null.

    Raises:
        ImplicitJsccError: it would be too long.
    """
    data = json.dumps(_finite(message), allow_nan=False).encode()
    if len(data) > MOST_BYTES:
        raise ImplicitJsccError(f"an answer of {len(data)} bytes is more than {MOST_BYTES}")
    return data


def _refuse(text: str) -> float:
    raise ValueError(text)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
