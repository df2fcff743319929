# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds the native engine to the package where a C++ compiler is; all else is in pyproject.toml."""

import importlib.util
import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

ENGINE = Path(__file__).resolve().parent / "python" / "implicitjscc" / "engine"


def load_build():
    """The module implicitjscc.engine.build, without importing the package and its dependencies."""
    spec = importlib.util.spec_from_file_location("engine_build", ENGINE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class BuildWithEngine(build_py):
    """Python files as usual, then the engine; without it the package works on PyTorch."""

    def run(self):
        """Build."""
        super().run()
        engine = load_build()
        folder = Path(self.build_lib) / "implicitjscc" / "engine"
        try:
            if engine.is_current(ENGINE):
                shutil.copy2(ENGINE / engine.LIBRARY_NAME, folder / engine.LIBRARY_NAME)
            else:
                engine.build(folder)
        except engine.BuildError as error:
            self.warn(f"the native engine is not built: {error}")


class PlatformDistribution(Distribution):
    """Holds machine code where there is a compiler, so that its wheel is one of this platform."""

    def has_ext_modules(self):
        """Whether the wheel fits this platform only."""
        return load_build().find_compiler() is not None


setup(cmdclass={"build_py": BuildWithEngine}, distclass=PlatformDistribution)
