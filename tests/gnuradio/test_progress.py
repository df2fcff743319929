# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents that are still arriving, and workers that need the latest only."""

from __future__ import annotations

import dataclasses
import logging
import threading

import numpy as np
import pytest
from gnuradio import blocks, gr, implicitjscc
from gnuradio.implicitjscc import pdu
from gnuradio.implicitjscc.worker import Worker

from implicitjscc.codec import symbol_channel
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

from .helpers import make_content, message_source, message_store

FRAMES = 4
CONTENT = make_content(FRAMES * 30_000)


def received_with(progress_frames, run):
    samples = np.pad(modulate(CONTENT).samples, (4096, 16384)).astype(np.complex64)
    graph = gr.top_block()
    source = blocks.vector_source_c(samples.tolist())
    throttle = blocks.throttle(gr.sizeof_gr_complex, 2e5)  # else all of it comes in one piece
    receiver = implicitjscc.receiver(1e6, progress_frames=progress_frames)
    store = message_store()
    graph.connect(source, throttle, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    return store.messages


def test_a_content_is_published_while_it_arrives(run):
    *partial, whole = received_with(1, run)
    assert 1 <= len(partial) < FRAMES  # on a busy machine two frames may come at once
    assert all(map(pdu.is_partial, partial))
    assert not pdu.is_partial(whole)
    before = 0
    for message in partial:
        received, measured = pdu.to_received(message)
        count = int(measured["frames_received"])
        assert before < count < FRAMES
        assert measured["frames_lost"] == 0
        before = count
        # What has not come is noise on all symbols, and said so.
        error = np.abs(received.symbols - CONTENT.symbols) ** 2
        assert np.mean(error) == pytest.approx(FRAMES / count - 1, rel=0.15)
        assert np.mean(received.noise_variance) == pytest.approx(np.mean(error), rel=0.1)
        snr_db = pdu.frame_snr_db(message)
        assert np.all(np.isfinite(snr_db[:count]))
        assert np.all(np.isneginf(snr_db[count:]))
    received, measured = pdu.to_received(whole)
    assert not received.lost.any()
    assert np.isfinite(pdu.frame_snr_db(whole)).all()


def test_without_being_asked_only_whole_contents_are_published(run):
    (whole,) = received_with(0, run)
    assert not pdu.is_partial(whole)


def test_a_partial_reception_stays_what_it_was():
    receiver = BurstReceiver(sample_rate_hz=1e6)
    samples = np.pad(modulate(CONTENT).samples, (4096, 16384))
    middle = samples.size // 2
    assert receiver.partial() is None
    receiver.push(samples[:middle])
    partial = receiver.partial()
    assert partial is not None
    assert receiver.partial(partial.frames_received + 1) is None
    lost = partial.received.lost.copy()
    (whole,) = receiver.push(samples[middle:]) + receiver.flush()
    np.testing.assert_array_equal(partial.received.lost, lost)
    assert whole.frames_received == FRAMES > partial.frames_received
    assert receiver.partial() is None


def test_a_partial_content_is_rebuilt_but_neither_written_nor_reported(run, encoded, tmp_path):
    received = symbol_channel.awgn(encoded.content, 15, seed=1)
    variance = received.noise_variance.copy()
    variance[: variance.size * 3 // 4 : 2] = np.inf
    some = dataclasses.replace(received, noise_variance=variance)
    messages = [
        pdu.from_received(some, {"complete": False}),
        pdu.from_received(received, {"snr_db": 15.0}),
    ]
    graph = gr.top_block()
    sender, store = message_source(messages), message_store()
    decoder = implicitjscc.decoder(str(tmp_path / "out.png"), str(encoded.source))
    graph.msg_connect(sender, "out", decoder, "received")
    graph.msg_connect(decoder, "reconstruction", store, "in")
    run(graph)
    partial, whole = store.messages
    assert pdu.is_partial(partial)
    assert not pdu.is_partial(whole)
    assert len(decoder.reports) == 1
    before, after = (float(pdu.scalars(pdu.split(m)[0])["psnr_db"]) for m in (partial, whole))
    assert after > before + 0.5
    assert len(list(tmp_path.iterdir())) == 1


def test_a_worker_passes_over_what_was_overtaken():
    done, begun, go_on = [], threading.Event(), threading.Event()

    def work(job):
        begun.set()
        go_on.wait(10)
        done.append(job)

    worker = Worker(work, logging.getLogger("test"))
    worker.start()
    worker.submit_latest("first")
    assert begun.wait(10)
    for number in range(50):
        worker.submit_latest(number)
    worker.submit_latest("whole", rank=1)
    worker.submit_latest("partial, too late")
    go_on.set()
    assert worker.drain(10)
    assert done == ["first", "whole"]
    worker.submit_latest("next")
    worker.close()
    assert done == ["first", "whole", "next"]
