# SPDX-License-Identifier: GPL-3.0-or-later
"""The Decoder's line for the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def report_line(report: Mapping[str, Any]) -> str:
    """A reconstruction's figures in words."""
    text = f"content {report['content_id']:08x} rebuilt"
    if isinstance(report.get("snr_db"), float):
        text += f" at SNR {report['snr_db']:.1f} dB"
    if report.get("frames_lost"):
        text += f", {report['frames_lost']} frames lost"
    if "psnr_db" in report:
        text += f", PSNR {report['psnr_db']:.2f} dB"
    if report["decoder"] == "approximate":
        text += ", its decoder lost: a grey likeness"
    return text + (f": {report['output']}" if "output" in report else "")
