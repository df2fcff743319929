# SPDX-License-Identifier: GPL-3.0-or-later
"""CMake without a compiler: configure, install into a prefix, use it from there, uninstall."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("gnuradio.gr", reason="needs GNU Radio")
if shutil.which("cmake") is None or not (shutil.which("make") or shutil.which("ninja")):
    pytest.skip("cmake, or make and ninja, are not installed", allow_module_level=True)

GENERATOR = {} if shutil.which("make") else {"CMAKE_GENERATOR": "Ninja"}


def call(*command: object, **variables: str) -> str:
    """Run a command; its standard output. Nothing of the tree is on its Python path."""
    environment = {**os.environ, **GENERATOR, **variables}
    if "PYTHONPATH" not in variables:
        environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(word) for word in command], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, root: Path) -> tuple[Path, Path, Path]:
    """Build folder, prefix and the folder of Python packages below it."""
    place = tmp_path_factory.mktemp("cmake install")  # a space in the path is on purpose
    build, prefix = place / "build", place / "prefix"
    python = f"-DPython3_EXECUTABLE={sys.executable}"
    no_compiler = {"CC": "/nonexistent", "CXX": "/nonexistent"}
    arguments = (f"-DCMAKE_INSTALL_PREFIX={prefix}", python)
    call("cmake", "-S", root, "-B", build, *arguments, **no_compiler)
    call("cmake", "--build", build, **no_compiler)
    call("cmake", "--install", build)
    (library,) = prefix.glob("lib/python3*/site-packages")
    return build, prefix, library


def test_the_blocks_come_from_the_prefix(installed):
    _, _, library = installed
    code = "from gnuradio import implicitjscc as b; import implicitjscc as l; "
    code += "print(b.__file__, l.__file__, b.transmitter, b.receiver, sep='\\n')"
    blocks_file, library_file, *_ = call(
        sys.executable,
        "-P" if sys.version_info >= (3, 11) else "-s",
        "-c",
        code,
        PYTHONPATH=str(library),
    ).splitlines()
    assert Path(blocks_file).is_relative_to(library / "gnuradio" / "implicitjscc")
    assert Path(library_file).is_relative_to(library / "implicitjscc")


def test_every_file_of_the_tree_is_there(installed, root):
    _, prefix, library = installed
    for source, target, pattern in (
        (root / "python" / "implicitjscc", library / "implicitjscc", "**/*.py"),
        (root / "python/implicitjscc", library / "implicitjscc", "**/profiles/*.json"),
        (root / "python/implicitjscc", library / "implicitjscc", "**/native/*.[ch]pp"),
        (root / "gr-implicitjscc" / "python", library / "gnuradio", "**/*.py"),
        (root / "gr-implicitjscc" / "grc", prefix / "share/gnuradio/grc/blocks", "*.yml"),
        (root / "flowgraphs", prefix / "share/gnuradio/examples/implicitjscc", "*.grc"),
    ):
        wanted = {path.relative_to(source) for path in source.glob(pattern)}
        found = {path.relative_to(target) for path in target.glob(pattern)}
        assert wanted == found
        assert wanted
    assert not (library / "gnuradio" / "__init__.py").exists()


@pytest.mark.skipif(shutil.which("grcc") is None, reason="grcc is not installed")
def test_companion_finds_the_blocks_in_the_prefix(installed, tmp_path):
    _, prefix, library = installed
    flowgraphs = sorted((prefix / "share/gnuradio/examples/implicitjscc").glob("*.grc"))
    call(
        shutil.which("grcc"),
        "-o",
        tmp_path,
        *flowgraphs,
        GRC_BLOCKS_PATH=str(prefix / "share/gnuradio/grc/blocks"),
        PYTHONPATH=str(library),
    )
    generated = sorted(path.stem for path in tmp_path.glob("*.py"))
    assert generated == sorted(path.stem for path in flowgraphs)


def test_the_command_runs_from_the_prefix(installed):
    _, prefix, _ = installed
    assert "transmit" in call(prefix / "bin" / "implicitjscc", "--help")


def test_uninstall_leaves_nothing(installed, tmp_path, root):
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    python = f"-DPython3_EXECUTABLE={sys.executable}"
    call("cmake", "-S", root, "-B", build, f"-DCMAKE_INSTALL_PREFIX={prefix}", python)
    call("cmake", "--install", build)
    assert (prefix / "bin" / "implicitjscc").exists()
    call(prefix / "bin" / "implicitjscc", "--help", PYTHONDONTWRITEBYTECODE="")
    assert list(prefix.rglob("*.pyc"))
    call("cmake", "--build", build, "--target", "uninstall")
    assert [path for path in prefix.rglob("*") if path.is_file()] == []
    assert list(prefix.rglob("*implicitjscc*")) == []
