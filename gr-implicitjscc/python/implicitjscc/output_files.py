# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sources of one output file name go when there are several, and a line on each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from implicitjscc.errors import ImplicitJsccError


class OutputFiles:
    """One content goes to ``out.png``; from a second on, each to ``out-<content id>.png``.

    A content of another kind keeps the name and gets an ending that fits. Only the newest contents'
    files stay, so that a receiver that runs for weeks does not fill the disk.

    Args:
        output_file: the name.
        keep: how many contents' files stay.

    Attributes:
        output: the file's name as it was given.

    Raises:
        ImplicitJsccError: the folder does not exist, or nothing would stay.
    """

    def __init__(self, output_file: str, keep: int = 256) -> None:
        self.output = Path(output_file)
        self._keep = keep
        self._several = False
        # By content, the newest last.
        self._written: dict[int, Path] = {}
        if not self.output.parent.is_dir():
            raise ImplicitJsccError(f"the folder {self.output.parent} does not exist")
        if keep < 1:
            raise ImplicitJsccError("at least one file must be kept")

    def path_for(self, content_id: int, ending: str) -> Path:
        """Where to write this content; renames the first one's file when a second comes."""
        if self._written and content_id not in self._written and not self._several:
            self._several = True
            ((first, only),) = self._written.items()
            self._written[first] = self._numbered(first, only.suffix)
            if only.exists():
                only.replace(self._written[first])
        path = self._numbered(content_id, ending)
        if not self._several:
            path = self.output.with_suffix(ending)
        self._written.pop(content_id, None)
        self._written[content_id] = path
        return path

    def surplus(self) -> list[Path]:
        """Delete the files of the oldest contents beyond what stays; says which."""
        deleted = []
        while len(self._written) > self._keep:
            path = self._written.pop(next(iter(self._written)))
            path.unlink(missing_ok=True)
            deleted.append(path)
        return deleted

    def _numbered(self, content_id: int, ending: str) -> Path:
        return self.output.with_name(f"{self.output.stem}-{content_id:08x}{ending}")


def summary(report: dict[str, Any]) -> str:
    """A line for the log on a source that was rebuilt."""
    text = f"content {report['content_id']:08x} rebuilt"
    if isinstance(report.get("snr_db"), float):
        text += f" at SNR {report['snr_db']:.1f} dB"
    if isinstance(report.get("receptions"), int) and report["receptions"] > 1:
        text += f" from {report['receptions']} receptions"
    if report.get("frames_lost"):
        text += f", {report['frames_lost']} frames lost"
    if "psnr_db" in report:
        text += f", PSNR {report['psnr_db']:.2f} dB"
    if report["decoder"] == "approximate":
        text += ", its decoder lost: a grey likeness"
    return text + (f": {report['output']}" if "output" in report else "")
