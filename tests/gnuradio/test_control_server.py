# SPDX-License-Identifier: GPL-3.0-or-later
"""The Control Server: commands become values of variables, messages become a status."""

from __future__ import annotations

import signal
import socket

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr, implicitjscc
from gnuradio.implicitjscc import source_pdu
from gnuradio.implicitjscc.pmt_scalars import to_pmt_dict

from implicitjscc.codec import sources
from implicitjscc.control.address import parse
from implicitjscc.control.client import ControlClient
from implicitjscc.errors import ImplicitJsccError

from ..waiting import eventually
from .helpers import message_source


@pytest.fixture
def port() -> int:
    """A port that is free, as its next one is."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            number = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", number + 1))
            except OSError:
                continue
            return number
    raise AssertionError("no two ports are free")


class Variables:
    """What Companion's generated program has: a setter for each variable."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def setter(self, name):
        def set_value(value: object) -> None:
            self.values[name] = value

        return set_value


def test_commands_set_variables_and_messages_are_the_status(port, encoded):
    graph = gr.top_block()
    server = implicitjscc.control_server(str(port))
    image = sources.Image(np.zeros((4, 4, 1), np.uint8))
    messages = {
        "stats": [to_pmt_dict({"contents": 3, "headers_good": 3})],
        "radio": [to_pmt_dict({"level_dbfs": -14.5, "underruns": 2})],
        "reconstruction": [
            source_pdu.from_source(image, {"content_id": 0xABC, "psnr_db": 31.5}),
            source_pdu.from_source(image, {"content_id": 1, "complete": False}),
            pmt.intern("no PDU"),
        ],
    }
    senders = {name: message_source(sent, stays=True) for name, sent in messages.items()}
    variables = Variables()
    kept = []
    for name in ("level", "gain", "content"):
        kept.append(blocks.msg_pair_to_var(variables.setter(name)))
        graph.msg_connect(server, name, kept[-1], "inpair")
    for name, sender in senders.items():
        graph.msg_connect(sender, "out", server, name)
    graph.start()
    try:
        with ControlClient(parse(str(port))) as client:
            eventually(lambda: {"last", "counters", "radio"} <= set(client.request("status")))
            status = client.request("status")
            assert status["last"]["content_id"] == "00000abc"
            assert status["last"]["psnr_db"] == 31.5
            assert status["counters"] == {"contents": 3, "headers_good": 3}
            assert status["input_dbfs"] == -14.5
            assert client.request("level", -20)["level"] == -20
            client.request("gain", "VGA=20,AMP=0")
            client.request("content", str(encoded.path))
            eventually(lambda: len(variables.values) == 3)
            assert variables.values == {
                "level": -20,
                "gain": "VGA=20,AMP=0",
                "content": str(encoded.path),
            }
            for command, value, says in (
                ("frequency", 915e6, "nothing in this flowgraph"),
                ("level", 3, "full scale"),
                ("gain", "VGA", "gain"),
                ("content", "/nowhere/x.ijscc", "/nowhere/x.ijscc"),
            ):
                with pytest.raises(ImplicitJsccError, match=says):
                    client.request(command, value)
            assert len(variables.values) == 3
    finally:
        graph.stop()
        graph.wait()


def test_a_transmitter_tells_what_it_sends_and_what_is_too_loud(port, encoded):
    graph = gr.top_block()
    server = implicitjscc.control_server(str(port))
    transmitter = implicitjscc.transmitter(
        str(encoded.path), mode="continuous", repeat=3, payload_rms=0.5, silence_after=1000
    )
    throttle, sink = blocks.throttle(gr.sizeof_gr_complex, 1e6), blocks.vector_sink_c()
    graph.connect(transmitter, throttle, sink)
    graph.msg_connect(transmitter, "status", server, "transmitter")
    graph.start()
    try:
        with ControlClient(parse(str(port))) as client:
            eventually(lambda: client.request("status").get("bursts") == 3)
            eventually(lambda: client.request("status")["state"] == "idle")
            status = client.request("status")
    finally:
        graph.stop()
        graph.wait()
    assert status["level_dbfs"] == pytest.approx(-6.02, abs=0.01)
    assert status["contents"][0]["name"] == encoded.path.name
    assert "turns" not in status
    assert "on_air" not in status
    samples = np.array(sink.data(), np.complex64)
    assert 0 < status["samples"] <= samples.size
    beyond = np.maximum(np.abs(samples.real), np.abs(samples.imag)) > 1
    assert status["beyond_full_scale"] == np.count_nonzero(beyond) > 0
    peak_dbfs = 20 * np.log10(np.abs(samples).max())
    assert status["contents"][0]["peak_dbfs"] == pytest.approx(peak_dbfs, abs=0.01)


def test_stop_is_ctrl_c_and_a_second_run_listens_again(port):
    ended = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    try:
        server = implicitjscc.control_server(str(port))
        for run in (1, 2):
            assert server.start()
            with ControlClient(parse(str(port))) as client:
                assert client.request("stop")["state"] == "ending"
            eventually(lambda: len(ended) == run)  # noqa: B023 (called at once)
            assert server.stop()
        with ControlClient(parse(str(port)), 0.2) as client, pytest.raises(ImplicitJsccError):
            client.request("status")
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_address_in_use_and_none(port):
    server = implicitjscc.control_server(str(port))
    with pytest.raises(SystemExit, match="in use"):
        implicitjscc.open_control_server(address=str(port))
    server.stop()
    implicitjscc.control_server("").stop()
