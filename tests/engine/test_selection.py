# SPDX-License-Identifier: GPL-3.0-or-later
"""Which engine computes."""

from __future__ import annotations

import pytest

from implicitjscc import engine
from implicitjscc.cli import options
from implicitjscc.codec.settings import PRESETS
from implicitjscc.errors import ImplicitJsccError


def test_what_is_here_is_taken() -> None:
    assert engine.select("auto") == engine.select("torch") == "torch"


def test_what_is_not_here_says_so() -> None:
    with pytest.raises(ImplicitJsccError, match="no native engine"):
        engine.select("native")
    with pytest.raises(ImplicitJsccError, match="unknown engine"):
        engine.select("fortran")


def test_the_command_line_knows_the_same_names() -> None:
    """They are written twice, so that the parser needs no PyTorch."""
    assert options.ENGINES == engine.NAMES
    assert tuple(PRESETS) == options.PRESETS
