# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF Sink and SigMF Source."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gnuradio import blocks, gr, implicitjscc

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.reader import SigmfReader

SAMPLES = 300_001  # more than one piece of the reader


def noise(scale=0.2):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(SAMPLES, 2)).astype(np.float32)
    return np.ascontiguousarray(scale * values).view(np.complex64).ravel()


def record(run, samples, base, **options):
    graph = gr.top_block()
    sink = implicitjscc.sigmf_sink(str(base), **options)
    graph.connect(blocks.vector_source_c(samples.tolist()), sink)
    run(graph)
    return sink


def play(run, base, count=None, **options):
    graph = gr.top_block()
    source, sink = implicitjscc.sigmf_source(str(base), **options), blocks.vector_sink_c()
    if count is None:
        graph.connect(source, sink)
    else:
        graph.connect(source, blocks.head(gr.sizeof_gr_complex, count), sink)
    run(graph)
    return np.array(sink.data(), np.complex64)


@pytest.mark.parametrize(("datatype", "step"), [("cf32_le", 0), ("ci16_le", 2**-15)])
def test_what_was_recorded_is_played(run, tmp_path, datatype, step):
    samples = noise(0.1)
    sink = record(run, samples, tmp_path / "air", sample_rate=5e5, datatype=datatype)
    assert (sink.samples, sink.clipped, sink.failed) == (SAMPLES, 0, False)
    played = play(run, tmp_path / "air.sigmf-meta", sample_rate=5e5, verify=True)
    assert played.size == SAMPLES
    error = np.abs((played - samples).view(np.float32)).max()
    assert error <= 0.51 * step


def test_the_metadata_says_what_the_block_was_told(run, tmp_path):
    options = {"sample_rate": 2e6, "frequency": 915e6, "author": "A", "description": "a test"}
    record(run, noise(), tmp_path / "air", **options)
    written = json.loads((tmp_path / "air.sigmf-meta").read_text())
    assert written["global"]["core:sample_rate"] == 2e6
    assert written["global"]["core:author"] == "A"
    assert written["global"]["core:description"] == "a test"
    assert written["captures"][0]["core:frequency"] == 915e6
    assert SigmfReader(str(tmp_path / "air"), verify=True).samples == SAMPLES


def test_what_is_beyond_full_scale_is_counted(run, tmp_path):
    samples = np.full(1000, 0.5, np.complex64)
    samples[:7] = 2
    assert record(run, samples, tmp_path / "air", datatype="ci8").clipped == 7


def test_a_second_run_replaces_the_first(run, tmp_path):
    graph = gr.top_block()
    sink = implicitjscc.sigmf_sink(str(tmp_path / "air"))
    graph.connect(blocks.null_source(8), blocks.head(8, 500), sink)
    run(graph)
    run(graph)  # the Head has nothing left to give
    assert sink.samples < 500
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".sigmf-data", ".sigmf-meta"]


def test_it_repeats_and_starts_again(run, tmp_path):
    samples = noise()
    record(run, samples, tmp_path / "air")
    played = play(run, tmp_path / "air", count=2 * SAMPLES + 10, repeat=True)
    assert np.array_equal(played, np.concatenate((samples, samples, samples[:10])))


def test_a_disk_that_fails_ends_the_stream_and_keeps_what_there_is(run, tmp_path, monkeypatch):
    graph = gr.top_block()
    sink = implicitjscc.sigmf_sink(str(tmp_path / "air"))
    write, calls = type(sink._writer).write, []

    def full(self, samples):
        calls.append(samples.size)
        if len(calls) == 3:
            raise ImplicitJsccError("no space left")
        write(self, samples)

    monkeypatch.setattr(type(sink._writer), "write", full)
    graph.connect(blocks.null_source(8), sink)  # endless, but for the failure
    run(graph)
    assert sink.failed
    kept = SigmfReader(str(tmp_path / "air"), verify=True)
    assert kept.samples == sum(calls[:2])


def test_another_sample_rate_is_refused(run, tmp_path):
    record(run, noise(), tmp_path / "air", sample_rate=5e5)
    with pytest.raises(ImplicitJsccError, match="recorded at 500000"):
        implicitjscc.sigmf_source(str(tmp_path / "air"), sample_rate=1e6)
    assert implicitjscc.sigmf_source(str(tmp_path / "air")).sample_rate_hz == 5e5


def test_a_damaged_recording_is_refused_where_that_is_asked_for(run, tmp_path):
    record(run, noise(), tmp_path / "air")
    path = tmp_path / "air.sigmf-data"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    implicitjscc.sigmf_source(str(tmp_path / "air"))
    with pytest.raises(ImplicitJsccError, match="damaged"):
        implicitjscc.sigmf_source(str(tmp_path / "air"), verify=True)


def test_what_cannot_be_opened_is_one_line(tmp_path):
    for arguments in ({"base": ""}, {"base": str(tmp_path / "no" / "air")}, {"datatype": "cf64"}):
        with pytest.raises(SystemExit, match=r"^implicitjscc: "):
            implicitjscc.open_sigmf_sink(**{"base": str(tmp_path / "air"), **arguments})
    with pytest.raises(SystemExit, match="No such file"):
        implicitjscc.open_sigmf_source(base=str(tmp_path / "none"))
