# SPDX-License-Identifier: GPL-3.0-or-later
"""The Encoder: from pictures to contents."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import image_pdu, pdu

from implicitjscc.codec import decoder as codec_decoder
from implicitjscc.codec import metrics, symbol_channel
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.errors import ImplicitJsccError

from .helpers import message_source, message_store

QUICK: dict[str, Any] = {"preset": "draft", "steps": 40, "seed": 1}


def encode(run, encoder, *messages):
    """Contents and progress of a graph that ends by itself."""
    graph = gr.top_block()
    contents, progress = message_store(), message_store()
    sender = message_source(list(messages))
    if messages:
        graph.msg_connect(sender, "out", encoder, "source")
    graph.msg_connect(encoder, "content", contents, "in")
    graph.msg_connect(encoder, "progress", progress, "in")
    run(graph)
    return [pdu.to_content(message) for message in contents.messages], progress.messages


def test_a_file_becomes_a_content_that_decodes(run, encoded):
    encoder = implicitjscc.encoder(str(encoded.source), **QUICK)
    (content,), progress = encode(run, encoder)
    picture = codec_decoder.decode(symbol_channel.awgn(content, 10, seed=1)).source
    assert metrics.psnr_db(encoded.image, picture) > 18
    assert np.mean(np.abs(content.symbols) ** 2) == pytest.approx(1, abs=0.01)
    last = pmt.to_python(progress[-1])
    assert last["step"] == last["steps"] == 40
    assert last["done"] == 1


def test_pictures_come_as_paths_and_as_images(run, encoded):
    messages = [
        pmt.intern(str(encoded.source)),
        image_pdu.from_image(encoded.image.pixels, {}),
    ]
    contents, _ = encode(run, implicitjscc.encoder(**QUICK), *messages)
    first, second = contents  # the same seed and the same picture: the same content
    assert first.content_id == second.content_id


def test_bad_input_is_counted_and_the_next_picture_is_encoded(run, encoded, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("no picture")
    messages = [
        pmt.intern("/nowhere/picture.png"),
        pmt.intern(str(text)),
        pmt.PMT_NIL,
        pmt.from_long(4),
        pmt.intern(str(encoded.source)),
    ]
    encoder = implicitjscc.encoder(**QUICK)
    contents, _ = encode(run, encoder, *messages)
    assert len(contents) == encoder.contents == 1
    assert encoder.dropped == 4


def test_a_running_encoding_can_be_stopped(encoded, monkeypatch):
    encoder = implicitjscc.encoder(str(encoded.source), preset="paper")
    graph = gr.top_block()
    contents, progress = message_store(), message_store()
    under_way = threading.Event()
    publish = encoder._progress

    def report(step):
        publish(step)
        under_way.set()

    monkeypatch.setattr(encoder, "_progress", report)
    graph.msg_connect(encoder, "content", contents, "in")
    graph.msg_connect(encoder, "progress", progress, "in")
    graph.start()
    assert under_way.wait(60)
    graph.stop()
    waiter = threading.Thread(target=graph.wait, daemon=True)
    waiter.start()
    waiter.join(60)
    assert not waiter.is_alive()
    assert contents.messages == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"preset": "perfect"},
        {"snr_db": 1e9},
        {"seed": -1},
        {"power_db": 1000},
        {"power_db": 3, "parameters": "coded"},
        {"parameters": "shouted"},
        {"source_file": "/nowhere/picture.png"},
    ],
)
def test_what_cannot_be_is_said_at_once(arguments):
    with pytest.raises(ImplicitJsccError):
        implicitjscc.encoder(**arguments)


def test_a_whole_chain_of_blocks_ends_by_itself(run, encoded, tmp_path):
    output = tmp_path / "out.png"
    encoder = implicitjscc.encoder(str(encoded.source), **QUICK)
    transmitter = implicitjscc.transmitter()
    receiver = implicitjscc.receiver(1e6)
    decoder = implicitjscc.decoder(str(output), str(encoded.source))
    graph = gr.top_block()
    graph.msg_connect(encoder, "content", transmitter, "content")
    graph.connect(transmitter, receiver)
    graph.msg_connect(receiver, "received", decoder, "received")
    run(graph)
    assert output.exists()
    assert decoder.last_report["psnr_db"] > 20


def test_the_design_snr_may_change_and_a_range_is_trained_for(run, encoded):
    encoder = implicitjscc.encoder(snr_db=6, snr_range_db=(0, 20), **QUICK)
    encoder.set_snr_db(30)  # out of its range: refused, with a line in the log
    encoder.set_snr_db(3)
    (content,), _ = encode(run, encoder, pmt.intern(str(encoded.source)))
    profile = CodecProfile.from_bytes(content.description, content.symbols.size)
    assert profile.snr_db == 3
