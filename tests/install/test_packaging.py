# SPDX-License-Identifier: GPL-3.0-or-later
"""The pip package: pyproject.toml names every package and what belongs beside them."""

from __future__ import annotations

import re

import pytest

tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_every_package_is_named(project, root):
    library = root / "python"
    found = {
        ".".join(path.parent.relative_to(library).parts) for path in library.rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == found | {"gnuradio.implicitjscc"}


def test_one_version_everywhere(project, root):
    import implicitjscc

    cmake = (root / "CMakeLists.txt").read_text()
    versions = re.findall(r"project\(gr-implicitjscc VERSION ([\d.]+)", cmake)
    assert versions == [project["project"]["version"]]
    assert versions == [implicitjscc.__version__]


def test_gnuradio_itself_is_not_shipped(project, root):
    assert not (root / "gr-implicitjscc" / "python" / "__init__.py").exists()
    assert "gnuradio" not in project["tool"]["setuptools"]["packages"]
