# SPDX-License-Identifier: GPL-3.0-or-later
"""Transmitter and receiver as two processes, and the GNU Radio loopback."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from implicitjscc.channel import ChannelSettings
from implicitjscc.cli import channel_options
from implicitjscc.cli.main import parser
from implicitjscc.errors import ImplicitJsccError

from .conftest import Command, Files


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("receiver_first", [True, False])
def test_two_processes(
    start, files: Files, tmp_path: Path, port: int, receiver_first: bool
) -> None:
    end = f"zmq:tcp://127.0.0.1:{port}"
    transmit = ["transmit", files.container, "--to", end, "--json", "--sample-rate", 1e6]
    receive = ["receive", "--from", end, "-o", tmp_path / "x.png", "--json", "--timeout", 30]
    receive += ["--reference", files.picture]
    first, second = (receive, transmit) if receiver_first else (transmit, receive)
    processes = {tuple(arguments[:1]): start(arguments) for arguments in (first, second)}
    output, errors = processes["receive",].communicate(timeout=60)
    assert processes["receive",].returncode == 0, errors
    result = json.loads(output)
    assert (result["frames_lost"], result["contents"]) == (0, 1)
    assert result["psnr_db"] > 20
    _, errors = processes["transmit",].communicate(timeout=60)
    assert processes["transmit",].returncode == 0, errors


def test_a_killed_transmitter_leaves_the_receiver_alive(
    start, files: Files, tmp_path: Path, port: int
) -> None:
    end = f"zmq:tcp://127.0.0.1:{port}"
    receiver = start(
        ["receive", "--from", end, "-o", tmp_path / "x.png", "--timeout", 25, "--json"]
    )
    slow = start(["transmit", files.container, "--to", end, "--sample-rate", 1000])
    wait_for(receiver, "connected to the transmitter")
    slow.kill()
    slow.wait()
    wait_for(receiver, "the transmitter has gone")
    assert receiver.poll() is None
    # Another one takes its place, and the receiver is there for it.
    again = start(["transmit", files.container, "--to", end, "--sample-rate", 1e6])
    output, errors = receiver.communicate(timeout=60)
    assert receiver.returncode == 0, errors
    assert json.loads(output)["frames_lost"] == 0
    again.communicate(timeout=60)
    assert again.returncode == 0


def test_a_killed_receiver_leaves_the_transmitter_alive(
    start, files: Files, tmp_path: Path, port: int
) -> None:
    end = f"zmq:tcp://127.0.0.1:{port}"
    transmitter = start(
        ["transmit", files.container, "--to", end, "--sample-rate", 100_000, "--repeat", 4]
    )
    receiver = start(["receive", "--from", end, "-o", tmp_path / "x.png"])
    wait_for(transmitter, "a receiver has come")
    receiver.kill()
    receiver.wait()
    wait_for(transmitter, "the last receiver has gone")
    _, errors = transmitter.communicate(timeout=60)
    assert transmitter.returncode == 0, errors


def test_nobody_comes_and_nothing_comes(command: Command, files: Files, tmp_path: Path, port: int):
    end = f"zmq:tcp://127.0.0.1:{port}"
    alone = command("transmit", files.container, "--to", end, "--timeout", 1)
    assert alone.status == 1
    assert "no receiver came within 1 s" in alone.errors.splitlines()[-1]
    silent = command("receive", "--from", end, "-o", tmp_path / "x.png", "--timeout", 1)
    assert silent.status == 1
    assert "nothing was received" in silent.errors.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use(command: Command, files: Files) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        end = f"zmq:tcp://127.0.0.1:{taken.getsockname()[1]}"
        done = command("transmit", files.container, "--to", end, "--timeout", 2)
    assert done.status == 1
    assert "the address is in use" in done.errors.splitlines()[-1]


def test_loopback_of_a_container(command: Command, files: Files, tmp_path: Path) -> None:
    pytest.importorskip("gnuradio.gr")
    done = command(
        *("loopback", files.container, "--snr", 15, "--cfo-hz", 9000, "--sro-ppm", -12),
        *("--reference", files.picture, "-o", tmp_path / "x.png", "--json"),
    )
    assert done.status == 0, done.errors
    result = done.result
    assert (result["frames_lost"], result["header_errors"], result["contents"]) == (0, 0, 1)
    assert result["cfo_hz"] == pytest.approx(9000, abs=100)
    assert result["snr_db"] == pytest.approx(15, abs=0.6)
    assert result["psnr_db"] > 20
    assert {"samples", "overhead", "papr_db", "output"} <= result.keys()
    assert (tmp_path / "x.png").exists()


def test_loopback_through_a_worse_channel(command: Command, files: Files) -> None:
    pytest.importorskip("gnuradio.gr")
    done = command(
        *("loopback", files.container, "--snr", 20, "--repeat", 3, "--impairments", "--json"),
        *("--linewidth-hz", 1, "--cfo-hz", 50_000, "--drop-rate", 60),
        *("--channel", "tdl_d", "--delay-spread-s", 30e-9, "--doppler-hz", 2),
    )
    assert done.status == 0, done.errors
    result = done.result
    assert result["channel"] == "tdl_d"
    assert result["counters"]["dropped_samples"] > 0
    assert result["cfo_hz"] == pytest.approx(50_000, abs=200)
    assert result["snr_db"] < 20 + 4.77  # of three receptions


def test_every_option_of_the_channel_arrives() -> None:
    words = "loopback x.ijscc --snr 3 --cfo-hz 5 --sro-ppm -7 --channel tdl_c --doppler-hz 9"
    words += " --delay-spread-s 1e-6 --linewidth-hz 2 --loss 0.1 --drop-rate 4 --noise-seed 8"
    words += " --adc-rms-dbfs -18"
    options = parser().parse_args([*words.split(), "--impairments", "--sample-rate", "1e6"])
    assert channel_options.settings(options) == ChannelSettings(
        sample_rate_hz=1e6,
        snr_db=3.0,
        cfo_hz=5.0,
        sro_ppm=-7.0,
        multipath="tdl_c",
        doppler_hz=9.0,
        delay_spread_s=1e-6,
        linewidth_hz=2.0,
        loss=0.1,
        drop_rate=4.0,
        seed=8,
        adc_rms_dbfs=-18.0,
        bits=8,
        dc_dbc=-20.0,
        iq_gain_db=0.5,
        iq_phase_deg=2.0,
    )


@pytest.mark.parametrize("channel", ["awgn", "two_echoes", "0 0 0; 2 -6 90"])
def test_a_delay_spread_that_nothing_has_is_refused(channel: str) -> None:
    words = ["loopback", "x.ijscc", "--channel", channel, "--sample-rate", "1e6"]
    assert channel_options.settings(parser().parse_args(words)).delay_spread_s == 300e-9
    with pytest.raises(ImplicitJsccError, match="--delay-spread-s is that of --channel tdl_a"):
        channel_options.settings(parser().parse_args([*words, "--delay-spread-s", "1e-6"]))


def test_loopback_refuses_a_channel(command: Command, files: Files) -> None:
    done = command("loopback", files.container, "--channel", "tdl_x")
    assert done.status == 1
    assert len(done.errors.splitlines()) == 1


def test_loopback_of_a_picture(command: Command, files: Files) -> None:
    pytest.importorskip("gnuradio.gr")
    done = command("loopback", files.picture, "--snr", 15, "--steps", 30, "--json")
    assert done.status == 0, done.errors
    assert done.result["encode"]["steps"] == 30
    assert done.result["psnr_db"] > 15


def test_loopback_where_nothing_comes_through(command: Command, files: Files) -> None:
    pytest.importorskip("gnuradio.gr")
    done = command("loopback", files.container, "--snr", -30)
    assert done.status == 1
    assert "nothing came through" in done.errors.splitlines()[-1]


def wait_for(process, text: str) -> None:
    """Read a process's standard error until a line holds the text."""
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the process ended without saying {text!r}")
