# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios as ends: a small flowgraph with the same Radio Sink or Radio Source as any other."""

from __future__ import annotations

import argparse
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import ImplicitJsccError
from .driver_console import DriverConsole
from .ends import Samples
from .radio_options import radio_arguments

_log = logging.getLogger(__name__)

DEFAULT_STALL_S = 10.0
_POLL_S = 0.2
_STOP_S = 5.0


class _Stalled:
    """Tells when a count has stood still for too long."""

    def __init__(self, count: Callable[[], int], limit_s: float) -> None:
        self._count = count
        self._limit_s = limit_s
        self._last = count()
        self._since = time.monotonic()

    def __bool__(self) -> bool:
        now = self._count()
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._limit_s


class _RadioEnd:
    """A flowgraph that is started, watched, tuned and stopped.

    Raises:
        ImplicitJsccError: GNU Radio, the driver or the device is absent, or an option is refused.
    """

    def __init__(self, options: argparse.Namespace, end: str) -> None:
        # GNU Radio logs to standard output, which belongs to the result.
        os.environ.setdefault("GR_CONF_LOG_LOG_FILE", "stderr")
        try:
            from gnuradio import gr, implicitjscc
        except ImportError as error:
            raise ImplicitJsccError(
                f"{end} needs GNU Radio and this project's blocks ({error}): `implicitjscc doctor`"
            ) from None
        self._device = end
        self._stall_s = DEFAULT_STALL_S if options.timeout is None else options.timeout
        self._blocks = implicitjscc
        self._arguments = radio_arguments(options, end)
        self._graph = gr.top_block("radio")
        self._waiter = threading.Thread(target=self._graph.wait, daemon=True)
        self._radio: Any = None

    def set_gain(self, gain: str) -> None:
        """Set the gain while running.

        Raises:
            ImplicitJsccError: the radio refuses.
        """
        self._change(self._radio.control.set_gain, gain)

    def set_frequency(self, frequency_hz: float) -> None:
        """Tune while running.

        Raises:
            ImplicitJsccError: the radio refuses.
        """
        self._change(self._radio.control.tune, frequency_hz)

    def figures(self) -> dict[str, Any]:
        """The radio as it is now."""
        return dict(self._radio.report())

    def _change(self, change: Callable[[Any], None], value: Any) -> None:
        try:
            change(value)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ImplicitJsccError(f"{self._device}: {error}") from None

    def _start(self) -> None:
        _log.info("%s", _device_line(self._radio.report()))
        self._graph.start()
        self._waiter.start()

    def _stop(self) -> None:
        self._graph.stop()
        self._waiter.join(_STOP_S)
        if self._waiter.is_alive():
            _log.warning("%s: the driver does not let go", self._device)


class RadioSink(_RadioEnd):
    """Sends bursts by a radio, zeros between them, and a tail of zeros after the last one.

    Ctrl-C lets the burst that is on the air end, then the tail; a second one ends at once.
    """

    def __init__(self, options: argparse.Namespace, end: str) -> None:
        super().__init__(options, end)
        self._radio = self._blocks.radio_sink(**self._arguments)
        self._feed = self._blocks.sample_queue_source()
        self._graph.connect(self._feed, self._radio)
        self._interrupted = False
        self._console = DriverConsole()

    def __enter__(self) -> RadioSink:
        self._console.start()
        try:
            self._start()
        except BaseException:
            self._console.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        try:
            if kind is not None:
                self._feed.drop_waiting()
            if kind is KeyboardInterrupt:
                self._interrupted = True
                _log.warning("interrupted: this burst is sent to its end (Ctrl-C again: at once)")
            if kind is None or self._interrupted:
                self._finish()
        finally:
            self._stop()
            self._console.stop()
        return self._interrupted

    def write(self, samples: Samples) -> None:
        """Send a burst; returns when there is room for the next one.

        Raises:
            ImplicitJsccError: the radio takes no more samples.
        """
        stalled = _Stalled(lambda: self._feed.produced, self._stall_s)
        while not self._feed.put(samples, _POLL_S):
            self._check(stalled)

    def report(self) -> dict[str, Any]:
        """What was sent, and how the radio did."""
        figures = self._radio.report()
        figures["underruns"] += self._console.counts["sU"]
        for name in ("underruns", "sequence_errors", "late", "clipped_samples"):
            if figures[name]:
                _log.warning("%s: %d %s", self._device, figures[name], name.replace("_", " "))
        return {
            "bursts": self._feed.bursts,
            "samples": self._feed.samples,
            "interrupted": self._interrupted,
            "radio": figures,
        }

    def _finish(self) -> None:
        """Let everything out: what is queued, and the tail."""
        self._feed.close(self._radio.tail_samples)
        stalled = _Stalled(lambda: self._feed.produced, self._stall_s)
        while self._waiter.is_alive():
            self._waiter.join(_POLL_S)
            self._check(stalled)

    def _check(self, stalled: _Stalled) -> None:
        if stalled:
            raise ImplicitJsccError(
                f"{self._device}: took no samples for {self._stall_s:g} s; is it still there?"
            )


class RadioSource(_RadioEnd):
    """Receives by a radio.

    Attributes:
        after_gap: whether it lost samples, and could not fill their place, before those that
            :meth:`chunks` gave last.
    """

    def __init__(self, options: argparse.Namespace, end: str) -> None:
        super().__init__(options, end)
        self._radio = self._blocks.radio_source(**self._arguments)
        self._drain = self._blocks.sample_queue_sink()
        self._graph.connect(self._radio, self._drain)
        self.after_gap = False
        rate_hz = options.sample_rate
        self._most = None if options.duration is None else int(options.duration * rate_hz)

    def __enter__(self) -> RadioSource:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def chunks(self) -> Iterator[Samples]:
        """Samples as they come, until the duration is over or none come any more."""
        taken = 0
        stalled = _Stalled(lambda: taken, self._stall_s)
        while not self._drain.ended and not stalled:
            samples = self._drain.take(_POLL_S)
            self.after_gap = samples is not None and self._drain.after_gap
            if samples is None:
                yield np.zeros(0, np.complex64)
                continue
            if self._most is not None and taken + samples.size >= self._most:
                yield samples[: self._most - taken]
                return
            taken += samples.size
            yield samples
        _log.warning("%s: no samples for %g s", self._device, self._stall_s)

    def report(self) -> dict[str, Any]:
        """How the radio did."""
        figures = self._radio.report()
        if figures["discontinuities"]:
            _log.warning(
                "%s: lost samples %d times, %d of them counted",
                self._device,
                figures["discontinuities"],
                figures["samples_lost"],
            )
        if figures["clipped_samples"]:
            _log.warning("%s: %d samples clipped", self._device, figures["clipped_samples"])
        return {"radio": figures}


def _device_line(report: dict[str, Any]) -> str:
    """The radio as it is set up, on one line."""
    gain = report.get("gain_db", {})
    if isinstance(gain, dict):
        told = ", ".join(f"{name} {value:g} dB" for name, value in gain.items()) or "no gain"
    else:
        told = f"gain {gain:g} dB"
    return (
        f"{report['device']}: {report['frequency_hz'] / 1e6:.6f} MHz (oscillator at "
        f"{report['oscillator_hz'] / 1e6:.6f}), {report['radio_rate_hz']:g} samples/s, {told}"
    )
