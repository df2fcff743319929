# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for what another thread or process does, for as long as it takes and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest


def eventually(look: Callable[[], Any], timeout_s: float = 60, interval_s: float = 0.05) -> Any:
    """What a look gives as soon as it gives something."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(interval_s)
    pytest.fail("it did not happen in time")
