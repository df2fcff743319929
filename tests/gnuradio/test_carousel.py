# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveforms, carousel and combining in the blocks, and files of a long run."""

from __future__ import annotations

import time

import numpy as np
import pytest
from gnuradio import blocks, channels, gr, implicitjscc
from gnuradio.implicitjscc import pdu
from gnuradio.implicitjscc.output_files import OutputFiles

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.receiver import BurstReceiver

from .helpers import error_db, make_content, message_source, message_store

SAMPLE_RATE_HZ = 1e6


def link(run, content, noise_voltage, transmitter, receiver):
    """Received messages, and the counters after the last."""
    graph = gr.top_block()
    sender, store = message_source([pdu.from_content(content)]), message_store()
    channel = channels.channel_model(noise_voltage, 0.0, 1.0, [1], 7)
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, channel, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    return store.messages


@pytest.mark.parametrize("combine", [True, False])
def test_each_turn_improves_what_is_received(run, combine):
    content = make_content(5000)
    voltage = 0.25 * np.sqrt(2) * 10 ** (-10 / 20)
    receiver = implicitjscc.receiver(SAMPLE_RATE_HZ, combine=combine)
    messages = link(run, content, voltage, implicitjscc.transmitter(repeat=3), receiver)
    found = [error_db(content, message) for message in messages]
    receptions = [pdu.to_received(message)[1]["receptions"] for message in messages]
    gains = [found[n] - found[0] for n in range(3)]
    if combine:
        assert receptions == [1, 2, 3]
        assert gains == pytest.approx([0, 3.01, 4.77], abs=0.3)
        assert receiver.stats["combined"] == 2
    else:
        assert receptions == [1, 1, 1]
        assert gains == pytest.approx([0, 0, 0], abs=0.3)
    assert receiver.stats["contents"] == 3


@pytest.mark.parametrize("samples_per_symbol", [2, 4])
def test_another_waveform_and_rate(run, samples_per_symbol):
    content = make_content(5000)
    waveform = {"waveform": "fast", "samples_per_symbol": samples_per_symbol}
    voltage = 0.25 * np.sqrt(samples_per_symbol) * 10 ** (-15 / 20)
    transmitter = implicitjscc.transmitter(clip_db=10, **waveform)
    (message,) = link(
        run, content, voltage, transmitter, implicitjscc.receiver(SAMPLE_RATE_HZ, **waveform)
    )
    assert error_db(content, message) == pytest.approx(15, abs=0.5)


def test_a_receiver_of_another_waveform_counts_it(run):
    receiver = implicitjscc.receiver(SAMPLE_RATE_HZ, waveform="robust")
    assert link(run, make_content(), 0.0, implicitjscc.transmitter(), receiver) == []
    assert receiver.stats["other_waveform"] == 1


def drive(transmitter, samples):
    """What a transmitter sends, driven by hand, in pieces of odd sizes."""
    pieces: list[np.ndarray] = []
    while sum(piece.size for piece in pieces) < samples:
        out = np.empty(3333, np.complex64)
        pieces.append(out[: transmitter.work([], [out])].copy())
    return np.concatenate(pieces)


def test_pauses_and_level_at_run_time():
    transmitter = implicitjscc.transmitter(
        mode="carousel", silence_before=100, silence_after=900_000
    )
    transmitter.start()
    transmitter.handle_content(pdu.from_content(make_content(4000)))
    transmitter._input._worker.drain()
    first = drive(transmitter, 600_000)
    active = np.flatnonzero(first)
    assert active[0] == 100
    assert active[-1] < 30_000
    transmitter.set_level_dbfs(-32.04)  # 20 dB less
    second = drive(transmitter, 400_000)
    louder, softer = np.abs(first).max(), np.abs(second).max()
    assert softer == pytest.approx(louder / 10, rel=0.01)
    transmitter.set_level_dbfs(3.0)
    transmitter.set_level_dbfs(float("nan"))
    assert np.abs(drive(transmitter, 950_000)).max() == pytest.approx(softer, rel=0.01)
    transmitter.stop()


def test_the_content_changes_at_run_time(encoded):
    transmitter = implicitjscc.transmitter(mode="carousel", silence_before=0, silence_after=3000)
    transmitter.start()
    for content_id in (5, 5, 6):  # the same one twice takes one place
        transmitter.handle_content(pdu.from_content(make_content(3000, content_id, content_id)))
    transmitter._input._worker.drain()
    receiver = BurstReceiver(sample_rate_hz=SAMPLE_RATE_HZ)

    def ids(samples):
        received = receiver.push(drive(transmitter, samples))
        return [reception.received.content_id for reception in received]

    found = ids(150_000)
    assert found[:2] == [5, 5]  # that came anew goes first
    assert found[2:6] == [6, 5, 6, 5]
    transmitter.set_content("/nowhere/x.ijscc")
    transmitter.set_content(str(encoded.path))
    transmitter._input._worker.drain()
    found = ids(200_000)
    assert found[-2:] == [encoded.content.content_id] * 2
    transmitter.stop()


def test_only_the_newest_files_stay(tmp_path):
    files = OutputFiles(str(tmp_path / "out.png"), keep=2)
    (tmp_path / "out-00000009.png").write_text("not ours")
    deleted = []
    for content_id in (1, 2, 1, 3, 4):
        files.path_for(content_id, ".png").write_text(str(content_id))
        deleted += files.surplus()
    assert [path.name for path in deleted] == ["out-00000002.png", "out-00000001.png"]
    names = ["out-00000003.png", "out-00000004.png", "out-00000009.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    with pytest.raises(ImplicitJsccError, match="at least one"):
        OutputFiles(str(tmp_path / "out.png"), keep=0)


@pytest.mark.parametrize(
    "arguments",
    [{"waveform": "slow"}, {"samples_per_symbol": 3}, {"clip_db": -1}, {"waveform": "/x.json"}],
)
def test_what_no_block_can_be(arguments):
    with pytest.raises(ImplicitJsccError):
        implicitjscc.transmitter(**arguments)
    if "clip_db" not in arguments:
        with pytest.raises(ImplicitJsccError):
            implicitjscc.receiver(**arguments)


@pytest.mark.parametrize("kind", ["transmitter", "symbol_source"])
def test_a_content_that_takes_long_to_prepare_is_not_lost(run, monkeypatch, kind):
    """Its sender has ended long before there is anything to send."""
    make = getattr(implicitjscc, kind)
    prepare = make._prepare

    def slowly(self, content):
        time.sleep(0.4)
        return prepare(self, content)

    monkeypatch.setattr(make, "_prepare", slowly)
    graph, sink = gr.top_block(), blocks.vector_sink_c()
    sender, source = message_source([pdu.from_content(make_content(500))]), make()
    graph.msg_connect(sender, "out", source, "content")
    graph.connect(source, sink)
    run(graph)
    assert np.any(np.array(sink.data()))
