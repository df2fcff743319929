# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc doctor``: what is here, what is missing, and how to mend it.

Works with any Python interpreter: nothing but the standard library is imported outside a check.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from . import doctor_gnuradio, doctor_installation, doctor_radios
from .doctor_findings import Findings, attempt
from .doctor_installation import LIBRARY, Installation

# Module, pip's name, the oldest that will do, and whether the command line works without it.
MODULES = (
    ("numpy", "numpy", "1.24", True),
    ("scipy", "scipy", "1.10", True),
    ("torch", "torch", "2.1", True),
    ("PIL", "pillow", "9.4", True),
    ("safetensors", "safetensors", "0.4", True),
    ("soundfile", "soundfile", "0.12", True),
    ("zmq", "pyzmq", "24", True),
    ("pytorch_msssim", "pytorch-msssim", "1.0", True),
    ("tqdm", "tqdm", "4.64", True),
    ("matplotlib", "matplotlib", "3.6", False),
)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "doctor",
        parents=[common],
        help="what is installed, what is missing, how to mend it",
        description="Look at this interpreter, its packages, GNU Radio and its block path. "
        "Exit status 1 where something is missing; notes do not count.",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Examine the installation."""
    findings = Findings()
    installation = doctor_installation.find()
    report: dict[str, Any] = {
        "implicitjscc": __version__,
        "library": os.fspath(LIBRARY),
        "installed": f"{installation.way}, in {installation.top}",
        "interpreter": sys.executable,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "in_virtual_environment": sys.prefix != sys.base_prefix,
        "packages": _packages(findings, installation),
        "gnuradio": doctor_gnuradio.version(findings),
        "blocks": doctor_gnuradio.blocks(findings, installation),
        "grc_block_path": doctor_gnuradio.grc_block_path(findings, installation),
        "qt": doctor_gnuradio.qt(findings),
        "gtk": doctor_gnuradio.gtk(findings),
        "engine": _engine(findings),
        "blas": blas(findings),
        "devices": {
            "cuda": _cuda(),
            **doctor_radios.examine(findings),
            "scripts": sysconfig.get_path("scripts"),
        },
        "notes": findings.notes,
        "missing": findings.missing,
    }
    report["exit_status"] = 1 if findings.missing else 0
    return report


def _packages(findings: Findings, installation: Installation) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    absent = []
    for module_name, name, oldest, needed in MODULES:
        module, reason = attempt(module_name)
        found = None if module is None else _version(name, module)
        versions[name] = found
        wanted = f"{name}>={oldest}"
        if found is not None and _number(found) < _number(oldest):
            findings.miss(f"{wanted}: here is {found}", installation.mend([wanted]))
        elif found is None and needed:
            if "No module named" in reason:
                absent.append(wanted)
            else:
                findings.miss(f"{name} does not load ({reason})", installation.mend([wanted]))
    if absent:
        findings.miss(f"Python packages: {', '.join(absent)}", installation.mend(absent))
    return versions


def _version(name: str, module: Any) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return str(getattr(module, "__version__", "unknown"))


def _number(version: str) -> tuple[int, ...]:
    """Major and minor; of a version that is unknown, one that is new enough."""
    parts = version.split("+")[0].split(".")[:2]
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return (sys.maxsize,)


def _engine(findings: Findings) -> str:
    """What computes the codec. The native engine is no need, so that its absence is a note."""
    if attempt("torch")[0] is None or attempt("numpy")[0] is None:
        return "none"
    from .. import engine
    from ..engine import native

    reason = engine.why_not_native()
    if reason is None:
        return f"native ({native.instruction_sets()[0]}, {native.default_threads()} threads)"
    build = Path(engine.__file__).with_name("build.py")
    findings.note(f"no native engine: {reason}", f"{sys.executable} {build}  (needs g++)")
    return f"torch (the native engine is not here: {reason})"


def blas(findings: Findings, maps: Path = Path("/proc/self/maps")) -> str:
    """The BLAS library with which the distribution's numpy and PyTorch compute.

    They take the one that is there, and without recommended packages that is the reference
    implementation. Packages of pip's bring their own.

    Args:
        findings: takes the note.
        maps: the list of the files that this process has mapped.

    Returns:
        its path, or "the packages' own".
    """
    modules = [(name, attempt(name)[0]) for name in ("numpy", "torch")]
    theirs = [name for name, module in modules if module and _is_distributions(module)]
    try:
        mapped = maps.read_text().split() if theirs else []
    except OSError:
        return "unknown"
    found = sorted({path for path in mapped if Path(path).name.startswith("libblas.so")})
    if any(Path(path).parent.name == "blas" for path in found):
        findings.note(
            f"the reference BLAS for {' and '.join(theirs)}: encoding takes longer to begin",
            "apt-get install libopenblas0-pthread",
        )
    return ", ".join(found) or "the packages' own"


def _is_distributions(module: Any) -> bool:
    return "dist-packages" in Path(str(module.__file__)).parts


def _cuda() -> bool:
    torch, _ = attempt("torch")
    return bool(torch.cuda.is_available()) if torch is not None else False
