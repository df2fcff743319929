# SPDX-License-Identifier: GPL-3.0-or-later
"""The Decoder: from received contents to picture files and image PDUs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import image_pdu, pdu

from implicitjscc.codec import metrics, sources, symbol_channel
from implicitjscc.errors import ImplicitJsccError

from .helpers import make_content, message_source, message_store


def received_message(encoded, content_id=None, snr_db=15.0, seed=1):
    received = symbol_channel.awgn(encoded.content, snr_db, seed=seed)
    if content_id is not None:
        received = dataclasses.replace(received, content_id=content_id)
    return pdu.from_received(received, {"snr_db": snr_db, "frames_lost": 0})


def decode(run, messages, **arguments):
    graph = gr.top_block()
    sender, store = message_source(messages), message_store()
    decoder = implicitjscc.decoder(**arguments)
    graph.msg_connect(sender, "out", decoder, "received")
    graph.msg_connect(decoder, "reconstruction", store, "in")
    run(graph)
    return decoder, store.messages


def test_a_picture_is_written_published_and_measured(run, encoded, tmp_path):
    output = tmp_path / "out.png"
    decoder, messages = decode(
        run,
        [received_message(encoded)],
        output_file=str(output),
        reference_file=str(encoded.source),
    )
    pixels, meta = image_pdu.to_image(messages[0])
    written = sources.read_image(output)
    np.testing.assert_array_equal(written.pixels, pixels)
    psnr_db = metrics.psnr_db(encoded.image, written)
    assert psnr_db > 20
    assert decoder.last_report["psnr_db"] == pytest.approx(psnr_db)
    assert meta["psnr_db"] == pytest.approx(psnr_db)
    assert meta["content_id"] == encoded.content.content_id
    assert decoder.last_report["snr_db"] == 15.0
    assert decoder.last_report["output"] == str(output)


def test_several_contents_get_a_file_each(run, encoded, tmp_path):
    identifiers = [0xA, 0xFFFFFFFF, 0xA]
    messages = [received_message(encoded, identifier) for identifier in identifiers]
    decoder, published = decode(run, messages, output_file=str(tmp_path / "out.png"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out-0000000a.png",
        "out-ffffffff.png",
    ]
    assert len(published) == len(decoder.reports) == 3


def test_more_contents_than_the_queue_holds(run, encoded):
    messages = [received_message(encoded)] * 20
    decoder, published = decode(run, messages)
    assert len(published) == 20
    assert decoder.dropped == 0


def test_bad_input_is_counted_and_the_next_picture_comes(run, encoded):
    nonsense = make_content(500)
    impossible = pdu.from_received(
        symbol_channel.awgn(nonsense, 10, seed=1)
    )  # a description that describes nothing
    messages = [pmt.intern("x"), pmt.PMT_NIL, impossible, received_message(encoded)]
    decoder, published = decode(run, messages)
    assert decoder.dropped == 2
    assert decoder.failures == 1
    assert len(published) == 1


def test_a_picture_that_cannot_be_written_is_counted(run, encoded, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    decoder = implicitjscc.decoder(str(folder / "out.png"))
    folder.rmdir()
    graph = gr.top_block()
    sender = message_source([received_message(encoded)])
    graph.msg_connect(sender, "out", decoder, "received")
    run(graph)
    assert decoder.failures == 1


def test_what_cannot_be_is_said_at_once(tmp_path, encoded):
    with pytest.raises(ImplicitJsccError, match="does not exist"):
        implicitjscc.decoder(str(tmp_path / "nowhere" / "out.png"))
    with pytest.raises(ImplicitJsccError, match=r"nowhere\.png"):
        implicitjscc.decoder(reference_file=str(tmp_path / "nowhere.png"))


def test_wait_decodes_what_was_left(encoded):
    decoder = implicitjscc.decoder()
    port = pmt.intern("received")
    decoder.gateway.to_basic_block()._post(port, received_message(encoded))
    assert decoder.wait()
    assert decoder.last_report["content_id"] == encoded.content.content_id
