# SPDX-License-Identifier: GPL-3.0-or-later
"""One encoding as a process of its own, of lower priority than the stream.

In a process, it neither holds Python's lock while samples are due, nor takes the transmitter with
it where memory runs out.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import ImplicitJsccError

_NICE = 10
_KILL_S = 5.0
_LONGEST_ERROR = 4096


class EncodeProcess:
    """``implicitjscc encode`` at work on one source.

    Args:
        source: to encode.
        container: to write.
        arguments: further ones for the command.

    Raises:
        ImplicitJsccError: no process can be started.
    """

    def __init__(self, source: Path, container: Path, arguments: Sequence[str]) -> None:
        self.source = source
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed where the process ends)
        command = [sys.executable, "-m", "implicitjscc", "encode", f"-o{container}", *arguments]
        package = Path(__file__).resolve().parents[2]
        paths = [os.fspath(package), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self._process = subprocess.Popen(
                [*command, "--", os.path.abspath(source)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is the transmitter's
            )
        except OSError as error:
            self._errors.close()
            raise ImplicitJsccError(f"{source.name}: cannot be encoded: {error}") from None
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def done(self) -> bool:
        """Whether it has ended.

        Raises:
            ImplicitJsccError: it has ended without a container; the message is its last line.
        """
        status = self._process.poll()
        if status is None:
            return False
        last = self._last_line()
        self._errors.close()
        if status == 0:
            return True
        if status < 0:
            raise ImplicitJsccError(
                f"{self.source.name}: the encoder was killed by signal {-status}"
            )
        raise ImplicitJsccError(last or f"{self.source.name}: the encoder ended with {status}")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_S)
        self._errors.close()

    def _last_line(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(size - _LONGEST_ERROR, 0))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("implicitjscc: ") if lines else ""
