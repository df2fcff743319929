# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF recordings, written and read, and what is refused of others'."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.datatypes import DATATYPES, datatype_of
from implicitjscc.recording.metadata import BurstNote, Description
from implicitjscc.recording.reader import SigmfReader
from implicitjscc.recording.writer import MOST_NOTES, SigmfWriter

from .conftest import Make

NOTE = BurstNote(
    sample_start=10,
    sample_count=20,
    content_id=0xAB,
    frames=1,
    waveform="standard",
    waveform_digest=0x12,
    bandwidth_hz=1e6,
    payload_rms=0.25,
    content_sha256="a" * 64,
    es_n0_db=float("nan"),
    comment="as sent",
)


def describe(datatype: str = "cf32_le", frequency_hz: float | None = None) -> Description:
    return Description(datatype_of(datatype), 2e6, frequency_hz, "a test")


def noise(size: int, rms: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rms * rng.standard_normal((size, 2)) @ [1, 1j]).astype(np.complex64)


@pytest.mark.parametrize("name", DATATYPES)
def test_samples_come_back(tmp_path: Path, name: str) -> None:
    samples = np.clip(noise(600_000).view(np.float32), -0.99, 0.99).view(np.complex64)
    with SigmfWriter(str(tmp_path / "x"), describe(name)) as writer:
        for piece in np.array_split(samples, 7):
            writer.write(piece)
    reader = SigmfReader(str(tmp_path / "x"), verify=True)
    pieces = list(reader.chunks())
    assert max(piece.size for piece in pieces) <= 1 << 18
    back = np.concatenate(pieces)
    assert reader.samples == back.size == samples.size
    step = {"cf32_le": 0.0, "ci16_le": 2**-15, "ci8": 2**-7}[name]
    assert np.abs((back - samples).view(np.float32)).max() <= step / 2 + 1e-9
    assert reader.recorded.sample_rate_hz == 2e6
    sizes = {"cf32_le": 8, "ci16_le": 4, "ci8": 2}
    assert (tmp_path / "x.sigmf-data").stat().st_size == sizes[name] * samples.size


def test_what_does_not_fit_is_clipped_and_counted(tmp_path: Path, caplog) -> None:
    samples = np.array([1.5 + 0j, -2j, np.nan, complex(np.inf, 0), 0.5, -1], np.complex64)
    with SigmfWriter(str(tmp_path / "x"), describe("ci8")) as writer:
        writer.write(samples)
    assert "2 recorded samples are clipped" in caplog.text
    (back,) = SigmfReader(str(tmp_path / "x")).chunks()
    assert np.array_equal(back, np.array([127 / 128, -1j, 0, 0, 0.5, -1], np.complex64))


def test_the_schema_of_sigmf(tmp_path: Path) -> None:
    """Its own Python package reads what we write, and finds nothing wrong."""
    sigmf = pytest.importorskip("sigmf")
    samples = noise(1000)
    with SigmfWriter(str(tmp_path / "x"), describe("ci16_le", 2.4e9)) as writer:
        writer.write(samples)
        writer.annotate(NOTE)
    theirs = sigmf.sigmffile.fromfile(str(tmp_path / "x.sigmf-meta"))
    theirs.validate()
    assert np.allclose(theirs.read_samples(), samples, atol=2**-14)
    assert theirs.get_capture_info(0)["core:frequency"] == 2.4e9
    (note,) = theirs.get_annotations()
    assert note["implicitjscc:content_id"] == "000000ab"
    assert note["core:freq_upper_edge"] == 2.4e9 + 5e5
    assert "implicitjscc:es_n0_db" not in note


def test_we_read_what_sigmf_writes(tmp_path: Path) -> None:
    sigmf = pytest.importorskip("sigmf")
    samples = noise(1000)
    samples.tofile(tmp_path / "y.sigmf-data")
    info = {"core:datatype": "cf32_le", "core:sample_rate": 48_000}
    theirs = sigmf.SigMFFile(data_file=str(tmp_path / "y.sigmf-data"), global_info=info)
    theirs.add_capture(0)
    theirs.tofile(str(tmp_path / "y.sigmf-meta"))
    reader = SigmfReader(str(tmp_path / "y.sigmf-data"), verify=True)
    assert reader.recorded.sample_rate_hz == 48_000
    assert np.array_equal(next(reader.chunks()), samples)


def break_off(base: str, *, keep_partial: bool) -> None:
    with SigmfWriter(base, describe(), keep_partial=keep_partial) as writer:
        writer.write(noise(10))
        raise RuntimeError


def test_the_files_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        break_off(str(tmp_path / "x"), keep_partial=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError):
        break_off(str(tmp_path / "x"), keep_partial=True)
    assert SigmfReader(str(tmp_path / "x"), verify=True).samples == 10
    assert len(list(tmp_path.iterdir())) == 2


def test_notes_are_bounded_and_sorted(tmp_path: Path, caplog) -> None:
    with SigmfWriter(str(tmp_path / "x"), describe()) as writer:
        writer.write(noise(10))
        for start in range(MOST_NOTES + 3, 0, -1):
            writer.annotate(BurstNote(start, 1, 2, 1, "standard", 3, 1e6))
    assert "3 further bursts" in caplog.text
    metadata = json.loads((tmp_path / "x.sigmf-meta").read_text())
    starts = [note["core:sample_start"] for note in metadata["annotations"]]
    assert starts == sorted(starts)
    assert len(starts) == MOST_NOTES
    assert SigmfReader(str(tmp_path / "x")).samples == 10


def test_hashes_of_contents_are_read_back(tmp_path: Path) -> None:
    with SigmfWriter(str(tmp_path / "x"), describe()) as writer:
        writer.write(noise(40))
        writer.annotate(NOTE)
    assert SigmfReader(str(tmp_path / "x")).recorded.content_sha256 == {0xAB: "a" * 64}


def test_a_damaged_recording(recording: Make) -> None:
    good = recording({"core:sha512": hashlib.sha512(b"\1\2\3\4").hexdigest()})
    assert SigmfReader(good, verify=True).samples == 2
    bad = recording({"core:sha512": hashlib.sha512(b"\1\2\3\5").hexdigest()})
    assert SigmfReader(bad).samples == 2
    with pytest.raises(ImplicitJsccError, match="does not match"):
        SigmfReader(bad, verify=True)
    with pytest.raises(ImplicitJsccError, match="no hash"):
        SigmfReader(recording({}), verify=True)


@pytest.mark.parametrize(
    ("fields", "more", "said"),
    [
        ({"core:datatype": "cf32_be"}, {}, "big-endian"),
        ({"core:datatype": "cu8"}, {}, "only cf32_le, ci16_le, ci8"),
        ({"core:datatype": 5}, {}, "not the metadata"),
        ({"core:num_channels": 2}, {}, "several channels"),
        ({"core:metadata_only": True}, {}, "without samples"),
        ({"core:dataset": "/etc/passwd"}, {}, "non-conforming"),
        ({"core:trailing_bytes": 3}, {}, "non-conforming"),
        ({}, {"captures": [{"core:header_bytes": 8}]}, "non-conforming"),
        ({"core:version": "2.0.0"}, {}, "newer"),
        ({"core:extensions": [{"name": "n", "version": "1", "optional": False}]}, {}, "unknown"),
        ({"core:sample_rate": "fast"}, {}, "no number"),
        ({"core:sample_rate": 0}, {}, "out of bounds"),
        ({"core:sample_rate": 10**400}, {}, "out of bounds"),
        ({"core:sample_rate": float("nan")}, {}, "not JSON"),
        ({"core:sha512": "abc"}, {}, "no hash"),
        ({}, {"global": []}, "not the metadata"),
    ],
)
def test_what_is_refused(recording: Make, fields, more, said: str) -> None:
    with pytest.raises(ImplicitJsccError, match=said) as caught:
        SigmfReader(recording(fields, **more))
    assert "\n" not in str(caught.value)


def test_sizes_that_do_not_fit(recording: Make) -> None:
    with pytest.raises(ImplicitJsccError, match="no whole number of ci8"):
        SigmfReader(recording({}, b"\1\2\3"))
    with pytest.raises(ImplicitJsccError, match="empty"):
        SigmfReader(recording({}, b""))


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ImplicitJsccError, match="No such file"):
        SigmfReader(str(tmp_path / "x"))
    with pytest.raises(ImplicitJsccError, match="unpack the archive"):
        SigmfReader(str(tmp_path / "x.sigmf"))
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        SigmfWriter(str(tmp_path / "n" / "x"), describe())
