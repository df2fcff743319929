# SPDX-License-Identifier: GPL-3.0-or-later
"""Symbol Source and Symbol Sink: the paper's ideal channel as a flowgraph."""

from __future__ import annotations

import numpy as np
import pmt
import pytest
from gnuradio import analog, blocks, gr, implicitjscc
from gnuradio.implicitjscc import pdu

from implicitjscc.errors import ImplicitJsccError

from .helpers import error_db, make_content, message_source, message_store


def content_tag(offset: int, uses: object) -> gr.tag_t:
    tag = gr.tag_t()
    tag.offset, tag.key = offset, pmt.intern("content")
    meta = pmt.car(pdu.from_content(make_content()))
    tag.value = pmt.dict_add(meta, pmt.intern("channel_uses"), pmt.to_pmt(uses))
    return tag


def test_two_contents_through_noise(run):
    sent = [make_content(30_000, 5, 1), make_content(20_001, 6, 2)]
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content) for content in sent])
    source, sink, store = implicitjscc.symbol_source(), implicitjscc.symbol_sink(8), message_store()
    noise = analog.noise_source_c(analog.GR_GAUSSIAN, 10 ** (-8 / 20), 1)
    adder = blocks.add_cc()
    graph.msg_connect(sender, "out", source, "content")
    graph.connect(source, (adder, 0))
    graph.connect(noise, (adder, 1))
    graph.connect(adder, sink)
    graph.msg_connect(sink, "received", store, "in")
    run(graph)
    assert len(store.messages) == 2
    for content, message in zip(sent, store.messages, strict=True):
        assert error_db(content, message) == pytest.approx(8, abs=0.15)
        received, measured = pdu.to_received(message)
        assert measured["snr_db"] == pytest.approx(8)
        np.testing.assert_allclose(received.noise_variance, 10**-0.8, rtol=1e-6)
    assert (source.dropped, sink.dropped, sink.contents) == (0, 0, 2)


def test_the_first_symbol_carries_the_tag(run):
    content = make_content()
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content)])
    source, sink = implicitjscc.symbol_source(), blocks.vector_sink_c()
    graph.msg_connect(sender, "out", source, "content")
    graph.connect(source, sink)
    run(graph)
    data = np.array(sink.data(), np.complex64)
    np.testing.assert_array_equal(data[: content.symbols.size], content.symbols)
    assert not data[content.symbols.size :].any()
    (tag,) = sink.tags()
    assert (tag.offset, pmt.symbol_to_string(tag.key)) == (0, "content")
    uses = pmt.dict_ref(tag.value, pmt.intern("channel_uses"), pmt.PMT_NIL)
    assert pmt.to_long(uses) == content.symbols.size


def test_no_contents_are_dropped_and_counted(run):
    graph = gr.top_block()
    sender = message_source([pmt.intern("nonsense"), pdu.from_content(make_content()), pmt.PMT_T])
    source, sink = implicitjscc.symbol_source(), blocks.vector_sink_c()
    graph.msg_connect(sender, "out", source, "content")
    graph.connect(source, sink)
    run(graph)
    assert source.dropped == 2
    assert np.count_nonzero(sink.data()) == make_content().symbols.size


@pytest.mark.parametrize("uses", [0, -1, 1 << 40, "many", None])
def test_an_absurd_tag_is_ignored_and_the_next_is_not(run, uses):
    content = make_content()
    items = np.concatenate([np.zeros(500, np.complex64), content.symbols])
    tags = [content_tag(100, uses), content_tag(500, content.symbols.size)]
    graph = gr.top_block()
    source = blocks.vector_source_c(items.tolist(), False, 1, tags)
    sink, store = implicitjscc.symbol_sink(), message_store()
    graph.connect(source, sink)
    graph.msg_connect(sink, "received", store, "in")
    run(graph)
    assert sink.dropped == 1
    assert error_db(content, store.messages[0]) > 100


def test_a_content_cut_short_is_counted(run):
    content = make_content()
    items = np.concatenate([content.symbols[:1000], content.symbols])
    tags = [content_tag(0, content.symbols.size), content_tag(1000, content.symbols.size)]
    graph = gr.top_block()
    source = blocks.vector_source_c(items[:-1].tolist(), False, 1, tags)
    sink, store = implicitjscc.symbol_sink(), message_store()
    graph.connect(source, sink)
    graph.msg_connect(sink, "received", store, "in")
    run(graph)
    assert (sink.dropped, sink.contents, store.messages) == (2, 0, [])


def test_a_missing_file_is_said_at_once(tmp_path):
    with pytest.raises(ImplicitJsccError, match=r"nowhere\.ijscc"):
        implicitjscc.symbol_source(str(tmp_path / "nowhere.ijscc"))
