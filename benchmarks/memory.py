#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that encoding takes, over the size of the picture.

    python benchmarks/memory.py [--sizes 768x512 1536x1024 3840x2160] [--steps 3] [--engine auto]

Every size is encoded in a process of its own. Tab-separated: size, peak resident memory in MiB,
that without what a process holds that only imports, the latter in bytes a pixel, seconds a step.
The peak is of the whole encoding: start, checkpoints and the last evaluation.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys

import report
import synthetic

from implicitjscc.codec.encoder import encode
from implicitjscc.codec.settings import EncoderSettings

COLUMNS = ("size", "peak_mib", "above_imports_mib", "bytes_per_pixel", "step_s")
MIB = 1 << 20


def main() -> None:
    """Start the children and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [(768, 512), (1536, 1024), (3840, 2160)]
    parser.add_argument("--sizes", type=report.size, nargs="+", default=sizes)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        step_s = 0.0
        if options.child != "imports":
            step_s = encode_picture(report.size(options.child), options.steps, options.engine)
        print(json.dumps([peak_bytes(), step_s]))
        return
    print(*report.origin(), report.row(*COLUMNS), sep="\n", flush=True)
    idle, _ = child("imports", options)
    for width, height in options.sizes:
        name = f"{width}x{height}"
        peak, step_s = child(name, options)
        above = peak - idle
        figures = (peak / MIB, above / MIB, above / (width * height), step_s)
        print(report.row(name, *figures), flush=True)


def encode_picture(size: tuple[int, int], steps: int, engine: str) -> float:
    """Seconds a step."""
    settings = EncoderSettings(steps=steps, engine=engine)
    return float(encode(synthetic.picture(*size), settings).figures["step_ms"]) / 1e3


def child(task: str, options: argparse.Namespace) -> tuple[float, float]:
    """Peak in bytes, and seconds a step, of a process that does nothing else."""
    arguments = ["--child", task, "--steps", str(options.steps), "--engine", options.engine]
    command = [sys.executable, __file__, *arguments]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    peak, step_s = json.loads(run.stdout)
    return peak, step_s


def peak_bytes() -> int:
    """Peak resident memory of this process; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
