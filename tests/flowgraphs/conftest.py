# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowgraphs compiled by grcc and run as the programs that they become."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LIMIT_S = 90


def environment(root: Path, module_path: str) -> dict[str, str]:
    """What grcc and the generated programs need to find the tree's blocks."""
    return {
        **os.environ,
        "PYTHONPATH": module_path,
        "GRC_BLOCKS_PATH": str(root / "gr-implicitjscc" / "grc"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "QT_QPA_PLATFORM": "offscreen",  # unless there is a screen
    }


@pytest.fixture(scope="session")
def programs(
    root: Path, module_path: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Every flowgraph of the tree as a program, by name."""
    grcc = shutil.which("grcc")
    if grcc is None:
        pytest.skip("grcc is not installed")
    place = tmp_path_factory.mktemp("generated")
    sources = sorted((root / "flowgraphs").glob("*.grc"))
    done = subprocess.run(
        [grcc, "-o", str(place), *map(str, sources)],
        env=environment(root, module_path),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {source.stem: place / f"{source.stem}.py" for source in sources}


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(root: Path, module_path: str, programs: dict[str, Path]) -> Start:
    """start(name, key=value, ...) runs a flowgraph's program with options."""

    def start_program(name: str, **options: object) -> subprocess.Popen[str]:
        words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        return subprocess.Popen(
            [sys.executable, "-u", str(programs[name]), *words],
            env=environment(root, module_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start_program


@pytest.fixture
def finish(start: Start) -> Callable[..., str]:
    """finish(name, key=value, ...) runs it to its end; what it printed."""

    def finish_program(name: str, **options: object) -> str:
        return ended(start(name, **options))

    return finish_program


def ended(process: subprocess.Popen[str]) -> str:
    """What a program printed, once it has ended well."""
    try:
        printed, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"{process.args!r} did not end: {process.communicate()[0]}")
    assert process.returncode == 0, printed
    return printed


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
