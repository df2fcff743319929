# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios on the command line: options, and machines without a radio."""

from __future__ import annotations

import os

import pytest

from implicitjscc.cli.driver_console import DriverConsole
from implicitjscc.cli.main import main, parser
from implicitjscc.cli.radio_options import radio_arguments
from implicitjscc.errors import ImplicitJsccError


def options(*words: str):
    return parser().parse_args(["transmit", "x.ijscc", "--to", "uhd:", *words])


def test_what_the_radio_is_made_with():
    parsed = options(
        *("--frequency-hz", "915e6", "--gain", "LNA=16,VGA=20", "--antenna", "RX2"),
        *("--lo-offset-hz", "-500000", "--ppm", "-12", "--sample-rate", "1e6"),
    )
    arguments = radio_arguments(parsed, "soapy:driver=hackrf")
    assert arguments == {
        "device": "soapy:driver=hackrf",
        "frequency": 915e6,
        "sample_rate": 1e6,
        "gain": "LNA=16,VGA=20",
        "radio_rate": 0.0,
        "antenna": "RX2",
        "bandwidth": 0.0,
        "lo_offset": -5e5,
        "ppm": -12.0,
    }
    parsed = options("--frequency-hz", "915e6", "--gain-db", "0")
    assert radio_arguments(parsed, "uhd:")["gain"] == 0.0


@pytest.mark.parametrize("words", [(), ("--frequency-hz", "1e9", "--gain", "3", "--gain-db", "3")])
def test_options_that_do_not_suffice(words):
    with pytest.raises(ImplicitJsccError):
        radio_arguments(options(*words), "uhd:")


@pytest.mark.parametrize("words", [("--frequency-hz", "-1"), ("--ppm", "nan"), ("--duration", "0")])
def test_options_that_make_no_sense(words, capsys):
    with pytest.raises(SystemExit):
        options(*words)


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("uhd:type=b200,serial=none", "no USRP answers"),
        ("soapy:driver=hackrf", "no radio answers"),
        ("osmosdr:hackrf=0", "osmosdr"),
    ],
)
def test_no_radio_is_one_line(encoded, tmp_path, capfd, end, says):
    pytest.importorskip("gnuradio.gr")
    if not end.startswith("osmosdr"):
        pytest.importorskip(f"gnuradio.{end.partition(':')[0]}")
    for words in (
        ("transmit", encoded.path, "--to", end),
        ("receive", "--from", end, "-o", tmp_path / "x.png"),
    ):
        assert main([*map(str, words), "--frequency-hz", "915e6", "--json"]) == 1
        printed = capfd.readouterr()
        assert printed.out == ""
        assert says in printed.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_letters_of_a_driver_are_counted_and_passed_on(capfd):
    console = DriverConsole()
    console.start()
    os.write(2, b"sUsUtPsO")
    os.write(2, b"\nusual words, GasU, sUn\nsU")
    console.stop()
    assert console.counts == {"sU": 4, "tP": 1, "sO": 1}
    assert capfd.readouterr().err == "sUsUtPsO\nusual words, GasU, sUn\nsU"
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
    assert console.counts["sU"] == 4
