# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio, the blocks for Python, and the block files for GNU Radio Companion."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

from .doctor_findings import Findings, attempt
from .doctor_installation import LIBRARY, Installation, on_interpreters_path

BLOCKS = (
    "channel_laboratory",
    "control_server",
    "decoder",
    "digital_reference",
    "encoder",
    "radio_sink",
    "radio_source",
    "radio_status",
    "receiver",
    "reconstruction_display",
    "sigmf_sink",
    "sigmf_source",
    "symbol_sink",
    "symbol_source",
    "transmitter",
)
_STANDARD = ("/usr/share/gnuradio/grc/blocks", "/usr/local/share/gnuradio/grc/blocks")
_GET_GNURADIO = "apt-get install gnuradio  (or conda install -c conda-forge gnuradio)"


def version(findings: Findings) -> str | None:
    """GNU Radio's version; None where this interpreter cannot import it."""
    module, reason = attempt("gnuradio.gr")
    if module is not None:
        return str(module.version())
    # What its extensions end with where numpy's C interface is another, as numpy prints above it.
    if "initialization failed" in reason or "numpy" in reason.lower() or "_ARRAY_API" in reason:
        findings.miss(f"GNU Radio was built for another numpy ({reason})", _mend_numpy())
        return None
    other = _interpreter_with_gnuradio()
    mend = f"./run doctor  (in the project's folder; {other} has it)" if other else _GET_GNURADIO
    findings.miss(f"GNU Radio for this interpreter ({reason})", mend)
    return None


def blocks(findings: Findings, installation: Installation) -> str | None:
    """The folder of the blocks' Python module."""
    if attempt("gnuradio")[0] is None:
        return None
    module, reason = attempt("gnuradio.implicitjscc")
    if module is None:
        findings.miss(f"the blocks' Python module ({reason})", installation.again())
        return None
    folder = Path(module.__file__).resolve().parent
    beside = LIBRARY.parent / "gnuradio" / "implicitjscc"
    in_tree = installation.top / "gr-implicitjscc" / "python" / "implicitjscc"
    if folder not in (beside.resolve(), in_tree.resolve()):
        findings.miss(
            f"one installation: the blocks are from {folder}, the library from {LIBRARY}",
            "uninstall one of the two, or take it off PYTHONPATH",
        )
    if installation.way == "cmake" and not on_interpreters_path():
        findings.miss(
            "the blocks' Python module on GNU Radio Companion's path",
            f"export PYTHONPATH={LIBRARY.parent}",
        )
    return os.fspath(folder)


def grc_block_path(findings: Findings, installation: Installation) -> str | None:
    """The folder in which GNU Radio Companion finds the blocks.

    A block that it does not find is named, with the line that makes it find it.
    """
    folders = _companion_folders()
    found = {name: _first_with(name, folders) for name in BLOCKS}
    absent = [name for name, folder in found.items() if folder is None]
    companion = shutil.which("gnuradio-companion") or attempt("gnuradio.gr")[0]
    if absent and companion:
        own = installation.blocks
        if all((own / _file(name)).is_file() for name in absent):
            mend = f"export GRC_BLOCKS_PATH={own}"
            if installation.way in ("./run", "source tree"):
                mend += f"  (or {installation.top}/run companion)"
        else:
            mend = installation.again()
        findings.miss(f"GNU Radio Companion's blocks {', '.join(absent)}", mend)
    return next((os.fspath(folder) for folder in found.values() if folder), None)


def qt(findings: Findings) -> str | None:
    """PyQt5's version, which the Reconstruction Display needs."""
    module, reason = attempt("PyQt5.QtCore")
    widgets, why_no_widgets = attempt("PyQt5.QtWidgets")
    if module is None or widgets is None:
        findings.note(
            f"no Qt for the Reconstruction Display ({reason or why_no_widgets})",
            "apt-get install python3-pyqt5  (or conda install -c conda-forge pyqt)",
        )
        return None
    return str(module.PYQT_VERSION_STR)


def gtk(findings: Findings) -> bool:
    """Whether GNU Radio Companion finds GTK's bindings, without which it does not start.

    GNU Radio's package only recommends them.
    """
    gi, reason = attempt("gi")
    try:
        if gi is not None:
            gi.require_version("Gtk", "3.0")
            gi.require_version("PangoCairo", "1.0")
    except ValueError as error:
        gi, reason = None, str(error)
    if gi is None and shutil.which("gnuradio-companion"):
        findings.note(
            f"no GTK for GNU Radio Companion ({reason})",
            "./run companion  (or apt-get install gir1.2-gtk-3.0)",
        )
    return gi is not None


def _file(name: str) -> str:
    return f"implicitjscc_{name}.block.yml"


def _first_with(name: str, folders: list[Path]) -> Path | None:
    return next((folder for folder in folders if (folder / _file(name)).is_file()), None)


def _companion_folders() -> list[Path]:
    """Where Companion looks: the variable, then GNU Radio's settings."""
    gr, _ = attempt("gnuradio.gr")
    listed = os.environ.get("GRC_BLOCKS_PATH", "")
    if gr is None:
        settings = os.pathsep.join(_STANDARD)
    else:
        keys = ("local_blocks_path", "global_blocks_path")
        settings = os.pathsep.join(gr.prefs().get_string("grc", key, "") for key in keys)
    names = f"{listed}{os.pathsep}{settings}".split(os.pathsep)
    return [Path(os.path.expandvars(name)).expanduser() for name in names if name]


def _mend_numpy() -> str:
    numpy, _ = attempt("numpy")
    place = Path(getattr(numpy, "__file__", None) or "/").resolve()
    if place.is_relative_to(Path(site.getusersitepackages()).resolve()):
        return "export PYTHONNOUSERSITE=1  (the numpy in your own site directory is another)"
    major = str(getattr(numpy, "__version__", "2")).split(".")[0]
    wanted = "numpy<2" if major != "1" else "numpy>=2"
    return f"{sys.executable} -m pip install '{wanted}'"


def _interpreter_with_gnuradio() -> str | None:
    """Another interpreter here that has GNU Radio."""
    conda = os.environ.get("CONDA_PREFIX")
    for candidate in ("/usr/bin/python3", f"{conda}/bin/python" if conda else ""):
        if not candidate or not os.access(candidate, os.X_OK):
            continue
        command = [candidate, "-c", "import gnuradio.gr"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return candidate
    return None
