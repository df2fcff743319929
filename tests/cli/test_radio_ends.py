# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios as ends, with what takes a radio's place: files, and devices that fail."""

from __future__ import annotations

import numpy as np
import pytest

from implicitjscc.cli.main import parser
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.receiver import BurstReceiver

pytest.importorskip("gnuradio.gr")

from gnuradio import blocks, gr
from gnuradio.implicitjscc import radio_devices

from implicitjscc.cli.radio_ends import RadioSink, RadioSource

RATE_HZ = 1e6


def options(*words: str):
    ends = ["receive", "--from", "uhd:", "-o", "x.png"]
    return parser().parse_args(
        [*ends, "--sample-rate", str(RATE_HZ), "--frequency-hz", "915e6", *words]
    )


@pytest.fixture(scope="module")
def burst() -> np.ndarray:
    from implicitjscc.content import DESCRIPTION_BYTES, Content
    from implicitjscc.phy.transmitter import modulate

    rng = np.random.default_rng(1)
    symbols = rng.normal(size=6000) + 1j * rng.normal(size=6000)
    symbols = (symbols / np.sqrt(np.mean(np.abs(symbols) ** 2))).astype(np.complex64)
    content = Content(symbols, bytes(DESCRIPTION_BYTES), 5)
    return np.pad(modulate(content, payload_rms=0.1).samples, (1024, 10_000))


def contents_in(path) -> int:
    receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
    receptions = receiver.push(np.fromfile(path, np.complex64)) + receiver.flush()
    assert all(reception.frames_lost == 0 for reception in receptions)
    return len(receptions)


def test_bursts_are_sent_whole_with_a_tail(tmp_path, burst):
    path = tmp_path / "air.cf32"
    with RadioSink(options(), f"file:{path}") as sink:
        for _ in range(3):
            sink.write(burst)
    report = sink.report()
    assert (report["bursts"], report["samples"]) == (3, 3 * burst.size)
    assert report["interrupted"] is False
    assert report["radio"]["underruns"] == 0
    assert report["radio"]["radio_rate_hz"] == RATE_HZ
    assert contents_in(path) == 3


def test_an_interruption_lets_the_burst_end(tmp_path, burst):
    path = tmp_path / "air.cf32"
    with RadioSink(options(), f"file:{path}") as sink:
        for number in range(1000):
            sink.write(burst)
            if number == 3:
                raise KeyboardInterrupt
    report = sink.report()
    assert report["interrupted"] is True
    assert 1 <= report["bursts"] <= 4
    assert contents_in(path) == report["bursts"]


def test_an_error_elsewhere_is_no_interruption(tmp_path, burst):
    def fail() -> None:
        with RadioSink(options(), f"file:{tmp_path / 'air.cf32'}") as sink:
            sink.write(burst)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_what_a_radio_receives_arrives_whole(tmp_path, burst):
    path = tmp_path / "air.cf32"
    np.tile(burst, 4).tofile(path)
    with RadioSource(options(), f"file:{path}") as source:
        samples = np.concatenate(list(source.chunks()))
    np.testing.assert_array_equal(samples, np.tile(burst, 4))
    assert source.report()["radio"]["discontinuities"] == 0


def test_a_duration_ends_reception(tmp_path):
    path = tmp_path / "air.cf32"
    np.zeros(1_000_000, np.complex64).tofile(path)
    with RadioSource(options("--duration", "0.25"), f"file:{path}") as source:
        assert sum(samples.size for samples in source.chunks()) == 250_000


class stream(gr.sync_block):  # noqa: N801 (a block)
    """Either end of a driver that works for a while."""

    def __init__(self, sends: bool, then: str) -> None:
        ends = ([np.complex64], None) if sends else (None, [np.complex64])
        gr.sync_block.__init__(self, "stream", *ends)
        self.left = 200_000
        self.then = then

    def work(self, input_items, output_items):
        """Called by the scheduler."""
        items = (input_items or output_items)[0]
        if self.left <= 0:
            if self.then == "raises":
                raise RuntimeError("the device was unplugged")
            return 0  # hangs
        count = min(len(items), self.left)
        if output_items:
            output_items[0][:count] = 0.25
        self.left -= count
        return count


@pytest.fixture(params=["raises", "hangs"])
def failing(request):
    """A kind of device that fails after 200,000 samples."""

    def open_one(settings, direction):
        block = stream(direction == radio_devices.TRANSMIT, request.param)
        return radio_devices.RadioDevice([block], settings.sample_rate_hz)

    radio_devices.register("failing", open_one)
    yield "failing:1"
    radio_devices._OPENERS.pop("failing")


def test_a_radio_that_fails_while_sending_is_one_line(failing, burst):
    sink = RadioSink(options("--timeout", "2"), failing)

    def send_many() -> None:
        with sink:
            for _ in range(1000):
                sink.write(burst)

    with pytest.raises(ImplicitJsccError, match=r"took no samples for 2 s"):
        send_many()
    assert sink.report()["bursts"] < 1000


def test_a_radio_that_fails_while_receiving_keeps_what_came(failing, caplog):
    with RadioSource(options("--timeout", "2"), failing) as source:
        received = sum(samples.size for samples in source.chunks())
    assert received == 200_000
    assert "no samples for 2 s" in caplog.text


def test_a_radio_of_another_rate_is_followed(tmp_path, burst):
    """The device takes 1.25 Msamples/s where 1 was asked for; so does the receiver's."""
    path = tmp_path / "air.cf32"

    def open_one(settings, direction):
        if direction == radio_devices.TRANSMIT:
            block = blocks.file_sink(gr.sizeof_gr_complex, str(path))
        else:
            block = blocks.file_source(gr.sizeof_gr_complex, str(path), False)
        return radio_devices.RadioDevice([block], 1.25e6)

    radio_devices.register("other", open_one)
    try:
        with RadioSink(options(), "other:1") as sink:
            sink.write(burst)
        assert sink.report()["radio"]["radio_rate_hz"] == 1.25e6
        assert path.stat().st_size > 8 * 1.25 * burst.size
        receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
        receptions = []
        with RadioSource(options(), "other:1") as source:
            for samples in source.chunks():
                receptions += receiver.push(samples)
        receptions += receiver.flush()
    finally:
        radio_devices._OPENERS.pop("other")
    assert [reception.frames_lost for reception in receptions] == [0]
    assert receptions[0].snr_db > 40
