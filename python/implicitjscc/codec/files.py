# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import ImplicitJsccError


def write_whole(target: Path, write: Callable[[str], None]) -> None:
    """Let ``write`` make a file beside the target, which then takes the target's place.

    Args:
        target: its ending is the temporary file's too.
        write: is given the path of an empty file.

    Raises:
        ImplicitJsccError: the folder does not exist, or the file cannot be written.
    """
    if not target.parent.is_dir():
        raise ImplicitJsccError(f"{target.parent}: no such folder")
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise ImplicitJsccError(f"{target}: cannot be written ({error.strerror})") from None
    os.close(handle)
    try:
        write(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = str(error).replace(temporary, target.name).partition("\n")[0]
        raise ImplicitJsccError(f"{target}: cannot be written ({reason})") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
