# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples that are missing: who tells of them, and what the Receiver makes of it."""

from __future__ import annotations

import json

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import pdu, radio_devices

from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate
from implicitjscc.recording.datatypes import datatype_of
from implicitjscc.recording.metadata import Description
from implicitjscc.recording.writer import SigmfWriter

from .helpers import error_db, make_content, message_store, tagged_source

RATE_HZ = 1e6
BEFORE, AFTER = 3000, 20_000
CUT, MISSING = 200_000, 3001  # in the last frame: there a receiver does not see it by itself
TELLS = (CUT, "discontinuity", pmt.PMT_T)


@pytest.fixture(scope="module")
def content():
    return make_content(120_000)


@pytest.fixture(scope="module")
def broken(content):
    """A burst out of which samples are missing."""
    samples = np.pad(modulate(content, STANDARD, 0.25).samples, (BEFORE, AFTER))
    samples = np.delete(samples, slice(CUT, CUT + MISSING))
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(samples.size, 2)) @ [1, 1j]
    return (samples + 0.25 * 10 ** (-20 / 20) * noise).astype(np.complex64)


def at(place_s: float):
    """UHD's time."""
    return pmt.make_tuple(pmt.from_uint64(7), pmt.from_double(place_s))


def received(run, *chain):
    """What a Receiver makes of a chain's samples."""
    graph = gr.top_block()
    receiver, store = implicitjscc.receiver(RATE_HZ), message_store()
    graph.connect(*chain, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    (message,) = store.messages
    return pdu.to_received(message)[0], message, receiver.stats


def told(broken):
    """What the receiver itself makes of it when it is told where."""
    receiver = BurstReceiver(STANDARD, RATE_HZ)
    found = receiver.push(broken[:CUT])
    receiver.note_discontinuity()
    (reception,) = found + receiver.push(broken[CUT:]) + receiver.flush()
    return reception.received


LATER = at(0.5 + (CUT + MISSING) / RATE_HZ)
OVERRUNS = {
    "Radio Source, SigMF Source": [TELLS],
    "a Soapy Source": [(n, "rx_rate", pmt.from_double(RATE_HZ)) for n in (0, CUT)],
    "a USRP Source": [(0, "rx_time", at(0.5)), (CUT, "rx_time", LATER)],
}


@pytest.mark.parametrize("radio", OVERRUNS)
def test_a_receiver_takes_tags_at_their_word(run, broken, radio):
    reception, _, stats = received(run, tagged_source(broken, OVERRUNS[radio]))
    assert stats["discontinuities"] == 1
    np.testing.assert_allclose(reception.noise_variance, told(broken).noise_variance, rtol=1e-5)


def test_without_tags_it_does_not_know(run, broken):
    assert received(run, tagged_source(broken, ()))[2]["discontinuities"] == 0


def test_tags_of_a_radio_that_lost_nothing(run, content):
    samples = np.pad(modulate(content, STANDARD, 0.25).samples, (BEFORE, AFTER))
    tags = [(n, "rx_time", at(n / RATE_HZ)) for n in (0, CUT)]
    _, message, stats = received(run, tagged_source(samples, tags))
    assert stats["discontinuities"] == 0
    assert error_db(content, message) > 45


def test_a_radio_source_hands_on_where(run, broken, monkeypatch):
    """An overrun at the radio's rate, as gr-soapy tells of it."""
    factor = 4
    fast = np.repeat(broken, factor)
    tags = [(n, "rx_rate", pmt.from_double(factor * RATE_HZ)) for n in (0, factor * CUT)]
    device = radio_devices.RadioDevice([tagged_source(fast, tags)], factor * RATE_HZ)
    monkeypatch.setitem(radio_devices._OPENERS, "file", lambda settings, direction: device)
    source = implicitjscc.radio_source("file:x", sample_rate=RATE_HZ)
    reception, _, stats = received(run, source)
    assert source.report()["discontinuities_of_unknown_length"] == 1
    assert stats["discontinuities"] == 1
    ideal = np.mean(told(broken).noise_variance)
    assert np.mean(reception.noise_variance) == pytest.approx(ideal, rel=0.2)


def test_a_recording_with_a_gap(run, broken, tmp_path):
    base = tmp_path / "air"
    with SigmfWriter(str(base), Description(datatype_of("cf32_le"), RATE_HZ)) as writer:
        writer.write(broken)
    meta = base.with_suffix(".sigmf-meta")
    written = json.loads(meta.read_text())
    written["captures"][0]["core:global_index"] = 10
    second = {"core:sample_start": CUT, "core:global_index": 10 + CUT + MISSING}
    nonsense = [7, {"core:sample_start": "x"}, {"core:sample_start": -1, "core:global_index": 1}]
    written["captures"] += [second, *nonsense]
    meta.write_text(json.dumps(written))
    reception, _, stats = received(run, implicitjscc.sigmf_source(str(base)))
    assert stats["discontinuities"] == 1
    np.testing.assert_allclose(reception.noise_variance, told(broken).noise_variance, rtol=1e-5)
