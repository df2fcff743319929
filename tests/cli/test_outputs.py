# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs that cannot be written are refused before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from implicitjscc.cli.options import check_folder
from implicitjscc.errors import ImplicitJsccError


def test_a_folder_without_permission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The administrator may write anywhere, so that the answer is given here."""
    asked = []

    def access(path: Path, mode: int) -> bool:
        asked.append((path, mode))
        return False

    check_folder(str(tmp_path / "new"))
    monkeypatch.setattr(os, "access", access)
    with pytest.raises(ImplicitJsccError, match="no permission to write there"):
        check_folder(str(tmp_path / "new"))
    assert asked == [(tmp_path, os.W_OK)]
    (tmp_path / "pipe").touch()
    check_folder(str(tmp_path / "pipe"))  # of itself it may be writable


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    with pytest.raises(ImplicitJsccError, match="is a folder"):
        check_folder(str(tmp_path))
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        check_folder(str(tmp_path / "none" / "new"))
