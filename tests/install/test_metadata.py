# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that describe the project to others agree with pyproject.toml."""

from __future__ import annotations

import re

import pytest

from implicitjscc.cli import doctor, doctor_gnuradio

tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
yaml = pytest.importorskip("yaml", reason="needs PyYAML, which GNU Radio brings")

CONDA_NAMES = {"torch": "pytorch", "soundfile": "pysoundfile", "matplotlib": "matplotlib-base"}


def split(requirement: str) -> tuple[str, str]:
    """Name and bounds, without spaces."""
    name, bounds = re.fullmatch(r"\s*([\w-]+)\s*(.*)", requirement).groups()  # type: ignore[union-attr]
    return name, bounds.replace(" ", "")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wanted(project):
    named = (split(requirement) for requirement in project["dependencies"])
    return {CONDA_NAMES.get(name, name): bounds for name, bounds in named}


def test_the_environment_agrees(root, wanted):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    assert wanted.items() <= dict(map(split, environment["dependencies"])).items()


def test_the_recipe_agrees(root, wanted, project):
    recipe = (root / ".conda" / "recipe" / "meta.yaml").read_text()
    run = recipe.split("  run:\n")[1].split("\n\n")[0]
    listed = dict(split(line.strip().removeprefix("- ")) for line in run.splitlines())
    assert wanted.items() <= listed.items()
    assert f'set version = "{project["version"]}"' in recipe


def test_the_doctor_agrees(root, project):
    asked = {name: f">={oldest}" for _, name, oldest, _ in doctor.MODULES}
    bounds = {name: b.split(",")[0] for name, b in map(split, project["dependencies"])}
    assert asked == bounds
    files = (root / "gr-implicitjscc" / "grc").glob("*.block.yml")
    names = {path.name.removeprefix("implicitjscc_").removesuffix(".block.yml") for path in files}
    assert set(doctor_gnuradio.BLOCKS) == names


def test_manifest_and_citation_agree(root, project):
    header = (root / "MANIFEST.md").read_text().split("---")[0]
    short, long = yaml.safe_load(header), yaml.safe_load((root / "MANIFEST.yml").read_text())
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert long["version"] == citation["version"] == project["version"]
    assert short["license"] == long["license"] == citation["license"]
    for key in ("title", "brief", "tags", "gr_supported_version"):
        assert short[key] == long[key]
    dependencies = [entry.replace("(", "").replace(")", "") for entry in long["dependencies"]]
    given = {CONDA_NAMES.get(n, n): b for n, b in map(split, project["dependencies"])}
    given["python"] = project["requires-python"]
    assert dict(map(split, dependencies)).items() <= given.items()
