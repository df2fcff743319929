# SPDX-License-Identifier: GPL-3.0-or-later
"""Level, waveforms, several contents and turns, and what comes of them at the receiver."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from implicitjscc.cli.main import parser
from implicitjscc.codec import container
from implicitjscc.phy.transmitter import modulate

from .conftest import Command, Files


def test_two_contents_take_turns_and_each_turn_improves_them(
    command: Command, files: Files, second: Path, tmp_path: Path
) -> None:
    recording = tmp_path / "tx.cf32"
    sent = command(
        *("transmit", files.container, second, "--to", f"file:{recording}", "--repeat", 3),
        *("--pause", 0.01, "--waveform", "robust", "--level-dbfs", -20, "--json"),
    )
    assert sent.status == 0, sent.errors
    assert sent.result["payload_rms"] == pytest.approx(0.1)
    assert (sent.result["waveform"], sent.result["turns"]) == ("robust", 3)
    names = [content["content_id"] for content in sent.result["contents"]]
    samples = np.fromfile(recording, "<c8")
    assert samples.size == sent.result["samples"]
    noise = np.random.default_rng(1).normal(size=(samples.size, 2)) @ np.array([1, 1j])
    (samples + 0.1 * 10 ** (-8 / 20) * noise).astype("<c8").tofile(recording)
    received = command(
        *("receive", "--from", f"file:{recording}", "-o", tmp_path / "out.png", "--json"),
        *("--waveform", "robust", "--reference", files.picture),
    )
    assert received.status == 0, received.errors
    result = received.result
    assert result["counters"]["combined"] == 4
    assert sorted(one["content_id"] for one in result["results"]) == sorted(names)
    for one in result["results"]:
        assert one["receptions"] == 3
        assert one["snr_db"] == pytest.approx(8 + 4.77, abs=0.3)
        assert (tmp_path / f"out-{one['content_id']}.png").exists()
    assert "3 receptions together" in received.errors


def test_a_receiver_of_another_waveform_says_which_is_sent(
    command: Command, files: Files, tmp_path: Path
) -> None:
    recording = f"file:{tmp_path / 'tx.cf32'}"
    assert command("transmit", files.container, "--to", recording, "--waveform", "fast").status == 0
    done = command("receive", "--from", recording, "-o", tmp_path / "out.png")
    assert done.status == 1
    assert "is sent in waveform fast (" in done.errors.splitlines()[0]
    assert "1 other waveform" in done.errors.splitlines()[-1]


def test_a_header_of_another_version_is_refused_with_a_line(
    command: Command, files: Files, tmp_path: Path
) -> None:
    content = container.load(files.container).content()
    recording = tmp_path / "tx.cf32"
    with mock.patch("implicitjscc.phy.header.VERSION", 2):
        burst = modulate(content).samples
    np.pad(burst, (3_000, 9_000)).astype("<c8").tofile(recording)
    done = command("receive", "--from", f"file:{recording}", "-o", tmp_path / "out.png")
    assert done.status == 1
    assert "refused: the header's version 2 is newer than 1" in done.errors.splitlines()[0]
    assert not (tmp_path / "out.png").exists()


def test_peaks_above_full_scale_are_said_and_clipped_where_asked_for(
    command: Command, files: Files, tmp_path: Path
) -> None:
    end = f"file:{tmp_path / 'tx.cf32'}"
    done = command("transmit", files.container, "--to", end, "--level-dbfs", -3, "--json")
    assert done.status == 0, done.errors
    assert "peaks are above full scale" in done.errors
    assert done.result["papr_db"] > 10
    clipped = command(
        *("transmit", files.container, "--to", end, "--level-dbfs", -9, "--clip-db", 9, "--json"),
        *("--samples-per-symbol", 4),
    )
    assert clipped.status == 0, clipped.errors
    assert clipped.result["papr_db"] == pytest.approx(9, abs=0.01)
    assert clipped.result["samples_per_symbol"] == 4
    assert clipped.result["clipped"] > 0
    assert f"{clipped.result['clipping_snr_db']:.1f} dB of signal to distortion" in clipped.errors


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["loopback", "x", "--cfo-hz", "-1e3"], -1000.0),
        (["loopback", "x", "--cfo-hz", "-.5E2"], -50.0),
        (["loopback", "x", "--cfo-hz=-7"], -7.0),
    ],
)
def test_negative_numbers_with_an_exponent(arguments: list[str], value: float) -> None:
    assert parser().parse_args(arguments).cfo_hz == value


def test_a_range_that_begins_below_zero() -> None:
    options = parser().parse_args(["encode", "x", "-o", "y", "--snr", "-5:20"])
    assert options.snr == (-5.0, 20.0)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--level-dbfs", "3"), ("--level-dbfs", "nan"), ("--pause", "-1"), ("--clip-db", "0")],
)
def test_values_that_cannot_be(option: str, value: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["transmit", "x", "--to", "file:y", option, value])
    assert ended.value.code == 2
