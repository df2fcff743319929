# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a fuzz test runs, and what its subject may use.

``IMPLICITJSCC_FUZZ`` multiplies the number of examples; without it every run draws the same ones.
"""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings

MIB = 1 << 20
FACTOR = float(os.environ.get("IMPLICITJSCC_FUZZ", "1"))
# Far beyond what any example takes: a hang, not a busy machine.
DEADLINE = timedelta(seconds=60)


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Settings of a test that draws so many examples in a short run."""
    return settings(
        max_examples=max(int(examples * FACTOR), 1),
        deadline=DEADLINE,
        derandomize=FACTOR == 1,
        database=None,
        print_blob=True,
        # Shrinking would run a failing example again for minutes; what it prints repeats it.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def at_most(mebibytes: float) -> Iterator[None]:
    """Fail where Python and numpy together allocate more than that inside."""
    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if started:
            tracemalloc.stop()
    assert peak - before <= mebibytes * MIB, f"{(peak - before) / MIB:.1f} MiB were allocated"


def check_message(error: Exception) -> None:
    """A message for people is one line, however long what it complains about."""
    message = str(error)
    assert message
    assert "\n" not in message
    assert len(message) < 1000
