# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that set everything up: what can be asked of them without setting anything up."""

from __future__ import annotations

import subprocess

import pytest


@pytest.mark.parametrize(("words", "status"), [([], 2), (["--help"], 0), (["help"], 0)])
def test_run_says_what_it_can_do(root, tmp_path, words, status):
    done = subprocess.run([root / "run", *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status
    for job in ("demo", "test", "companion", "doctor"):
        assert job in done.stdout


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_the_scripts_parse(root, script):
    subprocess.run(["bash", "-n", root / script], check=True)
    assert (root / script).stat().st_mode & 0o111
