# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of this process by thread, from Linux's /proc."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def cpu_seconds() -> dict[str, float]:
    """Seconds by name of the thread, the same names together; empty where there is no /proc.

    Threads of Python's have their own name; GNU Radio's that of their block, cut by the kernel to
    15 characters.
    """
    own = {thread.native_id: thread.name for thread in threading.enumerate()}
    ticks = os.sysconf("SC_CLK_TCK")
    found: dict[str, float] = {}
    for task in Path("/proc/self/task").glob("*"):
        try:
            text = (task / "stat").read_text()
        except OSError:  # it has just ended
            continue
        # The name, in brackets, may hold anything; utime and stime are fields 14 and 15.
        before, _, after = text.rpartition(")")
        user, system = map(int, after.split()[11:13])
        kernel_name = before.partition("(")[2].rstrip("0123456789")
        name = own.get(int(task.name), "")
        if not name or name.startswith("Dummy-"):
            name = kernel_name
        found[name] = found.get(name, 0.0) + (user + system) / ticks
    return found


def shares(before: dict[str, float], elapsed_s: float, least: float = 0.01) -> dict[str, float]:
    """CPU time a second since then, the largest first; what is below the least is left out."""
    now = cpu_seconds()
    spent = {name: (now[name] - before.get(name, 0.0)) / elapsed_s for name in now}
    return dict(sorted(((n, s) for n, s in spent.items() if s >= least), key=lambda one: -one[1]))
