# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraphs of the tree, headless, from an .ijscc file to a picture file."""

from __future__ import annotations

import re
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest
import yaml
import zmq

from implicitjscc.cli.status_view import lines
from implicitjscc.codec import decoder, metrics, sources, symbol_channel
from implicitjscc.control.address import parse
from implicitjscc.control.client import ControlClient
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.reader import SigmfReader

from ..waiting import eventually
from .conftest import ended

LIMIT_S = 90
WITH_WINDOWS = ("broadcast_receiver", "digital_reference", "teaching_loopback")
HEADLESS = (
    "awgn_loopback",
    "broadcast_transmitter",
    "hackrf_receiver",
    "hackrf_transmitter",
    "impaired_loopback",
    "sigmf_player",
    "sigmf_recorder",
    "usrp_receiver",
    "usrp_transmitter",
    "zmq_receiver",
    "zmq_transmitter",
)


def simulated_psnr_db(encoded, snr_db: float) -> tuple[float, float]:
    """Mean and spread of the PSNR over the ideal channel, as `simulate` has them."""
    results = [
        metrics.psnr_db(
            encoded.image,
            decoder.decode(symbol_channel.awgn(encoded.content, snr_db, seed=seed)).source,
        )
        for seed in range(6)
    ]
    return float(np.mean(results)), float(np.std(results))


def assert_near(psnr_db: float, encoded, snr_db: float, loss_db: float) -> None:
    mean, spread = simulated_psnr_db(encoded, snr_db)
    margin = loss_db + 4 * spread
    assert mean - margin < psnr_db < mean + margin


def psnr_of(path, encoded) -> float:
    return metrics.psnr_db(encoded.image, sources.read_image(path))


def test_every_flowgraph_is_tested(programs):
    assert sorted(programs) == sorted(HEADLESS + WITH_WINDOWS)


@pytest.mark.parametrize("name", HEADLESS + WITH_WINDOWS)
def test_a_flowgraph_says_what_one_sees(root, name):
    graph = yaml.safe_load((root / "flowgraphs" / f"{name}.grc").read_text())
    notes = [block for block in graph["blocks"] if block["id"] == "note"]
    assert len(notes) == 1
    assert len(notes[0]["parameters"]["comment"]) > 100
    assert graph["metadata"]["file_format"] == 1
    kind = "no_gui" if name in HEADLESS else "qt_gui"
    assert graph["options"]["parameters"]["generate_options"] == kind
    # Blocks that came, or changed their names, after the oldest GNU Radio that is supported.
    assert "throttle2" not in (root / "flowgraphs" / f"{name}.grc").read_text()


@pytest.mark.parametrize("snr_db", [8, 30])
def test_awgn_loopback(finish, encoded, tmp_path, snr_db):
    output = tmp_path / "received.png"
    printed = finish(
        "awgn_loopback",
        content=encoded.path,
        output=output,
        reference=encoded.source,
        snr_db=snr_db,
    )
    psnr_db = psnr_of(output, encoded)
    assert_near(psnr_db, encoded, snr_db, 0.3)
    assert f"PSNR {psnr_db:.2f} dB" in printed


@pytest.mark.parametrize(("snr_db", "cfo_hz", "sro_ppm"), [(20, 0, 0), (12, -9000, 20)])
def test_impaired_loopback(finish, encoded, tmp_path, snr_db, cfo_hz, sro_ppm):
    output = tmp_path / "received.png"
    printed = finish(
        "impaired_loopback",
        content=encoded.path,
        output=output,
        reference=encoded.source,
        snr_db=snr_db,
        cfo_hz=cfo_hz,
        sro_ppm=sro_ppm,
    )
    assert_near(psnr_of(output, encoded), encoded, snr_db, 1.0)
    measured = re.search(r"at SNR ([-\d.]+) dB", printed)
    assert measured is not None
    assert float(measured[1]) == pytest.approx(snr_db, abs=0.7)


def test_a_pair_over_zeromq(start, finish, encoded, tmp_path, free_port):
    output = tmp_path / "received.png"
    address = f"tcp://127.0.0.1:{free_port}"
    transmitter = start("zmq_transmitter", content=encoded.path, address=address)
    try:
        finish(
            "zmq_receiver",
            output=output,
            reference=encoded.source,
            address=address,
            contents=2,
        )
        assert transmitter.poll() is None, transmitter.communicate()[0]
    finally:
        transmitter.send_signal(signal.SIGTERM)
        printed, _ = transmitter.communicate(timeout=LIMIT_S)
    assert transmitter.returncode == 0, printed
    assert_near(psnr_of(output, encoded), encoded, 40, 1.0)  # no noise on this wire


def test_a_recording_is_played(start, finish, encoded, tmp_path, free_port):
    recording, output = tmp_path / "air", tmp_path / "received.png"
    address = f"127.0.0.1:{free_port}"
    transmitter = start("zmq_transmitter", content=encoded.path, address=f"tcp://{address}")
    try:
        finish("sigmf_recorder", device=f"zmq:{address}", recording=recording, seconds=1.5)
        assert transmitter.poll() is None, transmitter.communicate()[0]
    finally:
        transmitter.kill()
        transmitter.communicate()
    kept = SigmfReader(str(recording), verify=True)
    assert kept.samples == 1_500_000
    assert kept.recorded.datatype.name == "ci16_le"
    printed = finish("sigmf_player", recording=recording, output=output, reference=encoded.source)
    assert_near(psnr_of(output, encoded), encoded, 40, 1.0)
    assert "rebuilt" in printed


def test_a_missing_recording_is_named(start, tmp_path):
    process = start("sigmf_player", recording=tmp_path / "none")
    printed, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert printed.splitlines()[-1].startswith("implicitjscc: ")
    assert "none.sigmf-meta" in printed.splitlines()[-1]


def test_a_receiver_outlives_its_transmitter(start, encoded, tmp_path, free_port):
    output = tmp_path / "received.png"
    address = f"tcp://127.0.0.1:{free_port}"
    receiver = start("zmq_receiver", output=output, address=address, contents=0)
    transmitter = start("zmq_transmitter", content=encoded.path, address=address)
    lines: list[str] = []
    assert receiver.stdout is not None
    try:
        while not any("rebuilt" in line for line in lines):
            lines.append(receiver.stdout.readline())
            assert lines[-1], lines
        transmitter.kill()
        while not any("the stream has stopped" in line for line in lines):
            lines.append(receiver.stdout.readline())
            assert lines[-1], lines
        assert receiver.poll() is None
    finally:
        transmitter.kill()
        transmitter.communicate()
        receiver.send_signal(signal.SIGINT)
        receiver.communicate(timeout=LIMIT_S)
    assert receiver.returncode == 0
    assert output.exists()


def test_what_they_cannot_use_ends_them_with_one_line(start, encoded, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("neither a picture nor a container")
    content, none, folder = encoded.path, tmp_path / "none", tmp_path
    cases = (
        ("awgn_loopback", {"content": none}, none),
        ("zmq_transmitter", {"content": folder}, folder),
        ("teaching_loopback", {"content": text}, text),
        ("digital_reference", {"content": content, "reference": none}, none),
        ("zmq_receiver", {"reference": text}, text),
        ("impaired_loopback", {"content": content, "output": none / "received.png"}, none),
        ("zmq_transmitter", {"content": content, "control": "port"}, "port"),
    )
    started = [(start(name, **options), named) for name, options, named in cases]
    for process, named in started:
        printed, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 1, printed
        assert "Traceback" not in printed
        last = printed.splitlines()[-1]
        assert last.startswith("implicitjscc: ")
        assert str(named) in last


def test_a_transmitter_is_commanded(start, encoded, tmp_path, free_port):
    """Level, content and end of a flowgraph of Companion's, by its Control Server."""
    with ControlClient(parse(str(free_port))) as control:
        process = start(
            "zmq_transmitter",
            content=encoded.path,
            address=f"ipc://{tmp_path / 'air'}",
            control=free_port,
        )
        try:
            end = time.monotonic() + LIMIT_S
            while True:
                try:
                    status = control.request("status")
                    break
                except ImplicitJsccError:
                    assert process.poll() is None, process.communicate()[0]
                    assert time.monotonic() < end
            assert status["role"] == "zmq_transmitter"
            eventually(lambda: control.request("status").get("turns", 0) >= 2, LIMIT_S)
            status = control.request("status")
            assert status["contents"] == [
                {
                    "content_id": f"{encoded.content.content_id:08x}",
                    "name": encoded.path.name,
                    "frames": status["contents"][0]["frames"],
                    "peak_dbfs": pytest.approx(0, abs=5),
                }
            ]
            assert status["state"] == "on air"
            assert status["on_air"] == status["contents"][0]
            assert status["bursts"] >= status["turns"]
            assert status["samples"] > 20_000
            assert status["level_dbfs"] == pytest.approx(-12)
            assert status["queue"] == {"waiting": 0, "dropped": 0}
            shown = "\n".join(lines(status))
            assert f"on air    content {status['on_air']['content_id']}" in shown
            with zmq_samples(tmp_path / "air") as samples:
                loud_db = samples()
                control.request("level", -42)
                end = time.monotonic() + LIMIT_S
                while not samples() < loud_db - 20:
                    assert time.monotonic() < end
            eventually(lambda: round(control.request("status")["level_dbfs"]) == -42, LIMIT_S)
            with pytest.raises(ImplicitJsccError, match="no such file"):
                control.request("content", "/nowhere.ijscc")
            control.request("content", str(encoded.path))
            control.request("stop")
            printed = ended(process)
        finally:
            process.kill()
        assert "Traceback" not in printed
        assert "rror" not in printed


@contextmanager
def zmq_samples(path):
    """A function that gives the power of the next samples on a socket, in dB."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(f"ipc://{path}")

        def power_db():
            found = np.empty(0, np.complex64)
            while found.size < 100_000:
                assert socket.poll(1000 * LIMIT_S)
                found = np.concatenate((found, np.frombuffer(socket.recv(), np.complex64)))
            return float(10 * np.log10(np.mean(np.abs(found) ** 2) + 1e-12))

        yield power_db
