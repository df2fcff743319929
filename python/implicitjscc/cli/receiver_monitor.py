# SPDX-License-Identifier: GPL-3.0-or-later
"""A running receiver: its status and its commands."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .ends import Samples, Tunable
from .tuning import tuning_actions

if TYPE_CHECKING:
    from ..phy.combiner import Combiner
    from ..phy.receiver import BurstReceiver, Reception

_MOST_LISTED = 16


class ReceiverMonitor:
    """Looks on while samples are received; others may ask and command from other threads.

    Args:
        options: as parsed.
        receiver: at work.
        combiner: of its receptions.
        source: of the samples.

    Attributes:
        stopping: whether to end.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        receiver: BurstReceiver,
        combiner: Combiner,
        source: object,
    ) -> None:
        self.stopping = False
        self._options = options
        self._receiver, self._combiner, self._source = receiver, combiner, source
        self._started = self._last_samples = time.monotonic()
        self._power = 0.0
        self._last: dict[str, Any] | None = None
        # Replaced as a whole, never changed: another thread may be reading it.
        self._contents: dict[int, dict[str, Any]] = {}

    def take(self, samples: Samples) -> None:
        """Samples that have come."""
        if samples.size:
            self._last_samples = time.monotonic()
            power = float(np.vdot(samples, samples).real) / samples.size
            self._power = power if math.isfinite(power) else 0.0

    def heard(self, number: int, reception: Reception, whole: Reception) -> None:
        """A reception, and what it is together with earlier ones of the same content."""
        row = {
            "content_id": f"{whole.received.content_id:08x}",
            "receptions": whole.receptions,
            "frames_received": whole.frames_received,
            "frames_lost": whole.frames_lost,
            "snr_db": whole.snr_db,
        }
        older = [item for item in self._contents.items() if item[0] != number]
        self._contents = {**dict(older[-(_MOST_LISTED - 1) :]), number: row}
        self._last = {
            "content_id": row["content_id"],
            "snr_db": reception.snr_db,
            "cfo_hz": reception.cfo_hz,
            "sro_ppm": reception.sro_ppm,
            "level_dbfs": reception.level_dbfs,
            "frames_received": reception.frames_received,
            "frames_lost": reception.frames_lost,
            "at_s": time.monotonic() - self._started,
        }

    def status(self) -> dict[str, Any]:
        """Plain values."""
        now, source = time.monotonic(), self._source
        return {
            "role": "receive",
            "state": self._state(now),
            "uptime_s": now - self._started,
            "from": self._options.source,
            "waveform": self._options.waveform,
            "input_dbfs": 10 * math.log10(self._power) if self._power else None,
            "counters": {**self._receiver.stats.as_dict(), **self._combiner.stats.as_dict()},
            "last": self._last,
            "contents": list(self._contents.values()),
            **({"radio": source.figures()} if isinstance(source, Tunable) else {}),
        }

    def actions(self) -> dict[str, Callable[[Any], dict[str, Any] | None]]:
        """Commands."""
        return {"stop": self._stop, **tuning_actions(lambda: self._source, self._options.source)}

    def _stop(self, _: None) -> dict[str, Any]:
        self.stopping = True
        return {"state": "ending"}

    def _state(self, now: float) -> str:
        if self.stopping:
            return "ending"
        return "receiving" if now - self._last_samples < 2 and self._power else "waiting"
