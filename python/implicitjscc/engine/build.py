# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the native engine: ``python -m implicitjscc.engine [FOLDER]``.

Needs a C++17 compiler and the standard library only, so that the package's own build and CMake can
run this file before anything is installed. The kernels are compiled once for every instruction
set; which of them runs is decided when the library is loaded.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

SOURCES = Path(__file__).with_name("native")
LIBRARY_NAME = "libimplicitjscc.so"

_COMMON = ("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-pthread")
# Products may be fused with sums; nothing reads errno or traps.
_ARITHMETIC = ("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math")
_X86 = {
    "avx512": (
        16,
        "-mavx512f -mavx512vl -mavx512bw -mavx512dq -mavx2 -mfma -mprefer-vector-width=512",
    ),
    "avx2": (8, "-mavx2 -mfma"),
}
_BASELINE = {"baseline": (4, "")}
_COMPILERS = ("c++", "g++", "clang++")


class BuildError(Exception):
    """The engine could not be built; the message says why in one line."""


@functools.cache
def fingerprint() -> str:
    """SHA-256 over the C++ sources; a library built from others is not used."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.[ch]pp")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(folder: Path) -> bool:
    """Whether the library in ``folder`` was built from these sources."""
    library = folder / LIBRARY_NAME
    return library.is_file() and fingerprint().encode() in library.read_bytes()


def is_whole(library: Path) -> bool:
    """Whether an ELF file is as long as its header says: loading a cut one would kill the process.

    Other formats count as whole, their loaders judge them.
    """
    with library.open("rb") as file:
        header = file.read(64)
    if len(header) < 64 or header[:5] != b"\x7fELF\x02":
        return True
    order: Literal["little", "big"] = "big" if header[5] == 2 else "little"
    offset, size, count = (
        int.from_bytes(header[first:last], order)
        for first, last in ((40, 48), (58, 60), (60, 62))  # e_shoff, e_shentsize, e_shnum
    )
    return library.stat().st_size >= offset + size * count


def find_compiler() -> list[str] | None:
    """The compiler's command, that of CXX first; None where there is none."""
    wanted = shlex.split(os.environ.get("CXX", ""))
    if wanted and shutil.which(wanted[0]):
        return wanted
    return next(([name] for name in _COMPILERS if shutil.which(name)), None)


def build(folder: Path) -> Path:
    """Compile into ``folder``; the library appears there whole or not at all.

    Raises:
        BuildError: there is no compiler, it fails, or the folder cannot be written.
    """
    compiler = find_compiler()
    if compiler is None:
        raise BuildError("there is no C++ compiler; g++ would do")
    sets = {**_X86, **_BASELINE} if platform.machine() in ("x86_64", "AMD64") else _BASELINE
    commands = {
        f"{name}.o": [
            *(f"-DIJSCC_LANES={lanes}", f"-DIJSCC_TABLE=kernels_{name}"),
            *(f'-DIJSCC_NAME="{name}"', *flags.split(), "-c", str(SOURCES / "kernels.cpp")),
        ]
        for name, (lanes, flags) in sets.items()
    }
    commands["interface.o"] = [
        f'-DIJSCC_FINGERPRINT="{fingerprint()}"',
        *("-c", str(SOURCES / "interface.cpp")),
    ]
    commands["pool.o"] = ["-c", str(SOURCES / "pool.cpp")]
    with tempfile.TemporaryDirectory() as scratch:
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            jobs = [
                executor.submit(
                    _run,
                    [*compiler, *_COMMON, *_ARITHMETIC, *arguments, "-o", f"{scratch}/{name}"],
                )
                for name, arguments in commands.items()
            ]
            for job in jobs:
                job.result()
        made = f"{scratch}/{LIBRARY_NAME}"
        objects = [f"{scratch}/{name}" for name in commands]
        _run([*compiler, "-shared", "-pthread", *objects, "-o", made])
        return _move(Path(made), folder)


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["it failed"]
        raise BuildError(f"{command[0]}: {lines[0]}")


def _move(made: Path, folder: Path) -> Path:
    target = folder / LIBRARY_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".")
        os.close(handle)
        shutil.copyfile(made, temporary)
        os.chmod(temporary, 0o755)
        # Replaced, not overwritten: a process that has the old one loaded keeps it.
        os.replace(temporary, target)
    except OSError as error:
        raise BuildError(f"{target}: cannot be written ({error.strerror})") from None
    return target


def main() -> int:
    """Build beside this file, or into the folder that is named, unless it is there already."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    try:
        print(folder / LIBRARY_NAME if is_current(folder) else build(folder))
    except BuildError as error:
        print(f"the native engine is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
