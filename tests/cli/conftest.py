# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as a process of its own, and a small content for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from implicitjscc.control.address import ControlAddress
from implicitjscc.control.client import ControlClient

TIMEOUT_S = 120


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    output: str
    errors: str

    @property
    def result(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        return json.loads(self.output)


Command = Callable[..., Outcome]


@dataclass(frozen=True)
class Files:
    """A picture and its container."""

    picture: Path
    container: Path


@pytest.fixture(scope="session")
def environment(module_path: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": module_path, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def command(environment: dict[str, str]) -> Command:
    def run(*arguments: object) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "implicitjscc", *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def start(environment: dict[str, str]):
    """Start a command in the background; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(
        arguments: Sequence[object], errors: int = subprocess.PIPE, **variables: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "implicitjscc", *map(str, arguments)],
            env={**environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def files(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("content")
    y, x = np.mgrid[0:96, 0:128]
    waves = [np.sin(x / (9 + c)) * np.cos(y / (7 + 2 * c)) for c in range(3)]
    pixels = np.clip(128 + 90 * np.stack(waves, axis=2), 0, 255).astype(np.uint8)
    picture, container = folder / "x.png", folder / "x.ijscc"
    PillowImage.fromarray(pixels).save(picture)
    done = command("encode", picture, "-o", container, "--steps", 120, "--snr", 15, "--json")
    assert done.status == 0, done.errors
    return Files(picture, container)


@pytest.fixture(scope="session")
def second(command: Command, files: Files) -> Path:
    """The same picture once more, with another seed."""
    other = files.picture.with_name("y.ijscc")
    options = ("--steps", 20, "--snr", 15, "--seed", 5)
    done = command("encode", files.picture, "-o", other, *options)
    assert done.status == 0, done.errors
    return other


Ports = tuple[int, int, int]


@pytest.fixture
def ports() -> Ports:
    """A link's port, and two for control channels, each with a free one behind it."""
    found: list[int] = []
    while len(found) < 3:
        with socket.socket() as first, socket.socket() as other:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                other.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
        if all(abs(port - taken) > 1 for taken in found):
            found.append(port)
    return found[0], found[1], found[2]


def control_client(port: int) -> ControlClient:
    """Patient, as a process takes its time to start."""
    return ControlClient(ControlAddress("127.0.0.1", port), timeout_s=30)


@dataclass(frozen=True)
class Signals:
    """Two sources that are no pictures, as files."""

    audio: Path
    array: Path


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Signals:
    soundfile = pytest.importorskip("soundfile")
    folder = tmp_path_factory.mktemp("signals")
    time = np.arange(8001) / 16_000
    tones = [np.sin(2 * np.pi * (200 + 300 * c) * time * (1 + time)) for c in range(2)]
    soundfile.write(folder / "x.wav", 0.4 * np.stack(tones, axis=1), 16_000)
    rows, columns = np.mgrid[0:40, 0:55]
    np.save(folder / "x.npy", (1000 * np.sin(columns / 9) * np.cos(rows / 7)).astype(np.int16))
    return Signals(folder / "x.wav", folder / "x.npy")
