# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver says on standard error: gr-soapy tells of an underrun in no other way."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter

_STANDARD_ERROR = 2
_LETTERS = re.compile(rb"(?<![A-Za-z])(?:s[UO]|t[PG])+")
_READ = 4096


class DriverConsole:
    """Passes standard error on, and counts the letters sU, sO, tP and tG in it.

    The descriptor itself is replaced, for drivers do not write through Python.

    Attributes:
        counts: of each pair of letters.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._original = -1
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._original = os.dup(_STANDARD_ERROR)
        reading, writing = os.pipe()
        os.dup2(writing, _STANDARD_ERROR)
        os.close(writing)
        self._thread = threading.Thread(target=self._pass_on, args=(reading,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give standard error back."""
        if self._thread is None:
            return
        os.dup2(self._original, _STANDARD_ERROR)
        self._thread.join()
        os.close(self._original)
        self._thread = None

    def _pass_on(self, reading: int) -> None:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while text := pipe.read(_READ):
                for run in _LETTERS.findall(text):
                    for first in range(0, len(run), 2):
                        self.counts[run[first : first + 2].decode()] += 1
                _write(self._original, text)


def _write(descriptor: int, text: bytes) -> None:
    while text:
        try:
            text = text[os.write(descriptor, text) :]
        except OSError:
            # Nobody listens any more; the driver must still be able to speak.
            return
