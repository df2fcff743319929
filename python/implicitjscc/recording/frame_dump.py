# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver's internal signals as files: numpy arrays, a table of frames, and one picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import ImplicitJsccError
from ..phy.observer import FrameSignals
from .dump_picture import draw

MOST_FRAMES = 64
"""Frames whose signals are written, two megabytes each; the table goes on."""

_MOST_SNRS = 4096
_COLUMNS = (
    *("number", "content_id", "frame", "start_sample", "snr_db", "noise_variance"),
    *("cfo_hz", "sro_ppm", "level_dbfs", "arrived", "folder"),
)


class FrameDump:
    """Observes a receiver and writes what it sees to a folder.

    Args:
        folder: is made; must be empty where it exists.
        sample_rate_hz: of the stream.

    Raises:
        ImplicitJsccError: the folder cannot be made or is not empty.
    """

    def __init__(self, folder: str, sample_rate_hz: float) -> None:
        self._folder = Path(folder)
        self._sample_rate_hz = sample_rate_hz
        self._seen = 0
        self._snr_db: list[float] = []
        try:
            self._folder.mkdir(exist_ok=True)
            if any(self._folder.iterdir()):
                raise ImplicitJsccError(f"{folder}: the folder is not empty")
        except OSError as error:
            raise ImplicitJsccError(f"{folder}: {error.strerror}") from None

    def __enter__(self) -> FrameDump:
        try:
            self._table = open(self._folder / "frames.tsv", "w", encoding="utf-8")
            print(*_COLUMNS, sep="\t", file=self._table)
        except OSError as error:
            raise ImplicitJsccError(f"{self._folder}: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._table.close()
            if self._seen and (kind is None or issubclass(kind, KeyboardInterrupt)):
                draw(self._typical(), self._snr_db, self._folder / "dump.png")
        except OSError as failure:
            if kind is None:
                raise ImplicitJsccError(f"{self._folder}: {failure.strerror}") from None

    def frame(self, signals: FrameSignals) -> None:
        """Write one frame.

        Raises:
            ImplicitJsccError: the folder cannot be written.
        """
        name = f"frame-{self._seen:03d}" if self._seen < MOST_FRAMES else ""
        facts = self._facts(signals, name)
        try:
            print(*(_text(facts[key]) for key in _COLUMNS), sep="\t", file=self._table)
            if name:
                _write(self._folder / name, signals, facts)
        except OSError as error:
            raise ImplicitJsccError(f"{self._folder}: {error.strerror}") from None
        if len(self._snr_db) < _MOST_SNRS:
            self._snr_db.append(signals.demodulated.snr_db)
        self._seen += 1

    def _facts(self, signals: FrameSignals, name: str) -> dict[str, Any]:
        out, sps = signals.demodulated, signals.layout.profile.samples_per_symbol
        return {
            "number": self._seen,
            "content_id": f"{signals.header.content_id:08x}",
            "frame": signals.frame,
            "start_sample": signals.timing.start,
            "snr_db": out.snr_db,
            "noise_variance": float(np.mean(out.noise_variance)),
            "cfo_hz": out.cfo * self._sample_rate_hz / sps,
            "sro_ppm": (out.interval / sps - 1) * 1e6,
            "level_dbfs": out.level_dbfs,
            "arrived": float(np.mean(out.valid)),
            "folder": name,
        }

    def _typical(self) -> Path:
        """The folder of the frame of median SNR."""
        dumped = self._snr_db[:MOST_FRAMES]
        middle = int(np.argsort(dumped)[(len(dumped) - 1) // 2])
        return self._folder / f"frame-{middle:03d}"


def _write(folder: Path, signals: FrameSignals, facts: dict[str, Any]) -> None:
    layout, out = signals.layout, signals.demodulated
    extra = layout.extra_header_slots
    payload = layout.slot_positions()[extra : extra + layout.payload_slots]
    shape = out.symbols.shape
    arrays = {
        "samples": signals.samples,
        "filtered": signals.filtered,
        "gain": signals.gain.at(np.arange(layout.frame_symbols)),
        "known_positions": signals.known_positions,
        "known_symbols": signals.known_symbols,
        "payload_positions": payload,
        "symbols_before": signals.filtered[payload],
        "symbols": out.symbols,
        "noise_variance": np.broadcast_to(np.float32(out.noise_variance), shape),
        "arrived": out.valid,
    }
    if signals.equaliser_response is not None:
        arrays["equaliser_response"] = signals.equaliser_response
    folder.mkdir()
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    about = {
        **facts,
        "origin_sample": signals.origin,
        "samples_per_symbol": layout.profile.samples_per_symbol,
        "frame_symbols": layout.frame_symbols,
        "timing": asdict(signals.timing),
        "waveform": layout.profile.name,
    }
    (folder / "frame.json").write_text(json.dumps(about, indent=4) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) and abs(value) < 1e5 else str(value)
