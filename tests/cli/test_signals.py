# SPDX-License-Identifier: GPL-3.0-or-later
"""Audio and arrays through the same commands as pictures."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from implicitjscc.errors import ImplicitJsccError

from .conftest import Command, Files, Signals

ENCODING = ("--snr", 15, "--steps", 60, "--json")


def round_trip(command: Command, source: Path, output: Path, *options: object) -> dict:
    """encode, info, simulate, transmit, receive; receive's result and what info said."""
    folder = output.parent
    container, samples = folder / "x.ijscc", f"file:{folder / 'x.cf32'}"
    encoded = command("encode", source, "-o", container, *ENCODING, *options)
    assert encoded.status == 0, encoded.errors
    simulated = command("simulate", container, "--reference", source, "--trials", 2, "--json")
    assert simulated.status == 0, simulated.errors
    (quality,) = simulated.result["results"]
    assert quality["psnr_db"] == pytest.approx(encoded.result["psnr_db"], abs=3)
    assert quality["ms_ssim_db"] is None
    assert command("transmit", container, "--to", samples).status == 0
    received = command("receive", "--from", samples, "-o", output, "--reference", source, "--json")
    assert received.status == 0, received.errors
    return {**received.result, "info": command("info", container, "--json").result}


@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_audio(command: Command, signals: Signals, tmp_path: Path, ending: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    output = tmp_path / f"received{ending}"
    result = round_trip(command, signals.audio, output)
    assert result["psnr_db"] > 30
    found = soundfile.info(output)
    assert (found.frames, found.channels, found.samplerate) == (8001, 2, 16_000)
    assert found.subtype == "PCM_16"
    facts = result["info"]
    assert (facts["kind"], facts["dimensions"], facts["sample_rate_hz"]) == ("audio", 1, 16_000)
    assert facts["bandwidth_ratio"] == pytest.approx(1.1796875, abs=1e-4)


def test_an_array(command: Command, signals: Signals, tmp_path: Path) -> None:
    output = tmp_path / "received.npy"
    result = round_trip(command, signals.array, output, "--bandwidth-ratio", 2)
    assert result["psnr_db"] > 20
    array = np.load(output)
    assert (array.dtype, array.shape) == (np.int16, (40, 55))
    assert result["info"]["kind"] == "array_int16"


def test_a_signal_of_one_dimension(command: Command, tmp_path: Path) -> None:
    source, output = tmp_path / "in.npy", tmp_path / "out.npy"
    np.save(source, 5e3 + 100 * np.sin(np.arange(4001) / 15))
    assert round_trip(command, source, output)["psnr_db"] > 20
    assert np.load(output).shape == (4001,)


def test_an_ending_that_does_not_fit_is_changed(
    command: Command, signals: Signals, tmp_path: Path
) -> None:
    """Before it is received nobody knows what it is; and what was received is not thrown away."""
    pytest.importorskip("soundfile")
    result = round_trip(command, signals.audio, tmp_path / "received.png")
    assert result["output"] == str(tmp_path / "received.wav")
    assert (tmp_path / "received.wav").exists()


def test_pictures_of_a_signals_symbols(command: Command, signals: Signals, tmp_path: Path) -> None:
    container = tmp_path / "x.ijscc"
    assert command("encode", signals.audio, "-o", container, "--steps", 1).status == 0
    done = command("info", container, "--pictures", tmp_path / "p", "--json")
    assert done.status == 0, done.errors
    assert len(done.result["pictures"]) == 3 * done.result["levels"]


def test_a_wave_file_through_gnu_radio(command: Command, signals: Signals, tmp_path: Path) -> None:
    pytest.importorskip("gnuradio.gr")
    soundfile = pytest.importorskip("soundfile")
    output = tmp_path / "received.wav"
    done = command("loopback", signals.audio, "-o", output, "--cfo-hz", 4000, *ENCODING)
    assert done.status == 0, done.errors
    assert done.result["psnr_db"] > 30
    assert done.result["frames_lost"] == 0
    assert soundfile.info(output).frames == 8001


def test_what_cannot_be_done_says_why_in_one_line(
    command: Command, files: Files, signals: Signals, tmp_path: Path
) -> None:
    np.save(tmp_path / "complex.npy", np.zeros(100, np.complex64))
    np.save(tmp_path / "nan.npy", np.full(100, np.nan))
    (tmp_path / "text.wav").write_text("text")
    to = ["-o", tmp_path / "out.ijscc"]
    cases = [
        (["encode", tmp_path / "complex.npy", *to], "complex64"),
        (["encode", tmp_path / "nan.npy", *to], "not finite"),
        (["encode", tmp_path / "text.wav", *to], "cannot be read"),
        (["encode", signals.audio, *to, "--bandwidth-ratio", "1/2"], "the least that can is"),
        (["simulate", files.container, "--reference", signals.audio], "the reference is"),
        (["receive", "--from", "file:x", "-o", tmp_path / "out.ogg"], "names no format"),
    ]
    before = set(tmp_path.iterdir())
    for arguments, reason in cases:
        done = command(*arguments, "--json")
        assert (done.status, done.output) == (1, ""), arguments
        assert reason in done.errors, (arguments, done.errors)
        assert len(done.errors.splitlines()) == 1, done.errors
    assert set(tmp_path.iterdir()) == before


def test_loopback_refuses_an_ending_before_it_encodes(
    command: Command, signals: Signals, tmp_path: Path
) -> None:
    pytest.importorskip("gnuradio.gr")
    done = command("loopback", signals.audio, "-o", tmp_path / "x.png", "--preset", "paper")
    assert done.status == 1
    assert "names no format of audio, .wav would" in done.errors.splitlines()[-1]


def test_fitting_paths(caplog: pytest.LogCaptureFixture) -> None:
    from implicitjscc.codec import sources

    audio = sources.Audio.of(np.zeros((20, 1)), 8000)
    array = sources.Array.of(np.zeros(20))
    image = sources.Image(np.zeros((16, 16, 1), np.uint8))
    with caplog.at_level(logging.WARNING):
        assert sources.fitting_path("a/x.FLAC", audio) == Path("a/x.FLAC")
        assert not caplog.records
        assert sources.fitting_path("a/x.png", array) == Path("a/x.npy")
        assert sources.fitting_path("a/x.npy", image) == Path("a/x.png")
    assert len(caplog.records) == 2
    for path, source in (("x", None), ("x.ogg", audio), ("x.tif", array), ("x.wav", image)):
        with pytest.raises(ImplicitJsccError, match="names no format"):
            sources.check_ending(path, source)
