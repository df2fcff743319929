# SPDX-License-Identifier: GPL-3.0-or-later
"""The room stands alone."""

from __future__ import annotations

import os
import subprocess
import sys


def test_it_needs_neither_waveform_nor_codec_nor_gnuradio(module_path: str) -> None:
    code = "import sys, implicitjscc.channel, implicitjscc.channel.bounds; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": module_path},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(done.stdout.split())
    strangers = {"torch", "gnuradio", "pmt", "implicitjscc.phy", "implicitjscc.codec"}
    assert not modules & strangers
    assert "implicitjscc.channel.multipath" in modules
