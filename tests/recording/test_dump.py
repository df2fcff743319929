# SPDX-License-Identifier: GPL-3.0-or-later
"""Observers of the receiver: bursts that are noted, and signals that are written."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.observer import FrameSignals, Observers
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.recording import frame_dump
from implicitjscc.recording.burst_log import BurstLog
from implicitjscc.recording.frame_dump import FrameDump

from .conftest import burst_of, content


class Keep:
    """Keeps all it is shown."""

    def __init__(self) -> None:
        self.seen: list[FrameSignals] = []

    def frame(self, signals: FrameSignals) -> None:
        self.seen.append(signals)


def observe(samples: np.ndarray, *observers) -> list:
    receiver = BurstReceiver(observer=Observers(observers))
    return receiver.push(samples) + receiver.flush()


def test_observers_change_nothing(stream: np.ndarray) -> None:
    plain = BurstReceiver()
    expected = plain.push(stream) + plain.flush()
    keep = Keep()
    found = observe(stream, keep)
    assert [signals.frame for signals in keep.seen] == [0, 1, 0]
    for one, other in zip(expected, found, strict=True):
        # Matrix products may add up in another order.
        assert np.allclose(one.received.symbols, other.received.symbols, atol=1e-5)
        assert one.snr_db == pytest.approx(other.snr_db, abs=1e-4)


def test_signals_fit_each_other(stream: np.ndarray) -> None:
    keep = Keep()
    observe(stream, keep)
    for signals in keep.seen:
        places = signals.known_positions
        corrected = signals.filtered[places] / signals.gain.at(places)
        error = corrected - signals.known_symbols
        assert 10 * np.log10(np.mean(np.abs(error) ** 2)) == pytest.approx(-20, abs=1)
        assert signals.filtered.shape == (signals.layout.frame_symbols,)
        first = round(signals.timing.start) - signals.origin
        assert 0 < first < signals.samples.size


def test_where_bursts_lie(stream: np.ndarray) -> None:
    log = BurstLog(2e6)
    observe(np.concatenate((stream, stream)), log)
    notes = log.notes()
    assert [note.content_id for note in notes] == [7, 8, 7, 8]
    assert [note.frames for note in notes] == [2, 1, 2, 1]
    first = burst_of(content(34_000, 7)).samples.size
    rise = 32  # half a pulse before the first symbol
    starts = [3_000 + rise, 15_000 + first + rise]
    starts += [start + stream.size for start in starts]
    assert [note.sample_start for note in notes] == pytest.approx(starts, abs=1)
    assert notes[0].sample_count == pytest.approx(first - 2 * rise, abs=3)
    assert notes[0].es_n0_db == pytest.approx(20, abs=0.5)
    assert notes[0].bandwidth_hz == 1.25e6


def test_a_dump(stream: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    with FrameDump(str(folder), 2e6) as dump:
        observe(stream, dump)
    with open(folder / "frames.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [(row["content_id"], row["frame"]) for row in rows] == [
        ("00000007", "0"),
        ("00000007", "1"),
        ("00000008", "0"),
    ]
    assert float(rows[0]["snr_db"]) == pytest.approx(20, abs=0.5)
    for row in rows:
        arrays = {path.stem: np.load(path) for path in (folder / row["folder"]).glob("*.npy")}
        after = arrays["symbols_before"] / arrays["gain"][arrays["payload_positions"]]
        # But for the transmitter's image, of which there is none.
        assert np.mean(np.abs(after - arrays["symbols"]) ** 2) < 1e-3
        assert arrays["noise_variance"].shape == arrays["symbols"].shape
        facts = json.loads((folder / row["folder"] / "frame.json").read_text())
        assert facts["frame_symbols"] == arrays["filtered"].size == arrays["gain"].size
    with Image.open(folder / "dump.png") as picture:
        assert picture.size == (1800, 900)
        # Every panel has ink: neither empty nor one colour.
        pixels = np.asarray(picture.convert("L"))
    for half in np.array_split(pixels[40:], 2, axis=0):
        for panel in np.array_split(half, 4, axis=1):
            assert 0.005 < np.mean(panel < 200) < 0.6


def test_an_equaliser_is_drawn(stream: np.ndarray, tmp_path: Path) -> None:
    keep = Keep()
    observe(stream, keep)
    response = np.exp(-(np.linspace(-2, 2, 512) ** 2)).astype(np.complex64)
    with FrameDump(str(tmp_path / "dump"), 2e6) as dump:
        dump.frame(replace(keep.seen[0], equaliser_response=response))
    stored = np.load(tmp_path / "dump" / "frame-000" / "equaliser_response.npy")
    assert np.array_equal(stored, response)
    assert (tmp_path / "dump" / "dump.png").exists()


def test_few_frames_are_dumped_and_all_are_listed(
    stream: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_dump, "MOST_FRAMES", 2)
    with FrameDump(str(tmp_path / "dump"), 2e6) as dump:
        observe(stream, dump)
    assert len(list((tmp_path / "dump").glob("frame-*"))) == 2
    assert len((tmp_path / "dump" / "frames.tsv").read_text().splitlines()) == 4


def test_folders_that_will_not_do(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ImplicitJsccError, match="not empty"):
        FrameDump(str(tmp_path / "full"), 2e6)
    with pytest.raises(ImplicitJsccError, match="No such file"):
        FrameDump(str(tmp_path / "a" / "b"), 2e6)
    with FrameDump(str(tmp_path / "nothing"), 2e6) as dump:
        assert dump is not None
    assert [path.name for path in (tmp_path / "nothing").iterdir()] == ["frames.tsv"]
