# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks around a radio, each alone."""

from __future__ import annotations

import threading

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr, implicitjscc
from gnuradio.implicitjscc.pmt_scalars import scalars, to_pmt_dict
from gnuradio.implicitjscc.radio_limiter import radio_limiter
from gnuradio.implicitjscc.radio_monitor import radio_monitor

from implicitjscc.errors import ImplicitJsccError

from .helpers import message_store, tagged_source

RATE_HZ = 1e6


def ramp(size: int) -> np.ndarray:
    return (np.arange(1, size + 1) / (2 * size)).astype(np.complex64)


def through(run, block, samples, tags=()):
    """What a block makes of samples, and its status messages."""
    graph = gr.top_block()
    source = tagged_source(samples, tags)
    sink, store = blocks.vector_sink_c(), message_store()
    graph.connect(source, block, sink)
    graph.msg_connect(block, "status", store, "in")
    run(graph)
    block.cuts = cuts_of(sink)
    return np.array(sink.data(), np.complex64), [scalars(m) for m in store.messages]


def cuts_of(sink) -> list[int]:
    """Samples with the tag that says that others are missing before them."""
    return [tag.offset for tag in sink.tags() if str(tag.key) == "discontinuity"]


def when(whole: int, rest: float):
    return pmt.make_tuple(pmt.from_uint64(whole), pmt.from_double(rest))


def test_a_gap_of_known_length_is_filled(run):
    samples = ramp(60_000)
    tags = [
        (0, "rx_time", when(100, 0.5)),
        (0, "rx_rate", pmt.from_double(RATE_HZ)),
        (25_000, "rx_time", when(100, 0.5 + 0.025 + 0.0131)),
        (25_000, "rx_rate", pmt.from_double(RATE_HZ)),
        (25_000, "rx_freq", pmt.from_double(915e6)),
        (40_000, "rx_time", when(100, 0.5 + 0.040 + 0.0131)),  # tuned, nothing lost
    ]
    monitor = radio_monitor(RATE_HZ)
    out, _ = through(run, monitor, samples, tags)
    expected = np.concatenate([samples[:25_000], np.zeros(13_100), samples[25_000:]])
    np.testing.assert_array_equal(out, expected.astype(np.complex64))
    assert monitor.counters() == {
        "discontinuities": 1,
        "samples_lost": 13_100,
        "discontinuities_of_unknown_length": 0,
    }
    assert monitor.meter.samples == 60_000
    assert monitor.cuts == []


def test_a_gap_of_unknown_length_is_counted(run):
    samples = ramp(60_000)
    tags = [(offset, "rx_rate", pmt.from_double(RATE_HZ)) for offset in (0, 20_001, 20_002)]
    monitor = radio_monitor(RATE_HZ)
    out, _ = through(run, monitor, samples, tags)
    np.testing.assert_array_equal(out, samples)
    assert monitor.cuts == [20_001, 20_002]
    assert monitor.counters()["discontinuities"] == 2
    assert monitor.counters()["discontinuities_of_unknown_length"] == 2


def test_absurd_marks_do_no_harm(run):
    samples = ramp(10_000)
    tags = [
        (0, "rx_time", pmt.intern("now")),
        (100, "rx_time", pmt.make_tuple(pmt.from_uint64(1))),
        (200, "rx_time", when(2**63, 0.5)),
        (300, "rx_time", when(0, float("inf"))),
        (400, "rx_time", when(0, float("nan"))),
        (500, "rx_rate", pmt.PMT_NIL),
    ]
    out, _ = through(run, radio_monitor(RATE_HZ), samples, tags)
    np.testing.assert_array_equal(out, samples)


def test_levels_are_published(run):
    rate_hz = 20_000
    samples = np.full(50_000, 0.1 + 0j, np.complex64)
    samples[5] = 0.995
    for block in (radio_monitor(rate_hz), radio_limiter(rate_hz)):
        _, status = through(run, block, samples)
        assert 1 <= len(status) <= 5
        assert status[-1]["level_dbfs"] == pytest.approx(-20, abs=0.2)
    assert block.meter.clipped == 0  # what is sent may be as large as 1


def test_what_is_sent_is_clipped_counted_and_finite(run):
    samples = np.full(5000, 0.5 + 0.25j, np.complex64)
    samples[10:13] = [2 - 3j, 0.5 + 1.5j, -1.0 + 1.0j]
    samples[20:23] = [np.nan, np.inf, complex(1, np.nan)]
    limiter = radio_limiter(RATE_HZ)
    out, _ = through(run, limiter, samples)
    np.testing.assert_array_equal(out[10:13], [1 - 1j, 0.5 + 1j, -1 + 1j])
    np.testing.assert_array_equal(out[20:23], [0, 0, 1])
    np.testing.assert_array_equal(out[30:], samples[30:])
    assert limiter.meter.clipped == 2


def test_events_of_a_usrp_are_counted():
    limiter = radio_limiter(RATE_HZ)

    def tell(*codes: str) -> None:
        events = pmt.PMT_NIL
        for code in codes:
            events = pmt.list_add(events, pmt.intern(code))
        body = pmt.dict_add(pmt.make_dict(), pmt.intern("event_code"), events)
        limiter.handle_events(pmt.cons(pmt.intern("uhd_async_msg"), body))

    tell("burst_ack")
    tell("underflow")
    tell("underflow_in_packet", "seq_error")
    tell("time_error")
    assert limiter.counters() == {"underruns": 2, "sequence_errors": 1, "late": 1}
    no_list = pmt.dict_add(pmt.make_dict(), pmt.intern("event_code"), pmt.PMT_T)
    for nonsense in (
        pmt.PMT_NIL,
        pmt.intern("underflow"),
        pmt.cons(pmt.intern("x"), pmt.from_long(1)),
        pmt.cons(pmt.intern("x"), no_list),
    ):
        limiter.handle_events(nonsense)
    assert limiter.counters() == {"underruns": 2, "sequence_errors": 1, "late": 1}


def test_a_queue_of_bursts_fills_pauses_and_never_a_burst(run):
    source, sink = implicitjscc.sample_queue_source(), blocks.vector_sink_c()
    head = blocks.throttle(gr.sizeof_gr_complex, 2e6)
    graph = gr.top_block()
    graph.connect(source, head, sink)
    graph.start()
    for value in (1, 2, 3):
        assert source.put(np.full(150_000, value, np.complex64), 10.0)
    assert not source.put(np.ones(1, np.complex64), 0.0)  # full
    source.close(tail=5000)
    run_to_end(graph)
    out = np.array(sink.data(), np.complex64)
    assert not out[-5000:].any()
    for value in (1, 2, 3):
        places = np.flatnonzero(out == value)
        assert places.size == 150_000
        assert places[-1] - places[0] == 149_999
    assert (source.bursts, source.samples, source.produced) == (3, 450_000, out.size)


def test_what_has_not_begun_can_be_taken_back():
    source = implicitjscc.sample_queue_source()
    source.put(np.ones(100, np.complex64), 0.0)
    source.put(np.full(100, 2, np.complex64), 0.0)
    out = np.empty(60, np.complex64)
    assert source.work([], [out]) == 60
    source.drop_waiting()
    source.close(tail=10)
    produced = []
    while (count := source.work([], [out])) > 0:
        produced += out[:count].tolist()
    assert produced == [1] * 40 + [0] * 10
    assert source.bursts == 1


def test_a_queue_of_pieces_ends_with_the_stream(run):
    sink = implicitjscc.sample_queue_sink()
    samples = ramp(100_000)
    source = blocks.vector_source_c(samples.tolist())
    graph = gr.top_block()
    graph.connect(source, sink)
    run(graph)
    taken = sink.take(1.0)
    assert taken is not None
    np.testing.assert_array_equal(taken, samples)
    assert sink.ended
    assert sink.take(0.0) is None


def test_a_status_is_logged_when_it_worsens():
    status = implicitjscc.radio_status(period_s=0)
    lines: list[str] = []
    status.logger = type("log", (), {"warn": lines.append, "info": lines.append})
    quiet = {"level_dbfs": -12.0, "peak_dbfs": -3.0, "clipped_samples": 0, "discontinuities": 0}
    for update in ({}, {}, {"clipped_samples": 7}, {"clipped_samples": 7}):
        status.handle_status(to_pmt_dict({**quiet, **update}))
    assert lines == ["level -12.0 dBFS, peak -3.0 dBFS, 7 clipped samples"]
    status.handle_status(pmt.intern("x"))
    status.handle_status(to_pmt_dict({"level_dbfs": "loud", "peak_dbfs": 1.0}))
    assert len(lines) == 1
    with pytest.raises(ImplicitJsccError):
        implicitjscc.radio_status(period_s=-1)


def run_to_end(graph: gr.top_block) -> None:
    waiter = threading.Thread(target=graph.wait, daemon=True)
    waiter.start()
    waiter.join(30)
    assert not waiter.is_alive()
