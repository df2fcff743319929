# SPDX-License-Identifier: GPL-3.0-or-later
"""Radio Sink and Radio Source: rates, carriers, devices that are not there."""

from __future__ import annotations

import subprocess
import sys

import gnuradio
import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr, implicitjscc
from gnuradio.implicitjscc import pdu, radio_devices, radio_uhd
from gnuradio.implicitjscc.radio_devices import RECEIVE, TRANSMIT, RadioDevice

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.transmitter import modulate
from implicitjscc.radio.settings import RadioSettings

from .helpers import error_db, make_content, message_source, message_store

SAMPLE_RATE_HZ = 1e6


def send(run, content, **radio):
    """A content by a Radio Sink, to its end."""
    graph = gr.top_block()
    sender = message_source([pdu.from_content(content)])
    transmitter = implicitjscc.transmitter(payload_rms=0.15)
    sink = implicitjscc.radio_sink(sample_rate=SAMPLE_RATE_HZ, **radio)
    graph.msg_connect(sender, "out", transmitter, "content")
    graph.connect(transmitter, sink)
    run(graph)
    return sink


def receive(run, **radio):
    """What a Radio Source and a Receiver make of it."""
    graph = gr.top_block()
    source = implicitjscc.radio_source(sample_rate=SAMPLE_RATE_HZ, **radio)
    receiver, store = implicitjscc.receiver(SAMPLE_RATE_HZ), message_store()
    graph.connect(source, receiver)
    graph.msg_connect(receiver, "received", store, "in")
    run(graph)
    return source, store.messages


@pytest.mark.parametrize(
    ("radio", "least_db"),
    [
        ({}, 52),
        ({"radio_rate": 2e6, "lo_offset": 0.5e6}, 52),
        ({"radio_rate": 3e6, "lo_offset": -0.75e6}, 52),
        ({"radio_rate": 2.3e6, "lo_offset": 0.575e6}, 50),
        ({"radio_rate": 2e6 * (1 + 30e-6), "lo_offset": 0.5e6}, 50),
    ],
)
def test_a_content_keeps_its_quality_at_any_rate_of_the_radio(run, tmp_path, radio, least_db):
    content = make_content(4000)
    device = f"file:{tmp_path / 'air.cf32'}"
    sink = send(run, content, device=device, **radio)
    samples = np.fromfile(tmp_path / "air.cf32", np.complex64)
    assert np.isfinite(samples.view(np.float32)).all()
    _, messages = receive(run, device=device, **radio)
    assert error_db(content, messages[0]) > least_db
    _, measured = pdu.to_received(messages[0])
    assert measured["cfo_hz"] == pytest.approx(0, abs=1)
    assert measured["sro_ppm"] == pytest.approx(0, abs=0.5)
    assert sink.report()["radio_rate_hz"] == pytest.approx(radio.get("radio_rate", SAMPLE_RATE_HZ))


def test_the_signal_lies_beside_the_oscillator(run, tmp_path):
    path = tmp_path / "air.cf32"
    send(run, make_content(4000), device=f"file:{path}", radio_rate=2e6, lo_offset=0.5e6)
    samples = np.fromfile(path, np.complex64)
    power = np.abs(np.fft.fft(samples)) ** 2
    frequency_hz = np.fft.fftfreq(samples.size, 1 / 2e6)
    inside = np.abs(frequency_hz - 0.5e6) < 0.32e6
    assert power[~inside].sum() < 1e-5 * power.sum()
    assert power[np.abs(frequency_hz) < 0.15e6].sum() < 1e-6 * power.sum()


def test_samples_that_a_usrp_lost_cost_themselves_alone(run):
    content = make_content(60_000)
    lost, before = 500, 50_000
    whole = np.pad(modulate(content, payload_rms=0.1).samples, (2000, 12_000))
    samples = np.concatenate([whole[:before], whole[before + lost :]])
    marks = [
        gr.tag_utils.python_to_tag((offset, pmt.intern("rx_time"), at, pmt.intern("radio")))
        for offset, at in (
            (0, pmt.make_tuple(pmt.from_uint64(7), pmt.from_double(0.25))),
            (before, pmt.make_tuple(pmt.from_uint64(7), pmt.from_double(0.25 + 0.0505))),
        )
    ]

    def open_one(settings, direction):
        return RadioDevice([blocks.vector_source_c(samples.tolist(), False, 1, marks)], 1e6)

    radio_devices.register("usrp", open_one)
    try:
        source, messages = receive(run, device="usrp:1")
    finally:
        radio_devices._OPENERS.pop("usrp")
    assert source.report()["samples_lost"] == lost
    received, measured = pdu.to_received(messages[0])
    assert measured["frames_lost"] == 0
    error = np.abs(received.symbols - content.symbols) ** 2
    # 250 symbols of 60,000 came as zeros, and the pulse's length around them is not whole: that
    # much of the power is missing, spread over all symbols.
    assert 250 / 60_000 < np.mean(error) < 900 / 60_000


class Radio(RadioDevice):
    """A device that is a vector of samples."""

    tail = 1000

    def __init__(self, settings, direction):
        block = blocks.null_sink(8) if direction == TRANSMIT else blocks.vector_source_c([0] * 100)
        rate_hz = settings.radio_rate_hz or 2e6
        super().__init__([block], rate_hz, rate_hz / 4)
        self.tuned: list[float] = []
        self.gains: list[object] = []
        self.step_hz = 1000.0

    def tune(self, oscillator_hz):
        self.tuned.append(oscillator_hz)
        return min(self.step_hz * round(oscillator_hz / self.step_hz), 6e9)

    def set_gain(self, whole_db, stages_db):
        if "XYZ" in stages_db:
            raise ImplicitJsccError("there is no gain XYZ")
        self.gains.append((whole_db, stages_db))


@pytest.fixture
def radio():
    """A kind of device that keeps what it was told; those that were opened."""
    opened: list[Radio] = []

    def open_one(settings, direction):
        opened.append(Radio(settings, direction))
        return opened[-1]

    radio_devices.register("test", open_one)
    yield opened
    radio_devices._OPENERS.pop("test")


def test_tuning_while_running_moves_the_oscillator_and_what_it_leaves(radio):
    source = implicitjscc.radio_source("test:1", 915e6, 1e6, ppm=10)
    device = radio[0]
    assert device.tuned == [pytest.approx(915e6 / (1 + 10e-6) - 0.5e6)]
    source.set_frequency(868.1234e6)
    asked_hz = device.tuned[-1]
    # What the oscillator's steps of 1 kHz leave is made up for by the rotator.
    left_hz = 868.1234e6 / (1 + 10e-6) - 1000 * round(asked_hz / 1000)
    assert source.control.shift_hz == pytest.approx(left_hz)
    assert left_hz == pytest.approx(0.5e6, abs=1000)
    assert source.report()["frequency_hz"] == 868.1234e6
    assert source.report()["oscillator_hz"] == 1000 * round(asked_hz / 1000)


def test_what_a_radio_refuses_while_running_changes_nothing_and_raises_nothing(radio):
    sink = implicitjscc.radio_sink("test:1", 915e6, 1e6, gain=7)
    before = sink.report()
    sink.set_frequency(9e9)  # the oscillator ends at 6 GHz
    assert sink.report() == before
    assert radio[0].tuned[-1] == radio[0].tuned[0]
    sink.set_gain("VGA=12")
    sink.set_gain(3)
    sink.set_gain("XYZ=1")
    sink.set_gain("loud")
    assert radio[0].gains == [(None, {"VGA": 12.0}), (3.0, {})]
    assert sink.tail_samples >= 1000


def test_a_radio_that_cannot_go_there_is_refused(radio):
    with pytest.raises(ImplicitJsccError, match="from the carrier"):
        implicitjscc.radio_sink("test:1", 9e9, 1e6)
    with pytest.raises(ImplicitJsccError, match="samples/s"):
        implicitjscc.radio_sink("test:1", 915e6, 5e6)


@pytest.mark.parametrize("make", [implicitjscc.radio_sink, implicitjscc.radio_source])
@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("carrier-pigeon:1", "unknown kind of device"),
        ("hackrf", "SCHEME:WHERE"),
        ("file:/nowhere/x.cf32", "no such"),
        ("zmq:nonsense", "zmq:nonsense"),
        ("uhd:type=b200,serial=none", "no USRP answers"),
        ("soapy:driver=hackrf", "no radio answers"),
        ("soapy:driver=null", "channels"),
    ],
)
def test_devices_that_are_not_there(make, device, says):
    if device.startswith(("uhd", "soapy")):
        pytest.importorskip(f"gnuradio.{device.partition(':')[0]}")
    with pytest.raises(ImplicitJsccError, match=says) as refused:
        make(device, 915e6, 1e6)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("driver", ["uhd", "soapy"])
def test_drivers_that_are_not_there(driver, monkeypatch):
    monkeypatch.setitem(sys.modules, f"gnuradio.{driver}", None)
    monkeypatch.delattr(gnuradio, driver, raising=False)
    with pytest.raises(ImplicitJsccError, match=f"{driver}: is not to be had here"):
        implicitjscc.radio_sink(f"{driver}:type=x", 915e6, 1e6)


def test_osmosdr_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "osmosdr", None)
    with pytest.raises(ImplicitJsccError, match="install gr-osmosdr"):
        implicitjscc.radio_source("osmosdr:hackrf=0", 915e6, 1e6)


def test_no_driver_is_loaded_before_it_is_needed():
    code = (
        "import sys; from gnuradio import implicitjscc; import implicitjscc.cli.main;"
        "implicitjscc_loaded = [m for m in ('gnuradio.uhd', 'gnuradio.soapy', 'osmosdr') "
        "if m in sys.modules]; sys.exit(len(implicitjscc_loaded))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=with_tree()).returncode == 0


def test_a_program_without_its_device_ends_with_one_line():
    for opened in (implicitjscc.open_radio_sink, implicitjscc.open_radio_source):
        with pytest.raises(SystemExit) as ended:
            opened(device="file:/nowhere/x.cf32", frequency=915e6, sample_rate=1e6)
        assert str(ended.value.code).startswith("implicitjscc: ")
        assert "\n" not in str(ended.value.code)


def test_a_usrp_is_set_up_and_read_back():
    """The block is a mock with UHD's own methods: there is no USRP here to ask."""
    from unittest.mock import Mock

    uhd = pytest.importorskip("gnuradio.uhd")
    for direction, kind in ((TRANSMIT, uhd.usrp_sink), (RECEIVE, uhd.usrp_source)):
        block = Mock(spec=kind)
        block.get_samp_rate.return_value = 1.0e6 * (1 + 2e-6)
        block.get_gain_range.return_value = uhd.gain_range_t(0.0, 76.0, 1.0)
        block.get_gain_names.return_value = ["PGA"]
        block.get_antennas.return_value = ["TX/RX", "RX2"]
        block.get_center_freq.return_value = 915e6 - 3
        settings = RadioSettings(
            "uhd:", 915e6, 1e6, antenna="RX2", bandwidth_hz=2e6, gains_db={"PGA": 12.0}
        )
        device = radio_uhd.UhdDevice(block, settings, uhd, direction)
        block.set_samp_rate.assert_called_once_with(1e6)
        block.set_gain.assert_called_once_with(12.0, "PGA", 0)
        block.set_antenna.assert_called_once_with("RX2", 0)
        block.set_bandwidth.assert_called_once_with(2e6, 0)
        assert device.rate_hz == 1.0e6 * (1 + 2e-6)
        assert device.tune(915e6) == 915e6 - 3
        request = block.set_center_freq.call_args.args[0]
        assert request.target_freq == 915e6
        assert request.rf_freq == pytest.approx(915e6 + device.rate_hz)
        assert device.describe()["antenna"] is block.get_antenna.return_value
        assert device.event_port == ("async_msgs" if direction == TRANSMIT else None)
        block.reset_mock()
        radio_uhd.UhdDevice(block, RadioSettings("uhd:", 915e6, 1e6), uhd, direction)
        block.set_gain.assert_called_once_with(38.0, 0)  # nobody set one
        for settings in (
            RadioSettings("uhd:", 915e6, 1e6, antenna="J7"),
            RadioSettings("uhd:", 915e6, 1e6, gains_db={"LNA": 1.0}),
        ):
            with pytest.raises(ImplicitJsccError, match="only"):
                radio_uhd.UhdDevice(block, settings, uhd, direction)


def with_tree() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
