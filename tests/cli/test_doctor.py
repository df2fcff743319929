# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor, in the situations that it is for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from implicitjscc.cli import doctor_radios
from implicitjscc.cli.doctor_findings import Findings
from implicitjscc.cli.doctor_gnuradio import BLOCKS

pytest.importorskip("gnuradio.gr", reason="needs GNU Radio")


def examine(environment: dict[str, str], library: Path | None = None, **variables: str) -> Any:
    """The report of a process of its own, with modules of a folder before all others."""
    paths = ([str(library)] if library else []) + [environment["PYTHONPATH"]]
    done = subprocess.run(
        [sys.executable, "-m", "implicitjscc", "doctor", "--json"],
        env={**environment, **variables, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    report = json.loads(done.stdout)
    assert done.returncode == (1 if report["missing"] else 0)
    return report


def mends(findings: list[dict[str, str]], what: str) -> list[str]:
    return [entry["mend"] for entry in findings if what in entry["what"]]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_that_companion_does_not_find(monkeypatch, tmp_path, root, name):
    from implicitjscc.cli import doctor_gnuradio, doctor_installation

    own = root / "gr-implicitjscc" / "grc"
    for path in own.glob("*.yml"):
        if path.name != f"implicitjscc_{name}.block.yml":
            shutil.copy(path, tmp_path)
    monkeypatch.setattr(doctor_gnuradio, "_companion_folders", lambda: [tmp_path])
    findings = Findings()
    doctor_gnuradio.grc_block_path(findings, doctor_installation.find())
    (entry,) = findings.missing
    assert entry["what"].endswith(f" {name}")
    assert f"GRC_BLOCKS_PATH={own}" in entry["mend"]


def test_a_numpy_that_gnu_radio_was_not_built_for(environment, tmp_path):
    """The extension's own message, with a numpy of another major version."""
    (tmp_path / "numpy.py").write_text(
        "__version__ = '9.0'\nraise ImportError('numpy.core.multiarray failed to import')\n"
    )
    report = examine(environment, tmp_path)
    assert report["gnuradio"] is None
    (mend,) = mends(report["missing"], "another numpy")
    assert "numpy" in mend


def test_no_qt_is_a_note(environment, tmp_path):
    (tmp_path / "PyQt5").mkdir()
    (tmp_path / "PyQt5" / "__init__.py").touch()
    report = examine(environment, tmp_path)
    assert any("python3-pyqt5" in mend for mend in mends(report["notes"], "no Qt"))


def test_no_gtk_is_a_note(environment, tmp_path):
    """Companion without the bindings, as apt-get installs it without recommended packages."""
    (tmp_path / "gi.py").write_text(
        "def require_version(name, number):\n"
        "    raise ValueError(f'Namespace {name} not available')\n"
    )
    companion = tmp_path / "gnuradio-companion"
    companion.touch(0o755)
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    report = examine(environment, tmp_path, PATH=path)
    assert report["gtk"] is False
    (mend,) = mends(report["notes"], "no GTK")
    assert "gir1.2-gtk-3.0" in mend


def test_an_old_package(environment, tmp_path):
    (tmp_path / "tqdm.py").write_text("")
    (tmp_path / "tqdm-4.1.dist-info").mkdir()
    (tmp_path / "tqdm-4.1.dist-info" / "METADATA").write_text("Name: tqdm\nVersion: 4.1\n")
    (mend,) = mends(examine(environment, tmp_path)["missing"], "tqdm>=4.64: here is 4.1")
    assert "doctor" in mend


def test_a_stale_engine_and_a_way_to_build_it(monkeypatch):
    from implicitjscc import engine
    from implicitjscc.cli import doctor

    stale = "it was built from another version's sources"
    monkeypatch.setattr(engine, "why_not_native", lambda: stale)
    findings = Findings()
    assert doctor._engine(findings).startswith("torch")
    (mend,) = mends(findings.notes, stale)
    assert Path(mend.split()[1]).is_file()


@pytest.mark.parametrize(
    ("folder", "packages", "slow"),
    [
        ("blas", "dist-packages", True),
        ("openblas-pthread", "dist-packages", False),
        ("blas", "site-packages", False),
    ],
)
def test_a_slow_blas(monkeypatch, tmp_path, folder, packages, slow):
    from implicitjscc.cli import doctor

    module = types.SimpleNamespace(__file__=f"/usr/lib/python3/{packages}/numpy/__init__.py")
    monkeypatch.setattr(doctor, "attempt", lambda _: (module, ""))
    path = f"/usr/lib/x86_64-linux-gnu/{folder}/libblas.so.3"
    maps = tmp_path / "maps"
    maps.write_text(
        f"7f2a7e000000-7f2a7e010000 r--p 00000000 fe:00 123 {path}\n"
        f"7f2a7e010000-7f2a7e090000 r-xp 00010000 fe:00 123 {path}\n"
        "7ffd0c5e5000-7ffd0c606000 rw-p 00000000 00:00 0 [stack]\n"
    )
    findings = Findings()
    assert (doctor.blas(findings, maps) == path) is (packages == "dist-packages")
    assert bool(mends(findings.notes, "reference BLAS")) is slow
    assert not findings.missing


def hackrf(folder: Path) -> tuple[Path, Path]:
    """A HackRF as the kernel lists it, and the folder of its file."""
    system, node = folder / "system" / "1-2", folder / "nodes" / "001"
    system.mkdir(parents=True)
    node.mkdir(parents=True)
    numbers = {"idVendor": "1d50", "idProduct": "6089", "busnum": "1", "devnum": "7"}
    for name, value in numbers.items():
        (system / name).write_text(f"{value}\n")
    (node / "007").touch()
    return system.parent, node.parent


@pytest.mark.parametrize("allowed", [True, False])
def test_a_radio_without_permission_or_module(monkeypatch, tmp_path, allowed):
    monkeypatch.setattr(doctor_radios.os, "access", lambda *_: allowed)
    monkeypatch.setattr(doctor_radios, "_soapy_modules", list)
    findings = Findings()
    result = doctor_radios.examine(findings, *hackrf(tmp_path))
    assert result["usb_radios"] == [f"HackRF ({tmp_path}/nodes/001/007)"]
    assert bool(mends(findings.notes, "no permission")) is not allowed
    assert mends(findings.notes, "no SoapySDR") == ["apt-get install soapysdr-module-hackrf"]


def test_no_radio_is_a_note(tmp_path):
    findings = Findings()
    assert doctor_radios.examine(findings, tmp_path, tmp_path)["usb_radios"] == []
    assert mends(findings.notes, "no radio on USB")
    assert not findings.missing
