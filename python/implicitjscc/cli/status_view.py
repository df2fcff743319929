# SPDX-License-Identifier: GPL-3.0-or-later
"""A status as a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LONGEST_LINE = 200

# Label, key, format, unit.
_Field = tuple[str, str, str, str]

_RECEPTION: tuple[_Field, ...] = (
    ("content", "content_id", "", ""),
    ("SNR", "snr_db", ".2f", " dB"),
    ("CFO", "cfo_hz", ".1f", " Hz"),
    ("SRO", "sro_ppm", ".2f", " ppm"),
    ("level", "level_dbfs", ".1f", " dBFS"),
    ("frames", "frames_received", "d", ""),
    ("lost", "frames_lost", "d", ""),
)
_BURST: tuple[_Field, ...] = (
    ("content", "content_id", "", ""),
    ("", "name", "", ""),
    ("frames", "frames", "d", ""),
    ("", "seconds", ".3f", " s"),
    ("peak", "peak_dbfs", ".1f", " dBFS"),
)
_CONTENT: tuple[_Field, ...] = (
    ("", "content_id", "", ""),
    ("", "name", "", ""),
    ("received", "receptions", "d", " times"),
    ("SNR", "snr_db", ".2f", " dB"),
    ("frames", "frames_received", "d", ""),
    ("lost", "frames_lost", "d", ""),
    ("frames", "frames", "d", ""),
)
_SENT: tuple[_Field, ...] = (
    ("bursts", "bursts", "d", ""),
    ("turns", "turns", "d", ""),
    ("samples", "samples", "d", ""),
    ("level", "level_dbfs", ".1f", " dBFS"),
    ("beyond full scale", "beyond_full_scale", "d", ""),
    ("rate", "sample_rate_hz", "g", " Hz"),
    ("waveform", "waveform", "", ""),
)
_QUEUE: tuple[_Field, ...] = (
    ("encoding", "encoding", "", ""),
    ("for", "encoding_s", ".0f", " s"),
    ("still written", "still_written", "d", ""),
    ("encoded", "encoded", "d", ""),
    ("dropped", "dropped", "d", ""),
    ("skipped", "skipped", "d", ""),
)


def lines(status: dict[str, Any]) -> list[str]:
    """What to show of a status. It came from outside: nothing in it is taken for granted."""
    where = status.get("to", status.get("from"))
    shown = [_text(status.get("role")), *([] if where is None else [_text(where)])]
    shown.append(_text(status.get("state")))
    shown.append(f"up {_value(status.get('uptime_s'), '.0f')} s")
    found = ["  ".join(shown)]
    if not status.get("ok", True):
        found.append(f"error: {_text(status.get('error'))}")
    if "bursts" in status:
        found.append("sent      " + _fields(status, _SENT))
        found.append("on air    " + _fields(status.get("on_air"), _BURST))
    if "counters" in status:
        found.append(f"input     {_value(status.get('input_dbfs'), '.1f')} dBFS")
        found.append("last      " + _fields(status.get("last"), _RECEPTION))
        found.append("counters  " + _pairs(status["counters"]))
    queue = status.get("queue")
    if isinstance(queue, dict):
        found.append("queue     " + _fields(queue, _QUEUE))
        waiting = queue.get("waiting")
        names = [waiting] if isinstance(waiting, int) and waiting else _list(waiting)
        found.append("waiting   " + (", ".join(map(_text, names)) or "nothing"))
    found += ["          " + _fields(row, _CONTENT) for row in _list(status.get("contents"))]
    if "radio" in status:
        found.append("radio     " + _pairs(status["radio"]))
    if "control" in status:
        found.append("control   " + _pairs(status["control"]))
    return [line[:_LONGEST_LINE] for line in found]


def _fields(values: Any, fields: Iterable[_Field]) -> str:
    if not isinstance(values, dict):
        return "nothing"
    return "  ".join(
        f"{label} {_value(values[key], form)}{unit}".strip()
        for label, key, form, unit in fields
        if values.get(key) is not None
    )


def _pairs(values: Any) -> str:
    if not isinstance(values, dict):
        return "nothing"
    return "  ".join(
        f"{_text(key).replace('_', ' ')} {_value(value, 'g')}"
        for key, value in values.items()
        if value is not None and value != 0
    )


def _value(value: Any, form: str) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{_text(k)} {_value(v, 'g')}" for k, v in value.items()) + ")"
    if isinstance(value, bool) or not isinstance(value, int | float) or not form:
        return "?" if value is None else _text(value)
    try:
        if form == "d" or (form == "g" and isinstance(value, int)):
            return str(int(value))
        return format(value, form)
    except (OverflowError, ValueError):  # infinite, or an integer of thousands of digits
        return "?"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Without what could command the terminal."""
    text = "?" if value is None else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
