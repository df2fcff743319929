# SPDX-License-Identifier: GPL-3.0-or-later
"""The Channel Laboratory block is the library's channel, and loses nothing."""

from __future__ import annotations

import inspect
import time
from typing import Any

import numpy as np
import pytest
import yaml
from gnuradio import blocks, gr, implicitjscc
from gnuradio.implicitjscc import pdu

from implicitjscc.channel import Channel, ChannelSettings, impair
from implicitjscc.errors import ImplicitJsccError

from .helpers import error_db, make_content, message_source, message_store

SAMPLE_RATE_HZ = 1e6
USUAL: dict[str, Any] = {
    "snr_db": 12.0,
    "cfo_hz": 20_000.0,
    "sro_ppm": -30.0,
    "linewidth_hz": 1.0,
    "multipath": "tdl_a",
    "doppler_hz": 5.0,
    "loss": 0.1,
    "drop_rate": 50.0,
    "bits": 8,
    "dc_dbc": -20.0,
    "iq_gain_db": 0.5,
    "iq_phase_deg": 2.0,
    "seed": 4,
}


def noise(size: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(2 * size, np.float32).view(np.complex64) * 0.2


def through(run, samples: np.ndarray, **impairments) -> np.ndarray:
    graph = gr.top_block()
    source = blocks.vector_source_c(samples.tolist())
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ, **impairments)
    sink = blocks.vector_sink_c()
    graph.connect(source, laboratory, sink)
    run(graph)
    assert laboratory.stats["failures"] == 0
    return np.array(sink.data(), np.complex64)


@pytest.mark.parametrize("size", [1, 8191, 8192, 100_003])
def test_every_sample_of_a_finite_stream_arrives(run, size):
    samples = noise(size)
    for _ in range(3):
        assert np.array_equal(through(run, samples), samples)


def test_what_is_under_way_is_not_overwritten_by_the_block_before(run, monkeypatch):
    process = Channel.process

    def process_slowly(channel, samples):
        time.sleep(2e-3)
        return process(channel, samples)

    monkeypatch.setattr(Channel, "process", process_slowly)
    samples = noise(400_000)
    assert np.array_equal(through(run, samples), samples)


def test_nothing_comes_of_nothing(run):
    graph = gr.top_block()
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ)
    source, sink = blocks.null_source(gr.sizeof_gr_complex), blocks.vector_sink_c()
    head = blocks.head(gr.sizeof_gr_complex, 0)
    graph.connect(source, head, laboratory, sink)
    run(graph)
    assert len(sink.data()) == 0


def test_the_block_is_the_librarys_channel(run):
    samples = noise(150_000)
    settings = ChannelSettings(sample_rate_hz=SAMPLE_RATE_HZ, **USUAL)
    assert np.array_equal(through(run, samples, **USUAL), impair(samples, settings))


def test_a_slow_source_is_waited_for(run):
    samples = noise(50_000)
    graph = gr.top_block()
    source = blocks.vector_source_c(samples.tolist())
    throttle = blocks.throttle(gr.sizeof_gr_complex, 50_000)
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ)
    sink = blocks.vector_sink_c()
    graph.connect(source, throttle, laboratory, sink)
    began = time.process_time()
    run(graph)
    assert np.array_equal(np.array(sink.data(), np.complex64), samples)
    assert time.process_time() - began < 0.5  # it sleeps while nothing comes


def test_a_content_goes_through_all_of_it(run):
    content = make_content(30_000)
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content)])
    transmitter = implicitjscc.transmitter(silence_after=0)
    usual = {key: USUAL[key] for key in ("snr_db", "cfo_hz", "sro_ppm", "linewidth_hz", "bits")}
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ, **usual)
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ), message_store()
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, laboratory, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    assert error_db(content, store.messages[0]) == pytest.approx(12, abs=0.5)
    _, measured = pdu.to_received(store.messages[0])
    assert measured["cfo_hz"] == pytest.approx(20_000, abs=30)


def test_setters_work_and_survive_nonsense():
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ, loss=0.1)
    laboratory.set_snr_db(3.0)
    laboratory.set_cfo_hz(1000.0)
    laboratory.set_sro_ppm(7.0)
    laboratory.set_linewidth_hz(2.0)
    laboratory.set_multipath("two_echoes")
    laboratory.set_loss(0.25)
    laboratory.set_drop_rate(3.0)
    expected = ChannelSettings(
        sample_rate_hz=SAMPLE_RATE_HZ,
        snr_db=3.0,
        cfo_hz=1000.0,
        sro_ppm=7.0,
        linewidth_hz=2.0,
        multipath="two_echoes",
        loss=0.25,
        drop_rate=3.0,
    )
    assert laboratory.core.channel.settings == expected
    laboratory.set_loss(2.0)
    laboratory.set_multipath("nowhere")
    laboratory.set_snr_db(float("nan"))
    assert laboratory.core.channel.settings == expected


def test_a_graph_can_be_stopped_and_run_again():
    graph = gr.top_block()
    source = blocks.null_source(gr.sizeof_gr_complex)
    laboratory = implicitjscc.channel_laboratory(SAMPLE_RATE_HZ, snr_db=0.0)
    sink = blocks.null_sink(gr.sizeof_gr_complex)
    graph.connect(source, laboratory, sink)
    for _ in range(2):
        graph.start()
        time.sleep(0.1)
        graph.stop()
        graph.wait()
        assert laboratory.core.nitems_written(0) > 0


@pytest.mark.parametrize(
    "wrong", [{"sample_rate": 0}, {"loss": 2}, {"multipath": "x"}, {"bits": 40}, {"cfo_hz": 1e9}]
)
def test_a_laboratory_refuses(wrong):
    with pytest.raises(ImplicitJsccError):
        implicitjscc.channel_laboratory(**wrong)


def test_the_companions_block_passes_what_the_library_takes(root):
    path = root / "gr-implicitjscc" / "grc" / "implicitjscc_channel_laboratory.block.yml"
    block = yaml.safe_load(path.read_text())
    settings = inspect.signature(ChannelSettings).parameters
    for parameter in block["parameters"]:
        assert parameter["id"] == "sample_rate" or parameter["id"] in settings
        assert f"{parameter['id']}=${{{parameter['id']}}}" in block["templates"]["make"]
    for callback in block["templates"]["callbacks"]:
        assert hasattr(implicitjscc.channel_laboratory, callback.partition("(")[0])
