# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks' tables share: the lines that say where a table comes from, and its rows."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch


def origin() -> list[str]:
    """Comment lines: the command, machine, commit, date, PyTorch and threads."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return [
        f"# {command}",
        f"# machine: {_processor()}, {os.cpu_count()} cores",
        f"# commit: {_commit()}",
        f"# date: {time.strftime('%Y-%m-%d')}",
        f"# torch: {torch.__version__}, {torch.get_num_threads()} threads",
    ]


def row(*values: object) -> str:
    """One line, tab-separated; numbers with four significant digits, or all of an integer's."""
    return "\t".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in values)


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, minimum, maximum."""
    return statistics.median(values), min(values), max(values)


def size(text: str) -> tuple[int, int]:
    """Width and height of an option such as 768x512."""
    try:
        width, height = map(int, text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError("a size is WIDTHxHEIGHT, such as 768x512") from None
    if min(width, height) < 1:
        raise argparse.ArgumentTypeError("width and height must be at least 1")
    return width, height


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    """Of the tree that this file lies in, "-dirty" after it where something is changed."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    folder = Path(__file__).parent
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
