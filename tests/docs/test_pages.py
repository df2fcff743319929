# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages: links lead somewhere, commands parse, what is made from the code is up to date."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from implicitjscc.cli.main import parser

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
JOBS = ("demo", "test", "check", "companion")
LARGEST_PICTURE_BYTES = 200_000


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.+)$", text, flags=re.M)
    kept = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in kept}


def links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def commands(page: Path) -> list[str]:
    """Commands of this project in code spans and code blocks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^(?: {4}|\$ )(.+)$", text, flags=re.M)
    for fenced in re.findall(r"^```\w*\n(.*?)^```", text, flags=re.M | re.S):
        blocks += fenced.splitlines()
    spans = re.findall(r"`([^`\n]+)`", text)
    found = [line.strip().split(" #")[0] for line in blocks + spans]
    return [line for line in found if re.match(r"(\./run|implicitjscc) [a-z]", line)]


def parses(command: str) -> bool:
    words = shlex.split(command)[1:]
    if command.startswith("./run") and words[0] in JOBS:
        return all((ROOT / word).exists() for word in words[1:] if word.endswith(".grc"))
    try:
        parser().parse_args(words)
    except SystemExit as end:
        return end.code == 0
    return True


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} in {page.name}"
        if anchor:
            assert anchor in anchors(target), f"{link} in {page.name}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_parse(page, capsys):
    # A bare name of a command is a reference to it and not something to type.
    typed = [c for c in commands(page) if len(shlex.split(c)) > 2 or "..." in c]
    wrong = [c for c in typed if "..." not in c and "[options]" not in c and not parses(c)]
    assert not wrong, (wrong, capsys.readouterr().err)


def test_the_check_of_commands_can_fail(capsys):
    assert parses("./run receive --from file:x.cf32 -o y.png")
    assert not parses("./run receive --form file:x.cf32 -o y.png")
    assert not parses("./run companion flowgraphs/none.grc")
    assert len(commands(ROOT / "README.md")) > 10


def test_the_references_are_what_the_code_says():
    pytest.importorskip("yaml", reason="GNU Radio brings PyYAML")
    check = [sys.executable, str(DOCS / "make_reference.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_in_the_list_of_pages():
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(DOCS / "README.md")}
    missing = [page.name for page in DOCS.glob("*.md") if page not in listed]
    assert missing == ["README.md"]


def test_the_readme_names_every_flowgraph_and_every_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [p.name for p in (ROOT / "flowgraphs").glob("*.grc") if f"`{p.name}`" not in text]
    assert not missing
    (sub,) = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    assert not [command for command in sub.choices if f"run {command}" not in text]


def test_pictures_are_small():
    large = [
        p.name for p in (DOCS / "pictures").iterdir() if p.stat().st_size > LARGEST_PICTURE_BYTES
    ]
    assert not large
