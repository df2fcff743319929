# SPDX-License-Identifier: GPL-3.0-or-later
"""Every callback of Companion's blocks, called while the block runs, does what it says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pmt
import pytest
import yaml
from gnuradio import analog, blocks, gr, implicitjscc
from gnuradio.implicitjscc import pdu, radio_devices, source_pdu

from implicitjscc.codec import sources
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.content import ReceivedContent

from ..waiting import eventually
from .helpers import make_content, message_store

RATE_HZ = 200_000
TONE_HZ = 10_000
LIMIT_S = 30


def messages_there(store, count: int) -> None:
    """Wait for so many."""
    eventually(lambda: len(store.messages) >= count)


def while_running(block, call, *, source=None, size=1 << 15):
    """What a block puts out before and after a call, shape (size,) each; it runs all the time."""
    graph, sink = gr.top_block(), implicitjscc.sample_queue_sink()
    pace = blocks.throttle(gr.sizeof_gr_complex, 10 * RATE_HZ)
    graph.connect(*([source] if source else []), block, pace, sink)

    def take():
        pieces = [np.empty(0, np.complex64)]
        while sum(map(len, pieces)) < size:
            piece = sink.take(LIMIT_S)
            assert piece is not None
            pieces.append(piece)
        return np.concatenate(pieces)[:size]

    graph.start()
    try:
        take()
        while not np.any((before := take())[:9]):  # a transmitter prepares its burst first
            pass
        call(block)
        for _ in range(6):  # what was on its way
            take()
        return before, take()
    finally:
        graph.stop()
        graph.wait()


def power_db(samples):
    return float(10 * np.log10(np.mean(np.abs(samples) ** 2) + 1e-20))


def frequency_hz(samples):
    """Of the strongest tone."""
    spectrum = np.abs(np.fft.fft(samples * np.hanning(samples.size)))
    return float(np.fft.fftfreq(samples.size, 1 / RATE_HZ)[np.argmax(spectrum)])


def purity(samples):
    """Part of the power that is one tone: 1 without noise, phase noise and loss."""
    spectrum = np.abs(np.fft.fft(samples * np.hanning(samples.size))) ** 2
    top = int(np.argmax(spectrum))
    return float(spectrum[max(top - 3, 0) : top + 4].sum() / spectrum.sum())


def laboratory(name, value, **settings):
    """A tone through a Channel Laboratory, before and after one of its setters."""
    tone = analog.sig_source_c(RATE_HZ, analog.GR_COS_WAVE, TONE_HZ, 0.25)
    block = implicitjscc.channel_laboratory(RATE_HZ, **{"snr_db": 60, **settings})
    before, after = while_running(block, lambda b: getattr(b, name)(value), source=tone)
    return block, before, after


def channel_snr():
    _, before, after = laboratory("set_snr_db", 0)
    # At 0 dB and 2 samples a symbol the noise has twice the payload's power.
    assert power_db(before) == pytest.approx(-12.04, abs=0.1)
    assert power_db(after) == pytest.approx(-12.04 + 10 * np.log10(3), abs=0.3)


def channel_cfo():
    _, before, after = laboratory("set_cfo_hz", 5000)
    assert frequency_hz(after) - frequency_hz(before) == pytest.approx(5000, abs=20)


def channel_sro():
    _, before, after = laboratory("set_sro_ppm", 400)
    # A tone of 10 kHz moves by 4 Hz: its phase over the block says so.
    moved = [np.polyfit(np.arange(s.size), np.unwrap(np.angle(s)), 1)[0] for s in (before, after)]
    ratio = moved[1] / moved[0]
    assert ratio == pytest.approx(1 - 400e-6, abs=50e-6)


def channel_linewidth():
    _, before, after = laboratory("set_linewidth_hz", 2000)
    assert purity(before) > 0.99
    assert purity(after) < 0.5


def channel_multipath():
    _, before, after = laboratory("set_multipath", "0 0 0; 1 0 180")  # the second cancels zero Hz
    change_db = 20 * np.log10(2 * np.sin(np.pi * TONE_HZ * 2 / RATE_HZ))  # a symbol: 2 samples
    assert power_db(after) - power_db(before) == pytest.approx(change_db, abs=0.3)


def channel_loss():
    _, before, after = laboratory("set_loss", 0.5)
    gone = [float(np.mean(np.abs(s) < 0.05)) for s in (before, after)]
    assert gone[0] == 0
    assert gone[1] > 0.2


def channel_drop_rate():
    block, _, _ = laboratory("set_drop_rate", 50, drop_samples=100)
    assert block.stats["dropped_samples"] >= 100


def transmitter_level(encoded):
    block = implicitjscc.transmitter(
        str(encoded.path), "carousel", silence_before=0, silence_after=0
    )
    before, after = while_running(block, lambda b: b.set_payload_rms(0.025), size=1 << 16)
    assert power_db(after) - power_db(before) == pytest.approx(-20, abs=1)


def transmitter_content(encoded):
    from implicitjscc.phy import profile_file
    from implicitjscc.phy.receiver import BurstReceiver

    block = implicitjscc.transmitter(mode="carousel")
    block.start()
    block._input.put(make_content(2000))

    def sent():
        pieces = []
        for _ in range(30):
            out = np.empty(1 << 13, np.complex64)
            pieces.append(out[: block.work([], [out])].copy())
        receiver = BurstReceiver(profile_file.load("standard", 0), 1e6)
        found = [*receiver.push(np.concatenate(pieces)), *receiver.flush()]
        return {reception.received.content_id for reception in found}

    eventually(lambda: sent() == {0x1234ABCD})
    block.set_content(str(encoded.path))
    eventually(lambda: sent() == {encoded.content.content_id})
    block.stop()


def symbol_sink_snr():
    content = make_content(2000)
    graph, store = gr.top_block(), message_store()
    source, sink = implicitjscc.symbol_source(), implicitjscc.symbol_sink(10)
    pace = blocks.throttle(gr.sizeof_gr_complex, RATE_HZ)
    graph.connect(source, pace, sink)
    graph.msg_connect(sink, "received", store, "in")
    graph.start()
    try:
        for snr_db in (10, -3):
            sink.set_snr_db(snr_db)
            count = len(store.messages)
            source._input.put(content)
            # The end of a content leaves the buffers with what follows it.
            source._input.put(make_content(20_000, 1))
            messages_there(store, count + 1)
            received, measured = pdu.to_received(store.messages[count])
            assert measured["snr_db"] == pytest.approx(snr_db)
            np.testing.assert_allclose(received.noise_variance, 10 ** (-snr_db / 10), rtol=1e-5)
            messages_there(store, count + 2)
    finally:
        source._input.end_of_messages()
        graph.stop()
        graph.wait()


def messages_of(block, inputs, port_in, port_out, changes):
    """What a message block answers to one message each before and after a call."""
    graph, store = gr.top_block(), message_store()
    graph.msg_connect(block, port_out, store, "in")
    graph.start()
    try:
        answers: list[Any] = []
        for message, change in zip(inputs, changes, strict=True):
            change(block)
            block._post(pmt.intern(port_in), message)
            count = len(answers) + 1
            messages_there(store, count)
            answers.append(store.messages[-1])
        return answers
    finally:
        graph.stop()
        graph.wait()


def encoder_snr():
    image = sources.Image(np.tile(np.arange(16, dtype=np.uint8)[:, None, None] * 9, (1, 16, 1)))
    message = source_pdu.from_source(image, {})
    encoder = implicitjscc.encoder(preset="draft", steps=4, snr_db=10)
    calls = (lambda b: None, lambda b: b.set_snr_db(3))
    sent = messages_of(encoder, [message] * 2, "source", "content", calls)
    contents = [pdu.to_content(one) for one in sent]
    designs = [CodecProfile.from_bytes(c.description, c.symbols.size).snr_db for c in contents]
    assert designs == [10, 3]


def digital_design(encoded):
    size = encoded.content.symbols.size
    variance = np.full(size, 0.01, np.float32)
    received = ReceivedContent(encoded.content.symbols, variance, encoded.content.description, 1)
    block = implicitjscc.digital_reference(str(encoded.source), 10)
    calls = (lambda b: None, lambda b: b.set_design_snr_db(2))
    message = pdu.from_received(received)
    sent = messages_of(block, [message] * 2, "received", "reconstruction", calls)
    names = [str(pdu.scalars(pmt.car(one))["modulation"]) for one in sent]
    assert names[0] == "16-QAM, rate 0.65"
    assert names[1].startswith("QPSK")


class Radio(radio_devices.RadioDevice):
    """Remembers what it was told, and has an oscillator in steps of 1 kHz."""

    def __init__(self, settings, direction):
        item = gr.sizeof_gr_complex
        if direction == radio_devices.TRANSMIT:
            chain = [blocks.throttle(item, RATE_HZ), blocks.null_sink(item)]
        else:
            chain = [analog.sig_source_c(RATE_HZ, analog.GR_COS_WAVE, TONE_HZ, 0.5)]
        super().__init__(chain, RATE_HZ)
        self.gains = (settings.gain_db, settings.gains_db)
        self.oscillator_hz = 0.0

    def tune(self, oscillator_hz):
        self.oscillator_hz = 1e3 * round(oscillator_hz / 1e3)
        return self.oscillator_hz

    def set_gain(self, whole_db, stages_db):
        self.gains = (whole_db, stages_db)


def radio(kind, name, monkeypatch):
    monkeypatch.setitem(radio_devices._OPENERS, "fake", Radio)
    block = kind("fake:x", 915e6, RATE_HZ)
    graph = gr.top_block()
    if kind is implicitjscc.radio_sink:
        graph.connect(blocks.null_source(gr.sizeof_gr_complex), block)
    else:
        pace = blocks.throttle(gr.sizeof_gr_complex, RATE_HZ)
        graph.connect(block, pace, blocks.null_sink(gr.sizeof_gr_complex))
    device = block.control.device
    graph.start()
    try:
        if name == "set_gain":
            block.set_gain("VGA=12,AMP=0")
            assert device.gains == (None, {"VGA": 12.0, "AMP": 0.0})
            block.set_gain(7)
            assert device.gains == (7.0, {})
        else:
            block.set_frequency(433.9204e6)
            assert device.oscillator_hz == 433.920e6
            assert block.report()["frequency_hz"] == 433.9204e6
            assert block.control.shift_hz == pytest.approx(400)  # the rotator does the rest
    finally:
        graph.stop()
        graph.wait()


CALLBACKS: dict[tuple[str, str], Callable[..., None]] = {
    ("channel_laboratory", "set_snr_db"): channel_snr,
    ("channel_laboratory", "set_cfo_hz"): channel_cfo,
    ("channel_laboratory", "set_sro_ppm"): channel_sro,
    ("channel_laboratory", "set_linewidth_hz"): channel_linewidth,
    ("channel_laboratory", "set_multipath"): channel_multipath,
    ("channel_laboratory", "set_loss"): channel_loss,
    ("channel_laboratory", "set_drop_rate"): channel_drop_rate,
    ("transmitter", "set_payload_rms"): transmitter_level,
    ("transmitter", "set_content"): transmitter_content,
    ("symbol_sink", "set_snr_db"): symbol_sink_snr,
    ("encoder", "set_snr_db"): encoder_snr,
    ("digital_reference", "set_design_snr_db"): digital_design,
    ("radio_sink", "set_frequency"): radio,
    ("radio_sink", "set_gain"): radio,
    ("radio_source", "set_frequency"): radio,
    ("radio_source", "set_gain"): radio,
}


@pytest.mark.parametrize(("block", "name"), list(CALLBACKS))
def test_a_callback_has_its_effect(block, name, encoded, monkeypatch):
    check = CALLBACKS[block, name]
    if check is radio:
        radio(getattr(implicitjscc, block), name, monkeypatch)
    elif check in (transmitter_level, transmitter_content, digital_design):
        check(encoded)
    else:
        check()


def test_every_callback_is_in_the_table(root):
    found = set()
    for path in (root / "gr-implicitjscc" / "grc").glob("*.yml"):
        block = yaml.safe_load(path.read_text())
        for call in block["templates"].get("callbacks", []):
            name = re.match(r"(\w+)\(", call)
            assert name is not None
            found.add((block["id"].removeprefix("implicitjscc_"), name[1]))
    assert found == set(CALLBACKS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e300, 1e300])
def test_what_makes_no_sense_raises_nothing(value, encoded):
    """An exception in a slider's callback would end a Qt application."""
    made = (
        implicitjscc.channel_laboratory(RATE_HZ),
        implicitjscc.transmitter(str(encoded.path)),
        implicitjscc.symbol_sink(),
        implicitjscc.encoder(),
        implicitjscc.digital_reference(str(encoded.source)),
        implicitjscc.radio_sink(sample_rate=RATE_HZ),
        implicitjscc.radio_source(sample_rate=RATE_HZ),
    )
    for block in made:
        for owner, name in CALLBACKS:
            if owner == type(block).__name__:
                wrong = str(value) if name in ("set_content", "set_multipath") else value
                getattr(block, name)(wrong)
