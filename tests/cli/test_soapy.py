# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, gr-soapy and SoapySDR, down to a driver whose radio is a file.

The driver, ``soapy_radio.cpp``, is built here; its radio has a HackRF's rates and gains.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from implicitjscc.cli.main import main
from implicitjscc.phy.receiver import BurstReceiver

from ..waiting import eventually
from .conftest import Files

pytest.importorskip("gnuradio.soapy")

RATE_HZ = 1e6
RADIO = ("--sample-rate", "1e6", "--frequency-hz", "915e6")
LIMIT_S = 90


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> Path:
    """The driver, as a library."""
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    library = tmp_path_factory.mktemp("soapy") / "libimplicitjsccRadio.so"
    source = Path(__file__).with_name("soapy_radio.cpp")
    command = [compiler, "-std=c++17", "-O1", "-shared", "-fPIC", str(source)]
    command += ["-o", str(library)]
    probe = subprocess.run(
        [compiler, "-x", "c++", "-fsyntax-only", "-"],
        input="#include <SoapySDR/Device.hpp>\n",
        capture_output=True,
        text=True,
    )
    if probe.returncode:
        pytest.skip("SoapySDR's headers (libsoapysdr-dev) are not installed")
    for linked in ("-lSoapySDR", "-l:libSoapySDR.so.0.8"):
        done = subprocess.run([*command, linked], capture_output=True, text=True)
        if done.returncode == 0:
            return library
    pytest.fail(done.stderr)


@pytest.fixture
def begin(driver, start):
    """begin(*words) starts a command that finds the driver; none outlives its test."""
    return lambda *words: start(words, SOAPY_SDR_PLUGIN_PATH=str(driver.parent))


@pytest.fixture
def finish(driver, capfd):
    """finish(*words) runs a command here: its JSON and what it said."""
    ctypes.CDLL(str(driver))  # which makes the driver known to this process

    def finish_command(*words: object, status: int = 0):
        assert main([*map(str, words), "--json"]) == status
        printed = capfd.readouterr()
        return (json.loads(printed.out) if status == 0 else {}), printed.err

    return finish_command


def end(**arguments: object) -> str:
    settings = ",".join(f"{name}={value}" for name, value in arguments.items())
    return f"soapy:driver=implicitjscc,{settings}"


def at_waveform_rate(path: Path) -> np.ndarray:
    """A recording at 2 Msamples/s, whose signal lies at +500 kHz, brought back crudely."""
    samples = np.fromfile(path, np.complex64)
    turned = samples * np.exp(-0.5j * np.pi * (np.arange(samples.size) % 4))
    spectrum = np.fft.fft(turned)
    kept = samples.size // 4
    spectrum[kept:-kept] = 0
    return np.fft.ifft(spectrum)[::2].astype(np.complex64)


def test_a_picture_goes_from_radio_to_radio(finish, files: Files, tmp_path):
    air, picture = tmp_path / "air.cf32", tmp_path / "x.png"
    sent, said = finish(
        *("transmit", files.container, "--to", end(out=air, short=1000, underflow_at=20_000)),
        *(*RADIO, "--gain", "VGA=23", "--payload-rms", 0.05),
    )
    radio = sent["radio"]
    assert radio["radio_rate_hz"] == 2e6  # the least that such a radio has
    assert radio["oscillator_hz"] == 914.5e6
    assert radio["gain_db"] == {"VGA": 22.0, "AMP": 0.0}  # in steps of 2 dB
    assert radio["underruns"] == 1
    assert radio["clipped_samples"] == 0
    assert (sent["bursts"], sent["interrupted"]) == (1, False)
    assert "sU" in said
    samples = np.fromfile(air, np.complex64)
    assert samples.size > 2 * sent["samples"] + 131_072
    assert np.abs(samples[-131_072:]).max() < 1e-6
    received, _ = finish(
        *("receive", "--from", end(**{"in": air}), *RADIO, "-o", picture, "--timeout", 5),
        *("--reference", files.picture, "--antenna", "TX/RX", "--bandwidth-hz", 1.75e6),
    )
    assert received["psnr_db"] > 20
    assert received["snr_db"] > 35
    assert received["frames_lost"] == 0
    radio = received["radio"]
    assert radio["gain_db"] == {"LNA": 16.0, "AMP": 0.0, "VGA": 20.0}
    assert (radio["discontinuities"], radio["bandwidth_hz"]) == (0, 1.75e6)


def test_overruns_are_counted_and_the_next_burst_is_whole(finish, files: Files, tmp_path):
    air = tmp_path / "air.cf32"
    finish(
        *("transmit", files.container, "--to", end(out=air), *RADIO),
        *("--payload-rms", 0.05, "--repeat", 2),
    )
    received, said = finish(
        *("receive", "--from", end(**{"in": air, "overflow_at": 30_000, "lost": 3001}), *RADIO),
        *("-o", tmp_path / "x.png", "--timeout", 4, "--contents", 5),
    )
    assert "sO" in said
    assert received["radio"]["discontinuities"] == 1
    assert received["radio"]["discontinuities_of_unknown_length"] == 1
    assert received["counters"]["discontinuities"] == 1
    assert received["frames_lost"] == 0  # of the better one of the two


def test_a_radio_that_is_unplugged(finish, files: Files, tmp_path):
    air = tmp_path / "air.cf32"
    _, said = finish(
        *("transmit", files.container, "--to", end(out=air, throw_at=300_000), *RADIO),
        *("--repeat", 50, "--timeout", 1),
        status=1,
    )
    assert "took no samples for 1 s; is it still there?" in said.splitlines()[-1]
    _, said = finish(
        *("receive", "--from", end(**{"in": air, "throw_at": 1}), *RADIO),
        *("-o", tmp_path / "x.png", "--timeout", 1),
        status=1,
    )
    assert "nothing was received" in said.splitlines()[-1]


def test_a_rate_that_is_not_what_was_asked_for(finish, files: Files, tmp_path):
    air = tmp_path / "air.cf32"
    sent, _ = finish(
        *("transmit", files.container, "--to", end(out=air, rate_error_ppm=500), *RADIO),
        *("--payload-rms", 0.05),
    )
    assert sent["radio"]["radio_rate_hz"] == pytest.approx(2.001e6)
    received, _ = finish(
        *("receive", "--from", end(**{"in": air, "rate_error_ppm": 500}), *RADIO),
        *("-o", tmp_path / "x.png", "--timeout", 5),
    )
    assert received["sro_ppm"] == pytest.approx(0, abs=1)
    assert received["frames_lost"] == 0


def test_gr_osmosdr(finish, files: Files, tmp_path):
    pytest.importorskip("osmosdr", reason="gr-osmosdr is not installed")
    air = tmp_path / "air.cf32"
    radio = "osmosdr:soapy=0,driver=implicitjscc"
    sent, _ = finish(
        *("transmit", files.container, "--to", f"{radio},out={air}", *RADIO),
        *("--payload-rms", 0.05, "--gain", "VGA=21"),
    )
    assert sent["radio"]["gain_db"]["VGA"] == 20.0
    assert sent["radio"]["oscillator_hz"] == 914.5e6
    received, _ = finish(
        *("receive", "--from", f"{radio},in={air}", *RADIO),
        *("-o", tmp_path / "x.png", "--timeout", 5),
    )
    assert received["frames_lost"] == 0
    assert sum(received["radio"]["gain_db"].values()) > 10  # a start value


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--gain", "LOUD=3"), "has no gain LOUD, only VGA, AMP"),
        (("--antenna", "J7"), "J7"),
        (("--radio-rate", "1.1e6"), "Unsupported sample rate"),
        (("--radio-rate", "0.5e6"), "Unsupported sample rate"),
        (("--frequency-hz", "90e9"), "cannot tune to 89999.5 MHz, only 1 to 6000 MHz"),
    ],
)
def test_what_the_radio_does_not_have(finish, files: Files, tmp_path, words, says):
    _, said = finish(
        *("transmit", files.container, "--to", end(out=tmp_path / "x.cf32"), *RADIO, *words),
        status=1,
    )
    assert says in said.splitlines()[-1]


def test_ctrl_c_ends_the_burst_and_the_tail(begin, files: Files, tmp_path):
    air = tmp_path / "air.cf32"
    process = begin(
        *("transmit", files.container, "--to", end(out=air, paced=1), *RADIO),
        *("--repeat", 10_000, "--payload-rms", 0.05, "--json"),
    )
    for line in process.stderr:
        if "oscillator at" in line:
            break
    eventually(lambda: air.exists() and air.stat().st_size >= 2_000_000, LIMIT_S)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said
    sent = json.loads(printed)
    assert sent["interrupted"] is True
    assert 1 <= sent["bursts"] < 1000
    samples = at_waveform_rate(air)
    receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
    receptions = receiver.push(samples) + receiver.flush()
    assert len(receptions) == sent["bursts"]
    assert all(reception.frames_lost == 0 for reception in receptions)
    assert np.abs(np.fromfile(air, np.complex64)[-131_072:]).max() < 1e-6
    assert os.path.getsize(air) % 8 == 0
