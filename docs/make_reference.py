# SPDX-License-Identifier: GPL-3.0-or-later
"""Make docs/reference-commands.md from the command line's parsers, and docs/reference-blocks.md
from the blocks' files.

    python docs/make_reference.py [--check]

``--check`` writes nothing and ends with 1 where a file is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

from implicitjscc.cli.main import parser  # noqa: E402 (found by the line above)

_MADE = "<!-- Made by docs/make_reference.py: edit the code, and run it again. -->"


def main() -> int:
    """Write both, or compare them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="write nothing, 1 where stale")
    check = options.parse_args().check
    stale = 0
    for path, text in pages().items():
        if check:
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            if old != text:
                print(f"{path.relative_to(ROOT)} is stale: run docs/make_reference.py")
                stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


def pages() -> dict[Path, str]:
    """What the files should be."""
    docs = ROOT / "docs"
    return {docs / "reference-commands.md": commands(), docs / "reference-blocks.md": blocks()}


def commands() -> str:
    """The page of the commands."""
    whole = parser()
    (choices,) = [a for a in whole._actions if isinstance(a, argparse._SubParsersAction)]
    parts = [
        _MADE,
        "# Commands",
        "`./run COMMAND`, or `implicitjscc COMMAND` where the project is installed. Exit status: 0 "
        "done, 1 could not (one line on standard error says why), 2 wrong usage.",
    ]
    for name, command in choices.choices.items():
        parts += [f"## {name}", command.description or "", _usage(name, command)]
        parts.append(_table(("option", "meaning"), [_option(a) for a in _listed(command)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(command: argparse.ArgumentParser) -> list[argparse.Action]:
    shown = [a for a in command._actions if not isinstance(a, argparse._HelpAction)]
    return [action for action in shown if action.help is not argparse.SUPPRESS]


def _usage(name: str, command: argparse.ArgumentParser) -> str:
    words = ["implicitjscc", name]
    for action in _listed(command):
        if not action.option_strings:
            word = str(action.metavar or action.dest)
            words.append(f"{word} ..." if action.nargs in ("+", "*") else word)
        elif action.required:
            words.append(f"{action.option_strings[-1]} {_value(action)}")
    return f"    {' '.join(words)} [options]"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.metavar is not None:
        return str(action.metavar)
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def _option(action: argparse.Action) -> tuple[str, str]:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`", action.help or ""
    said = f"`{', '.join(action.option_strings)} {_value(action)}".rstrip() + "`"
    text = action.help or ""
    if action.choices is not None and action.metavar is not None:
        text += f" ({', '.join(map(str, action.choices))})"
    if "%" in text:
        text = text % {"default": action.default, "prog": "implicitjscc"}
    return said, text


def blocks() -> str:
    """The page of the blocks."""
    found = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "gr-implicitjscc" / "grc").glob("*.block.yml"))
    ]
    parts = [
        _MADE,
        "# Blocks",
        "In Companion they are in the category `[Implicit-JSCC]`; in Python, "
        "`from gnuradio import implicitjscc`. A parameter marked * can be changed while a "
        "flowgraph runs.",
    ]
    for block in sorted(found, key=lambda block: (block["category"], block["label"])):
        parts += _block(block)
    return "\n\n".join(parts) + "\n"


def _block(block: dict[str, Any]) -> list[str]:
    category = block["category"].partition("/")[2] or "top"
    callbacks = " ".join(block["templates"].get("callbacks", []))
    parts = [
        f"## {block['label'].removeprefix('Implicit-JSCC ')}",
        f"`{block['id']}`, category {category}",
    ]
    for paragraph in block["documentation"].strip().split("\n\n"):
        lines = [_term(line) for line in paragraph.splitlines()]
        parts.append("\n".join(lines))
    rows = [_parameter(p, callbacks) for p in block.get("parameters", [])]
    if rows:
        parts.append(_table(("parameter", "name", "type", "default", "choices"), rows))
    ports = [
        (f"{direction}: {_port(port)}", port["domain"], port.get("dtype", ""))
        for direction, key in (("in", "inputs"), ("out", "outputs"))
        for port in block.get(key, [])
    ]
    return [*parts, _table(("port", "kind", "type"), ports)]


def _term(line: str) -> str:
    """A line of a block's documentation that explains a parameter, as an item of a list."""
    line = re.sub(r"([<*_|])", r"\\\1", line)
    match = re.match(r"([A-Z][\w ,()/'-]{1,60}): (.+)", line)
    return f"- **{match[1]}**: {match[2]}" if match else line


def _parameter(parameter: dict[str, Any], callbacks: str) -> tuple[str, ...]:
    name = parameter["id"]
    changes = " *" if f"${{{name}}}" in callbacks else ""
    choices = parameter.get("options", [])
    labels = parameter.get("option_labels", choices)
    shown = ", ".join(
        f"`{value}`" if str(value) == str(label) else f"`{value}` ({label})"
        for value, label in zip(choices, labels, strict=False)
    )
    default = str(parameter.get("default", ""))
    return (
        f"{parameter['label']}{changes}",
        f"`{name}`",
        str(parameter["dtype"]),
        f"`{default}`" if default else "",
        shown,
    )


def _port(port: dict[str, Any]) -> str:
    name = f"`{port['id']}`" if "id" in port else port.get("label", "samples")
    return f"{name}, optional" if port.get("optional") else str(name)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
