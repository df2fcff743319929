# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc doctor``: what is here, what is missing, and how to mend it.

Works with any Python interpreter: nothing but the standard library is imported outside a check.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__

# Module, distribution, and whether the command line works without it.
_MODULES = (
    ("numpy", "numpy", True),
    ("scipy", "scipy", True),
    ("torch", "torch", True),
    ("PIL", "pillow", True),
    ("safetensors", "safetensors", True),
    ("soundfile", "soundfile", True),
    ("zmq", "pyzmq", True),
    ("pytorch_msssim", "pytorch-msssim", True),
    ("tqdm", "tqdm", True),
    ("matplotlib", "matplotlib", False),
)
_BLOCK_FILE = "implicitjscc_receiver.block.yml"
_MEND_ALL = "run ./run doctor in the project's folder, which installs what is missing into .venv"


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "doctor",
        parents=[common],
        help="what is installed, what is missing, how to mend it",
        description="Look at this interpreter, its packages, GNU Radio and its block path. "
        "Exit status 1 where something is missing.",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Examine the installation."""
    problems: list[dict[str, str]] = []
    report: dict[str, Any] = {
        "implicitjscc": __version__,
        "library": os.fspath(Path(__file__).resolve().parents[1]),
        "interpreter": sys.executable,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "in_virtual_environment": sys.prefix != sys.base_prefix,
        "packages": _packages(problems),
        "gnuradio": _gnuradio(problems),
        "blocks": _blocks(problems),
        "grc_block_path": _grc_block_path(problems),
        "engine": _engine(),
        "devices": _devices(),
    }
    report["missing"] = problems
    report["exit_status"] = 1 if problems else 0
    return report


def _problem(what: str, mend: str) -> dict[str, str]:
    return {"what": what, "mend": mend}


def _import(name: str) -> tuple[Any, str]:
    """The module, or None and why not, on one line."""
    try:
        return importlib.import_module(name), ""
    except Exception as error:
        return None, " ".join(f"{type(error).__name__}: {error}".split())


def _packages(problems: list[dict[str, str]]) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    absent = []
    for module_name, distribution, needed in _MODULES:
        module, reason = _import(module_name)
        if module is not None:
            versions[distribution] = _version(distribution, module)
            continue
        versions[distribution] = None
        if needed:
            absent.append(distribution)
            if "No module named" not in reason:
                problems.append(_problem(f"{distribution} does not load ({reason})", _MEND_ALL))
    missing = [name for name in absent if not any(p["what"].startswith(name) for p in problems)]
    if missing:
        problems.append(_problem(f"Python packages: {', '.join(missing)}", _MEND_ALL))
    return versions


def _version(distribution: str, module: Any) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return str(getattr(module, "__version__", "unknown"))


def _gnuradio(problems: list[dict[str, str]]) -> str | None:
    module, reason = _import("gnuradio.gr")
    if module is not None:
        return str(module.version())
    if "_ARRAY_API" in reason or "numpy" in reason.lower():
        mend = "GNU Radio was built for another numpy: pip install 'numpy<2' in this environment"
        problems.append(_problem(f"GNU Radio does not load ({reason})", mend))
        return None
    system = "/usr/bin/python3"
    mend = "apt-get install gnuradio (or conda install -c conda-forge gnuradio), then ./run doctor"
    if os.path.exists("/usr/bin/gnuradio-companion") and not sys.executable.startswith("/usr/bin"):
        mend = f"GNU Radio belongs to another interpreter, {system}: use ./run, which finds it"
    problems.append(_problem(f"GNU Radio for this interpreter ({reason})", mend))
    return None


def _blocks(problems: list[dict[str, str]]) -> str | None:
    if _import("gnuradio")[0] is None:
        return None
    module, reason = _import("gnuradio.implicitjscc")
    if module is not None:
        return os.fspath(Path(module.__file__).parent)
    problems.append(_problem(f"the blocks' Python module ({reason})", _MEND_ALL))
    return None


def _grc_block_path(problems: list[dict[str, str]]) -> str | None:
    """The folder in which GNU Radio Companion would find the blocks."""
    listed = os.environ.get("GRC_BLOCKS_PATH", "").split(os.pathsep)
    prefixes = {sys.prefix, sys.base_prefix, "/usr", "/usr/local"}
    standard = [os.path.join(prefix, "share/gnuradio/grc/blocks") for prefix in sorted(prefixes)]
    for folder in [path for path in listed if path] + standard:
        if os.path.exists(os.path.join(folder, _BLOCK_FILE)):
            # A virtual environment's own folder is not on Companion's path by itself.
            if folder in listed or folder.startswith("/usr") or "CONDA_PREFIX" in os.environ:
                return folder
            mend = f"export GRC_BLOCKS_PATH={folder}, or start it with ./run companion"
            problems.append(_problem("the blocks on GNU Radio Companion's path", mend))
            return folder
    if shutil.which("gnuradio-companion") or _import("gnuradio.gr")[0] is not None:
        problems.append(
            _problem(
                "the blocks on GNU Radio Companion's path",
                "start it with ./run companion, or cmake --install the project",
            )
        )
    return None


def _engine() -> str:
    """What computes the codec. The native engine is no need, so that its absence is no problem."""
    if _import("torch")[0] is None or _import("numpy")[0] is None:
        return "none"
    from .. import engine
    from ..engine import native

    reason = engine.why_not_native()
    if reason is not None:
        return f"torch (the native engine is not here: {reason}; {engine.MEND})"
    return f"native ({native.instruction_sets()[0]}, {native.default_threads()} threads)"


def _devices() -> dict[str, Any]:
    torch, _ = _import("torch")
    cuda = bool(torch.cuda.is_available()) if torch is not None else False
    scripts = sysconfig.get_path("scripts")
    return {
        "cuda": cuda,
        "uhd": _import("gnuradio.uhd")[0] is not None,
        "soapy": _import("gnuradio.soapy")[0] is not None,
        "scripts": scripts,
    }
