# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way this library was installed, and how packages are added to it."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1]
_BLOCKS_FOLDER = Path("share/gnuradio/grc/blocks")
_DISTRIBUTION = "gr-implicitjscc"


@dataclass(frozen=True)
class Installation:
    """How the library in use came here.

    Attributes:
        way: "source tree", "./run", "pip", "conda" or "cmake".
        top: the tree, the environment or the prefix.
        blocks: the folder in which this way puts the block files.
    """

    way: str
    top: Path
    blocks: Path

    def mend(self, packages: Sequence[str]) -> str:
        """One line that installs packages, named as pip knows them, for this interpreter.

        Args:
            packages: requirements such as ``torch>=2.1``.

        Returns:
            a shell command.
        """
        if self.way in ("source tree", "./run"):
            return f"{self.top}/run doctor  (installs what is missing into .venv)"
        quoted = " ".join(f"'{name}'" for name in packages)
        if self.way == "conda":
            return f"conda install -c conda-forge {conda_names(quoted)}"
        if _managed_by_distribution():
            # Debian refuses pip outside a virtual environment.
            return (
                f"{sys.executable} -m venv --system-site-packages ~/implicitjscc && "
                f"~/implicitjscc/bin/pip install {quoted}  (then cmake "
                "-DPython3_EXECUTABLE=$HOME/implicitjscc/bin/python)"
            )
        return f"{sys.executable} -m pip install {quoted}"

    def again(self) -> str:
        """One line that installs this project anew."""
        return {
            "source tree": f"{self.top}/run doctor",
            "./run": f"rm -r {self.top}/.venv && {self.top}/run doctor",
            "pip": f"{sys.executable} -m pip install --force-reinstall --no-deps .  "
            "(in the project's folder)",
            "conda": "conda install --force-reinstall gnuradio-implicitjscc",
            "cmake": "cmake --install build  (in the project's folder)",
        }[self.way]


def conda_names(requirements: str) -> str:
    """The same requirements by conda-forge's names."""
    for ours, theirs in (("'torch", "'pytorch"), ("'soundfile", "'pysoundfile")):
        requirements = requirements.replace(ours, theirs)
    return requirements


def find() -> Installation:
    """The installation that this file belongs to."""
    tree = LIBRARY.parents[1]
    if (tree / "pyproject.toml").is_file() and (tree / "gr-implicitjscc").is_dir():
        return Installation("source tree", tree, tree / "gr-implicitjscc" / "grc")
    environment = Path(sys.prefix)
    if _installed_by_pip():
        blocks = Path(sysconfig.get_path("data")) / _BLOCKS_FOLDER
        if (environment / "conda-meta").is_dir():
            return Installation("conda", environment, blocks)
        if environment.name == ".venv" and (environment.parent / "run").is_file():
            return Installation("./run", environment.parent, blocks)
        return Installation("pip", environment, blocks)
    prefix = next((path.parent for path in LIBRARY.parents if path.name == "lib"), LIBRARY.parent)
    return Installation("cmake", prefix, prefix / _BLOCKS_FOLDER)


def on_interpreters_path() -> bool:
    """Whether this interpreter finds the library without the command's help."""
    listed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = [*listed, *site.getsitepackages(), site.getusersitepackages()]
    return any(folder and Path(folder).resolve() == LIBRARY.parent for folder in folders)


def _installed_by_pip() -> bool:
    """Whether pip's record of the distribution is about these very files."""
    try:
        found = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return False
    return Path(str(found.locate_file("implicitjscc"))).resolve() == LIBRARY


def _managed_by_distribution() -> bool:
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    return sys.prefix == sys.base_prefix and marker.is_file()
