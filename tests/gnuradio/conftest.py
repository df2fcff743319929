# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the blocks share."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from gnuradio import gr

LIMIT_S = 60


@pytest.fixture
def run() -> Callable[[gr.top_block], None]:
    """Runs a flowgraph to its end; fails, and does not hang, where it has none."""

    def run_to_end(graph: gr.top_block) -> None:
        graph.start()
        waiter = threading.Thread(target=graph.wait, daemon=True)
        waiter.start()
        waiter.join(LIMIT_S)
        if waiter.is_alive():
            graph.stop()
            pytest.fail("the flowgraph did not end")

    return run_to_end
