# SPDX-License-Identifier: GPL-3.0-or-later
"""The two files of a SigMF recording."""

from __future__ import annotations

from pathlib import Path

from ..errors import ImplicitJsccError

_META, _DATA = ".sigmf-meta", ".sigmf-data"


def recording_paths(base: str) -> tuple[Path, Path]:
    """Metadata and data file of a recording that is named without ending, or by either file.

    Raises:
        ImplicitJsccError: it is named by an archive.
    """
    if base.endswith((".sigmf", ".sigmf.gz", ".sigmf.xz", ".sigmf.zip")):
        raise ImplicitJsccError(f"{base}: unpack the archive first, a pair of files is needed")
    for ending in (_META, _DATA):
        base = base.removesuffix(ending)
    return Path(base + _META), Path(base + _DATA)
