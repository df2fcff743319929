# SPDX-License-Identifier: GPL-3.0-or-later
"""The radios' flowgraphs: without a radio, and dry."""

from __future__ import annotations

import re
import signal

import pytest

from implicitjscc.codec import metrics, sources
from implicitjscc.control.address import parse
from implicitjscc.control.client import ControlClient
from implicitjscc.errors import ImplicitJsccError

from ..waiting import eventually
from .conftest import ended

LIMIT_S = 90
RADIOS = {"usrp": "uhd", "hackrf": "soapy"}


@pytest.mark.parametrize("kind", RADIOS)
@pytest.mark.parametrize("direction", ["transmitter", "receiver"])
def test_without_the_radio_it_ends_with_one_line(start, tmp_path, encoded, kind, direction):
    pytest.importorskip(f"gnuradio.{RADIOS[kind]}")
    choice = {"content": encoded.path} if direction == "transmitter" else {}
    process = start(f"{kind}_{direction}", **choice)
    printed, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "Traceback" not in printed
    last = printed.splitlines()[-1]
    assert last.startswith(f"implicitjscc: {RADIOS[kind]}: no ")


def test_a_usrp_pair_dry_over_zeromq(start, finish, encoded, tmp_path, free_port):
    output = tmp_path / "received.png"
    dry_run = f"zmq:127.0.0.1:{free_port}"
    transmitter = start("usrp_transmitter", content=encoded.path, dry_run=dry_run, payload_rms=0.05)
    try:
        printed = finish("usrp_receiver", output=output, reference=encoded.source, dry_run=dry_run)
        assert transmitter.poll() is None, transmitter.communicate()[0]
    finally:
        transmitter.send_signal(signal.SIGTERM)
        said, _ = transmitter.communicate(timeout=LIMIT_S)
    assert transmitter.returncode == 0, said
    assert "rebuilt" in printed
    assert re.search(r"level -\d+\.\d dBFS, peak -\d+\.\d dBFS", said)
    assert metrics.psnr_db(encoded.image, sources.read_image(output)) > 20


def test_a_hackrf_pair_dry_through_a_file(start, finish, encoded, tmp_path):
    air, output = tmp_path / "air.cf32", tmp_path / "received.png"
    transmitter = start("hackrf_transmitter", content=encoded.path, dry_run=f"file:{air}")

    def written():
        assert transmitter.poll() is None, transmitter.communicate()[0]
        return air.exists() and air.stat().st_size

    # A second and a half of it: several turns of the carousel.
    eventually(lambda: written() >= 12_000_000, LIMIT_S)
    transmitter.send_signal(signal.SIGINT)
    said, _ = transmitter.communicate(timeout=LIMIT_S)
    assert transmitter.returncode == 0, said
    finish("hackrf_receiver", output=output, dry_run=f"file:{air}")
    assert metrics.psnr_db(encoded.image, sources.read_image(output)) > 20


@pytest.mark.parametrize("direction", ["transmitter", "receiver"])
def test_a_radio_is_watched_and_tuned(start, encoded, direction, free_port):
    """Level, clipped samples and what is sent are in the status; commands reach the radio."""
    loud = {"content": encoded.path, "payload_rms": 0.9}
    process = start(
        f"hackrf_{direction}",
        control=free_port,
        dry_run="sim:",
        **(loud if direction == "transmitter" else {}),
    )
    try:
        with ControlClient(parse(str(free_port)), 1.0) as control:

            def status():
                assert process.poll() is None, process.communicate()[0]
                try:
                    return control.request("status")
                except ImplicitJsccError:  # it is still starting
                    return {}

            eventually(lambda: status().get("radio"), LIMIT_S)
            if direction == "transmitter":
                eventually(lambda: status().get("turns", 0) > 1, LIMIT_S)
                told = status()
                assert told["contents"][0]["name"] == encoded.path.name
                assert told["radio"]["clipped_samples"] > 0
                assert -30 < told["radio"]["level_dbfs"] < 0
            control.request("gain", "VGA=22")
            control.request("gain", "nonsense=1e9")
            assert status()["radio"]["frequency_hz"] == 915e6
            control.request("frequency", 434e6)
            eventually(lambda: status()["radio"]["frequency_hz"] == 434e6, LIMIT_S)
            control.request("stop")
        printed = ended(process)
    finally:
        process.kill()
    assert "Traceback" not in printed
