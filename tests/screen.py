# SPDX-License-Identifier: GPL-3.0-or-later
"""An X server without a screen for tests that look at windows."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

SIZE = "1600x900x24"


def run_screen() -> Iterator[str]:
    """The name of a display of its own; skips where Xvfb or PyQt5 are not installed."""
    pytest.importorskip("PyQt5.QtWidgets", reason="PyQt5 is not installed")
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed")
    reader, writer = os.pipe()
    command = [server, "-displayfd", str(writer), "-screen", "0", SIZE, "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start here")
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()
