# SPDX-License-Identifier: GPL-3.0-or-later
"""A running transmitter: a carousel's way to a sink, its status and its commands."""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import ImplicitJsccError
from ..live.carousel import Carousel
from .bursts import BurstMaker, LoadedBurst
from .ends import Sink, Tunable
from .sigmf_ends import SigmfSink, sent_note
from .tuning import tuning_actions

_log = logging.getLogger(__name__)

_MOST_ZEROS = 1 << 20
_IDLE_S = 0.1
_MOST_LISTED = 32


class OnAir:
    """Sends what is on a carousel; others may look on and command from other threads.

    Args:
        role: for the status.
        options: as parsed.
        maker: of bursts.
        carousel: what is sent.
        more: further keys for the status.

    Attributes:
        carousel: as given.
        samples: written so far.
        bursts: written so far.
        stopping: whether to end after the burst on the air.
    """

    def __init__(
        self,
        role: str,
        options: argparse.Namespace,
        maker: BurstMaker,
        carousel: Carousel[LoadedBurst],
        more: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.carousel = carousel
        self.samples = self.bursts = 0
        self.stopping = False
        self._role, self._options, self._maker, self._more = role, options, maker, more
        self._state = "waiting"
        self._current: LoadedBurst | None = None
        self._sink: Sink | None = None
        self._changing = threading.Lock()  # level and contents go together
        self._started = time.monotonic()
        # Files take samples at any pace; a carousel without an end needs the signal's own.
        self._paced = False
        self._pace_from = 0.0

    @contextmanager
    def stopped_by_signals(self, wanted: bool) -> Iterator[None]:
        """SIGINT and SIGTERM let the burst on the air end; a second one ends at once."""
        if not wanted:
            yield
            return

        def stop(number: int, frame: object) -> None:
            if self.stopping:
                raise KeyboardInterrupt
            # Only a flag: whatever takes a lock here could wait for this very thread.
            self.stopping = True

        before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def send(self, sink: Sink, turns: int | None, *, paced: bool = False) -> None:
        """Send turn after turn.

        Args:
            sink: takes the samples.
            turns: to end after; None to go on, with zeros while there is nothing to send.
            paced: no faster than the sample rate, where the sink itself does not see to that.
        """
        self._sink, self._paced = sink, paced
        self._pace_from = time.monotonic()
        first = True
        while not self.stopping and (turns is None or self.carousel.turns < turns):
            if not first:
                self._pause()
            loaded = self.carousel.take()
            self._current = loaded
            if loaded is None:
                self._idle()
                continue
            first = False
            self._state = "on air"
            if isinstance(sink, SigmfSink):
                sink.annotate(sent_note(loaded, self._options.sample_rate, self._maker.profile))
            self._write(loaded.padded(self._maker.profile.samples_per_symbol))
            self.bursts += 1
        self._state, self._current = "ending", None
        if self.stopping:
            _log.info("stopped")
            if isinstance(sink, Tunable):
                # A radio's own way to end early: the burst on the air is whole, then the tail.
                raise KeyboardInterrupt

    def status(self) -> dict[str, Any]:
        """Plain values."""
        burst, sink = self._current, self._sink
        contents = self.carousel.items()
        return {
            "role": self._role,
            "state": "ending" if self.stopping else self._state,
            "uptime_s": time.monotonic() - self._started,
            "to": self._options.to,
            "waveform": self._maker.profile.name,
            "sample_rate_hz": self._options.sample_rate,
            "level_dbfs": 20 * math.log10(self._maker.payload_rms),
            "turns": self.carousel.turns,
            "bursts": self.bursts,
            "samples": self.samples,
            "on_air": None if burst is None else self._row(burst),
            "contents": [self._row(one) for one in contents[:_MOST_LISTED]],
            **self._more(),
            **({"radio": sink.figures()} if isinstance(sink, Tunable) else {}),
        }

    def add(self, number: int, loaded: LoadedBurst) -> list[LoadedBurst]:
        """Put a burst on the carousel, in place of one of the same path or of the same container.

        Returns:
            what has given way, as :meth:`Carousel.add` says.
        """

        def superseded(other: LoadedBurst) -> bool:
            return other.path == loaded.path or other.sha256 == loaded.sha256

        with self._changing:
            return self.carousel.add(number, self._maker.at_level(loaded), superseded)

    def actions(self) -> dict[str, Callable[[Any], dict[str, Any] | None]]:
        """Commands."""
        tuning = tuning_actions(lambda: self._sink, self._options.to)
        return {"content": self._content, "level": self._level, "stop": self._stop, **tuning}

    def _content(self, path: str) -> dict[str, Any]:
        loaded = self._maker.load(path)
        with self._changing:
            loaded = self._maker.at_level(loaded)
            self.carousel.replace(loaded)
        return self._row(loaded)

    def _level(self, level_dbfs: float) -> dict[str, Any]:
        if not -100 <= level_dbfs <= 0:
            raise ImplicitJsccError(f"{level_dbfs:g} dBFS is not from -100 to 0, full scale")
        with self._changing:
            self._maker.payload_rms = 10 ** (level_dbfs / 20)
            self.carousel.change(self._maker.at_level)
        peaks = [level_dbfs + one.burst.papr_db for one in self.carousel.items()]
        return {"level_dbfs": level_dbfs, "peak_dbfs": max(peaks, default=None)}

    def _stop(self, _: None) -> dict[str, Any]:
        self.stopping = True
        return {"state": "ending"}

    def _row(self, loaded: LoadedBurst) -> dict[str, Any]:
        rate_hz = self._options.sample_rate
        return {
            "content_id": f"{loaded.content.content_id:08x}",
            "name": os.path.basename(loaded.path)[:100],
            "frames": loaded.burst.frames,
            "seconds": loaded.burst.samples.size / rate_hz,
            "peak_dbfs": 20 * math.log10(loaded.burst.payload_rms) + loaded.burst.papr_db,
        }

    def _pause(self) -> None:
        left = round(self._options.pause * self._options.sample_rate)
        while left > 0 and not self.stopping:
            left -= self._zeros(left)

    def _idle(self) -> None:
        self._state = "idle"
        if isinstance(self._sink, Tunable):
            time.sleep(_IDLE_S)  # a radio's end fills the air with zeros itself
            return
        self._zeros(_MOST_ZEROS)

    def _zeros(self, most: int) -> int:
        """So few at a time that a stop is soon noticed."""
        count = max(min(round(_IDLE_S * self._options.sample_rate), most), 1)
        self._write(np.zeros(count, np.complex64))
        return count

    def _write(self, samples: Any) -> None:
        assert self._sink is not None
        self._sink.write(samples)
        self.samples += samples.size
        if self._paced:
            due = self._pace_from + self.samples / self._options.sample_rate
            time.sleep(max(due - time.monotonic(), 0.0))
