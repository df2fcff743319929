# SPDX-License-Identifier: GPL-3.0-or-later
"""Transmitter and Receiver, in flowgraphs and alone."""

from __future__ import annotations

import numpy as np
import pmt
import pytest
from gnuradio import blocks, channels, gr, implicitjscc
from gnuradio.implicitjscc import pdu

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.receiver import BurstReceiver

from .helpers import error_db, make_content, message_source, message_store

SAMPLE_RATE_HZ = 1e6


def link(sent, transmitter, *between):
    """A flowgraph that sends contents; gives it, the receiver and what will be received."""
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content) for content in sent])
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ), message_store()
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, *between, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    graph.kept = (
        sender,
        transmitter,
        receiver,
        store,
        between,
    )  # blocks in Python need a reference
    return graph, receiver, store


def test_two_contents_through_noise_and_offsets(run):
    sent = [make_content(6000, 5, 1), make_content(4000, 6, 2)]
    snr_db, payload_rms = 10, 0.2
    noise_voltage = payload_rms * np.sqrt(2) * 10 ** (-snr_db / 20)
    channel = channels.channel_model(noise_voltage, 3000 / SAMPLE_RATE_HZ, 1 + 10e-6, [1], 7)
    graph, receiver, store = link(sent, implicitjscc.transmitter(payload_rms=payload_rms), channel)
    run(graph)
    assert len(store.messages) == 2
    for content, message in zip(sent, store.messages, strict=True):
        assert error_db(content, message) == pytest.approx(snr_db, abs=0.7)
        _, measured = pdu.to_received(message)
        assert measured["snr_db"] == pytest.approx(snr_db, abs=0.7)
        assert measured["cfo_hz"] == pytest.approx(3000, abs=20)
        assert measured["frames_lost"] == 0
    assert receiver.stats["contents"] == 2
    assert receiver.stats["failures"] == 0


def test_the_last_content_arrives_without_any_silence_after_it(run):
    for _ in range(5):
        content = make_content()
        transmitter = implicitjscc.transmitter(silence_after=0)
        graph, _, store = link([content], transmitter)
        run(graph)
        assert error_db(content, store.messages[0]) > 25


def test_counters_are_published(run):
    graph, receiver, _ = link([make_content()], implicitjscc.transmitter())
    stats = message_store()
    graph.msg_connect(receiver, "stats", stats, "in")
    run(graph)
    assert pmt.to_python(stats.messages[-1])["contents"] == 1


def test_the_level_is_what_was_asked_for(run):
    graph = gr.top_block()
    content = make_content(40_000)
    sender = message_source([pdu.from_content(content)])
    transmitter = implicitjscc.transmitter(payload_rms=0.1, silence_before=1000, silence_after=500)
    sink = blocks.vector_sink_c()
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, sink)
    run(graph)
    samples = np.array(sink.data(), np.complex64)
    assert not samples[:1000].any()
    assert not samples[-500:].any()
    middle = samples[20_000:60_000]
    assert np.sqrt(np.mean(np.abs(middle) ** 2)) == pytest.approx(0.1, rel=0.03)


def test_bursts_are_repeated(run):
    content = make_content()
    graph, _, store = link([content], implicitjscc.transmitter(repeat=3))
    run(graph)
    assert len(store.messages) == 3


def test_a_carousel_turns_until_the_receiver_has_enough(run):
    content = make_content()
    transmitter = implicitjscc.transmitter(mode="carousel")
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content)])
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ, contents=4), message_store()
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    assert len(store.messages) == 4


def test_a_carousel_takes_turns():
    """Driven by hand: which content comes when depends on the scheduler otherwise."""
    sizes = {5: 3000, 6: 2000}
    transmitter = implicitjscc.transmitter(mode="carousel", silence_before=0, silence_after=0)
    transmitter.start()
    for content_id, size in sizes.items():
        transmitter.handle_content(pdu.from_content(make_content(size, content_id, content_id)))
    transmitter._input._worker.drain()
    receiver = BurstReceiver(sample_rate_hz=SAMPLE_RATE_HZ)
    received: list[int] = []
    while len(received) < 6:
        out = np.empty(4096, np.complex64)
        count = transmitter.work([], [out])
        received += [reception.received.content_id for reception in receiver.push(out[:count])]
    transmitter.stop()
    assert received[:6] == [5, 6, 5, 6, 5, 6]


def test_nothing_to_send_is_zeros_where_a_radio_needs_them():
    for mode in ("continuous", "carousel"):
        transmitter = implicitjscc.transmitter(mode=mode)
        out = np.ones(1000, np.complex64)
        transmitter.start()
        assert transmitter.work([], [out]) == 1000
        assert not out.any()
        transmitter.stop()


def test_no_contents_are_dropped_and_counted(run):
    content = make_content()
    graph = gr.top_block()
    sender = message_source([pmt.intern("x"), pmt.PMT_NIL, pdu.from_content(content)])
    transmitter = implicitjscc.transmitter()
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ), message_store()
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    assert transmitter.dropped == 2
    assert len(store.messages) == 1


def test_a_receiver_survives_absurd_samples(run):
    rng = np.random.default_rng(1)
    noise = rng.normal(size=100_000) + 1j * rng.normal(size=100_000)
    noise[1000:1100] = np.nan
    noise[2000:2010] = np.inf
    graph = gr.top_block()
    source = blocks.vector_source_c(noise.astype(np.complex64).tolist())
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ), message_store()
    graph.connect(source, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    assert store.messages == []


def test_a_running_graph_can_be_stopped_and_started_again():
    content = make_content()
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content)])
    transmitter = implicitjscc.transmitter(mode="continuous")
    receiver = implicitjscc.receiver(SAMPLE_RATE_HZ)
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, receiver)
    for _ in range(2):
        graph.start()
        graph.stop()
        graph.wait()
        assert receiver.core.ended.is_set()


@pytest.mark.parametrize(
    "arguments",
    [
        {"mode": "sometimes"},
        {"repeat": 0},
        {"payload_rms": 0},
        {"payload_rms": 1.5},
        {"silence_before": -1},
        {"silence_after": -1},
        {"content_file": "/nowhere/content.ijscc"},
    ],
)
def test_a_transmitter_refuses(arguments):
    with pytest.raises(ImplicitJsccError):
        implicitjscc.transmitter(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"sample_rate": 0}, {"contents": -1}, {"idle_flush_s": -1}, {"sample_rate": -5.0}]
)
def test_a_receiver_refuses(arguments):
    with pytest.raises(ImplicitJsccError):
        implicitjscc.receiver(**arguments)
