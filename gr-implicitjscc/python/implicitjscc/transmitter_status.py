# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Transmitter tells of itself, with the keys of ``implicitjscc status``."""

from __future__ import annotations

import math
import os
from typing import Any

from .burst_queue import BurstQueue, PreparedBurst
from .content_input import ContentInput

_LONGEST_NAME = 100


def transmitter_status(
    queue: BurstQueue, waiting: ContentInput, payload_rms: float, file: tuple[int | None, str]
) -> dict[str, Any]:
    """Plain values; what the block itself knows is not among them.

    Args:
        queue: what is sent.
        waiting: what is still to be sent.
        payload_rms: of the bursts where the queue's gain is 1.
        file: the content that came from a file, if any, and that file's path.
    """

    def row(burst: PreparedBurst) -> dict[str, Any]:
        named = burst.content_id == file[0]
        return {
            "content_id": f"{burst.content_id:08x}",
            "name": os.path.basename(file[1])[:_LONGEST_NAME] if named else None,
            "frames": burst.frames,
            "peak_dbfs": _dbfs(burst.peak * queue.gain),
        }

    burst = queue.current if queue.sending else None
    return {
        "state": "idle" if burst is None else "on air",
        "level_dbfs": _dbfs(payload_rms * queue.gain),
        "turns": queue.turns if queue.mode == "carousel" else None,
        "bursts": queue.bursts,
        "beyond_full_scale": queue.beyond_full_scale,
        "on_air": None if burst is None else row(burst),
        "contents": [row(one) for one in queue.contents()],
        "queue": {"waiting": waiting.count, "dropped": waiting.dropped},
    }


def _dbfs(magnitude: float) -> float:
    return 20 * math.log10(max(magnitude, 1e-9))
