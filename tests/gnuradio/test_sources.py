# SPDX-License-Identifier: GPL-3.0-or-later
"""Audio and arrays through the blocks that were made for pictures."""

from __future__ import annotations

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import source_pdu

from implicitjscc.codec import sources

from .helpers import message_source, message_store


def chain(run, encoder, decoder, *messages):
    """A graph of bursts from the Encoder to the Decoder; what the Decoder published."""
    graph = gr.top_block()
    transmitter, receiver = implicitjscc.transmitter(), implicitjscc.receiver(1e6)
    store = message_store()
    sender = message_source(list(messages))
    if messages:
        graph.msg_connect(sender, "out", encoder, "source")
    graph.msg_connect(encoder, "content", transmitter, "content")
    graph.connect(transmitter, receiver)
    graph.msg_connect(receiver, "received", decoder, "received")
    graph.msg_connect(decoder, "reconstruction", store, "in")
    run(graph)
    return [source_pdu.to_source(message) for message in store.messages]


def tone() -> sources.Audio:
    time = np.arange(4000) / 8000
    wave = 0.3 * np.sin(2 * np.pi * 300 * time * (1 + time))
    return sources.Audio.of(wave[:, None], 8000, "pcm16")


def test_a_wave_file_comes_out_as_one(run, tmp_path):
    pytest.importorskip("soundfile")
    source, output = tmp_path / "in.wav", tmp_path / "out.wav"
    sources.write_source(source, tone())
    encoder = implicitjscc.encoder(str(source), preset="draft", steps=40)
    decoder = implicitjscc.decoder(str(output), str(source))
    (published,) = chain(run, encoder, decoder)
    assert decoder.last_report["psnr_db"] > 25
    assert decoder.last_report["output"] == str(output)
    np.testing.assert_array_equal(sources.read_source(output).samples, published.samples)
    assert published.format.sample_rate_hz == 8000


def test_every_kind_on_one_port(run, tmp_path):
    pytest.importorskip("soundfile")
    array = sources.Array.of(np.arange(400, dtype=np.int32))
    image = sources.Image(np.full((16, 16, 1), 90, np.uint8))
    messages = [source_pdu.from_source(source, {}) for source in (tone(), array, image)]
    encoder = implicitjscc.encoder(preset="draft", steps=4)
    decoder = implicitjscc.decoder(str(tmp_path / "out.png"))
    published = chain(run, encoder, decoder, *messages, pmt.intern("/nowhere/x.wav"))
    assert [type(source) for source in published] == [sources.Audio, sources.Array, sources.Image]
    assert published[1].samples.dtype == np.int32
    assert (encoder.contents, encoder.dropped) == (3, 1)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npy", ".png", ".wav"]
    assert all("-" in path.stem for path in tmp_path.iterdir())
