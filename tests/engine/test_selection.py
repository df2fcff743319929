# SPDX-License-Identifier: GPL-3.0-or-later
"""Which engine computes, and what happens where the native one is missing or stale."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from implicitjscc import engine
from implicitjscc.cli import options
from implicitjscc.codec.settings import PRESETS
from implicitjscc.engine import build, native
from implicitjscc.errors import ImplicitJsccError


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    native.library.cache_clear()
    engine._say_once.cache_clear()
    yield
    monkeypatch.undo()
    native.library.cache_clear()
    engine._say_once.cache_clear()


def test_what_is_here_is_taken() -> None:
    expected = "torch" if engine.why_not_native() else "native"
    assert engine.select("auto") == expected
    assert engine.select("torch") == "torch"
    with pytest.raises(ImplicitJsccError, match="unknown engine"):
        engine.select("fortran")


@pytest.mark.usefixtures("_fresh")
def test_a_missing_engine_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "LIBRARY_NAME", "no-such-library.so")
    assert engine.select("auto") == "torch"
    assert "it is not built" in caplog.text
    assert "python -m implicitjscc.engine" in caplog.text
    with pytest.raises(ImplicitJsccError, match="not built"):
        engine.select("native")


@pytest.mark.usefixtures("_fresh")
@pytest.mark.skipif(engine.why_not_native() is not None, reason="no native engine")
def test_a_stale_engine_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "fingerprint", lambda: "of other sources")
    assert engine.select("auto") == "torch"
    assert "another version" in caplog.text


@pytest.mark.usefixtures("_fresh")
def test_a_broken_engine_falls_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / build.LIBRARY_NAME).write_bytes(b"no library")
    monkeypatch.setattr(native, "__file__", str(tmp_path / "native.py"))
    assert engine.select("auto") == "torch"


@pytest.mark.usefixtures("_fresh")
@pytest.mark.skipif(engine.why_not_native() is not None, reason="no native engine")
@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_cut_engine_falls_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: float
) -> None:
    """As a full disk leaves it. Loading it would be a bus error."""
    whole = Path(native.__file__).with_name(build.LIBRARY_NAME).read_bytes()
    (tmp_path / build.LIBRARY_NAME).write_bytes(whole[: int(part * len(whole))])
    monkeypatch.setattr(native, "__file__", str(tmp_path / "native.py"))
    assert engine.select("auto") == "torch"
    assert engine.why_not_native() == "its file is cut short"


def test_without_a_compiler_the_build_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(build.BuildError, match="no C\\+\\+ compiler"):
        build.build(tmp_path)


def test_a_failing_compiler_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(build.BuildError, match="false: it failed"):
        build.build(tmp_path)


@pytest.mark.skipif(build.find_compiler() is None, reason="no C++ compiler")
def test_the_build_makes_a_library_of_these_sources(tmp_path: Path) -> None:
    """From outside the package, as pip and CMake run it."""
    script = Path(build.__file__)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    library = tmp_path / build.LIBRARY_NAME
    assert done.stdout.strip() == str(library)
    assert build.fingerprint().encode() in library.read_bytes()


def test_the_command_line_knows_the_same_names() -> None:
    """They are written twice, so that the parser needs no PyTorch."""
    assert options.ENGINES == engine.NAMES
    assert tuple(PRESETS) == options.PRESETS
