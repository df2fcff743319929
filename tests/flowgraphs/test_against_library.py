# SPDX-License-Identifier: GPL-3.0-or-later
"""GNU Radio brings nothing of its own: a flowgraph's figures are those of the library."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from gnuradio import blocks
from gnuradio.implicitjscc import pdu

from implicitjscc.channel import impair
from implicitjscc.content import Content
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

BEFORE, AFTER = 4096, 16_384  # the flowgraph's silence


@pytest.fixture
def impaired_loopback(programs, monkeypatch):
    """The class that grcc makes of the flowgraph."""
    path = programs["impaired_loopback"]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module.impaired_loopback


def es_n0_db(content: Content, symbols: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean(np.abs(symbols - content.symbols) ** 2)))


@pytest.mark.parametrize(
    "impairments",
    [
        {"snr_db": 20.0, "cfo_hz": -9000.0, "sro_ppm": 20.0, "seed": 3},
        {"snr_db": 5.0, "multipath": "two_echoes", "linewidth_hz": 10.0, "seed": 4},
    ],
)
def test_the_impaired_loopback_is_the_librarys_channel(
    impaired_loopback, encoded, tmp_path, impairments
):
    graph = impaired_loopback(
        content=str(encoded.path), output=str(tmp_path / "received.png"), **impairments
    )
    settings = graph.channel.core.channel.settings
    assert {name: getattr(settings, name) for name in impairments} == impairments
    assert (settings.bits, settings.dc_dbc, settings.iq_gain_db) == (8, -20.0, 0.5)
    came, kept = blocks.vector_sink_c(), blocks.message_debug()
    graph.connect(graph.channel, came)
    graph.msg_connect((graph.receiver, "received"), (kept, "store"))
    graph.run()

    content = encoded.content
    burst = modulate(content, payload_rms=settings.payload_rms).samples
    expected = impair(np.pad(burst, (BEFORE, AFTER)), settings)
    receiver = BurstReceiver(sample_rate_hz=settings.sample_rate_hz)
    (reception,) = receiver.push(expected) + receiver.flush()
    assert kept.num_messages() == 1
    received, _ = pdu.to_received(kept.get_message(0))
    here, there = (es_n0_db(content, x.symbols) for x in (received, reception.received))
    assert here == pytest.approx(there, abs=0.1)
    assert np.array_equal(np.array(came.data(), np.complex64), expected)
