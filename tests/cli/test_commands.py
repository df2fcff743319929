# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of the command line: keys, exit status, one line for what goes wrong."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from implicitjscc.channel import ChannelSettings, impair

from ..waiting import eventually
from .conftest import TIMEOUT_S, Command, Files

ENCODE_KEYS = {
    *("psnr_db", "snr_db", "steps", "encode_s", "step_ms", "bandwidth_ratio", "channel_uses"),
    *("parameter_channel_uses", "parameters", "macs_per_pixel", "engine"),
}
TRANSMIT_KEYS = {
    *("samples", "sample_rate_hz", "samples_per_symbol", "symbol_rate_hz", "frames", "overhead"),
    *("payload_rms", "papr_db"),
}
RECEIVE_KEYS = {
    *("psnr_db", "snr_db", "cfo_hz", "frames_received", "frames_lost", "header_errors"),
    *("contents", "output", "decoder"),
}


@pytest.fixture(scope="module")
def samples_file(command: Command, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "tx.cf32"
    done = command("transmit", files.container, "--to", f"file:{path}", "--json")
    assert done.status == 0, done.errors
    assert TRANSMIT_KEYS <= done.result.keys()
    assert path.stat().st_size == 8 * done.result["samples"]
    return path


def test_encode(command: Command, files: Files, tmp_path: Path) -> None:
    output = tmp_path / "x.ijscc"
    done = command(
        *("encode", files.picture, "-o", output, "--json", "--steps", 3, "--hidden-dim", 8),
        *("--bandwidth-ratio", "1/2", "--power-db", 1, "--seed", 9, "--no-noise-matrix"),
    )
    assert done.status == 0, done.errors
    assert ENCODE_KEYS <= done.result.keys()
    assert done.result["bandwidth_ratio"] == 0.5
    assert done.result["steps"] == 3
    info = command("info", output, "--json").result
    assert (info["hidden_dim"], info["seed"], info["noise_matrix"]) == (8, 9, False)
    # A power of the parameters' own: they are repeated.
    assert info["parameter_strategy"] == "repetition"
    assert {"kappa_lsm", "kappa_redu", "scales"} <= info.keys()
    assert list(tmp_path.iterdir()) == [output]


def test_search_and_its_profile(command: Command, files: Files, tmp_path: Path) -> None:
    profile, output = tmp_path / "p.json", tmp_path / "x.ijscc"
    search = [
        *("search", files.picture, "-o", profile, "--json", "--steps", 2, "--trials", 1),
        *("--bandwidth-ratio", "1/2", "--macs", 600, "--snr", 5),
    ]
    done = command(*search, "--candidates", 2)
    assert done.status == 0, done.errors
    assert (done.result["candidates"], done.result["ended"]) == (2, "budget used")
    assert done.result["macs_per_pixel"] <= 600
    assert done.errors.count("mult./pixel") == 2
    again = command(*search, "--candidates", 1)
    assert "2 candidates are known" in again.errors
    assert again.result["psnr_db"] >= done.result["psnr_db"]
    other = command(*search, "--candidates", 1, "--seed", 4)
    assert other.status == 1
    assert "another search" in other.errors

    encode = ["encode", files.picture, "-o", output, "--profile", profile, "--steps", 2, "--json"]
    assert command(*encode).result["snr_db"] == 5
    info = command("info", output, "--json").result
    assert info["level_channels"] == again.result["level_channels"]
    assert info["hidden_dim"] == again.result["hidden_dim"]
    assert info["bandwidth_ratio"] == 0.5
    done = command(*encode, "--hidden-dim", 7, "--snr", 8, "--level-channels", "1,2,1")
    assert done.status == 0, done.errors
    info = command("info", output, "--json").result
    assert (info["hidden_dim"], info["snr_db"], info["level_channels"]) == (7, 8, [1, 2, 1])


def test_bits_a_parameter(command: Command, files: Files, tmp_path: Path) -> None:
    """From the command line into a search, its profile, and a smaller container of it."""
    profile, output = tmp_path / "p.json", tmp_path / "x.ijscc"
    done = command(
        *("search", files.picture, "-o", profile, "--json", "--steps", 2, "--trials", 1),
        *("--candidates", 1, "--parameter-bits", 4.5, "--snr", 0),
    )
    assert done.status == 0, done.errors
    assert "4.5 bits" in done.errors
    assert done.result["parameter_bits"] == 4.5
    encode = ["encode", files.picture, "-o", output, "--steps", 2, "--json"]
    found = command(*encode, "--profile", profile).result
    assert found["bandwidth_ratio"] == done.result["bandwidth_ratio"]
    plain = command(*encode, "--snr", 0).result
    named = command(*encode, "--snr", 0, "--parameter-bits", 4.5).result
    assert named["channel_uses"] == found["channel_uses"] < plain["channel_uses"]


def test_ctrl_c_ends_a_search_with_the_best_so_far(start, files: Files, tmp_path: Path) -> None:
    profile = tmp_path / "p.json"
    process = start(["search", files.picture, "-o", profile, "--steps", 3, "--trials", 1, "--json"])
    eventually(profile.exists, TIMEOUT_S)
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert '"ended": "interrupted"' in text
    assert "Traceback" not in errors
    assert '"implicitjscc-profile"' in profile.read_text()


def test_a_range_of_snrs(command: Command, files: Files, tmp_path: Path) -> None:
    output = tmp_path / "x.ijscc"
    done = command("encode", files.picture, "-o", output, "--steps", 3, "--snr", "0:20", "--json")
    assert done.status == 0, done.errors
    assert (done.result["snr_db"], done.result["snr_range_db"]) == (10, [0, 20])


def test_info_and_its_pictures(command: Command, files: Files, tmp_path: Path) -> None:
    done = command("info", files.container, "--pictures", tmp_path / "p", "--json")
    assert done.status == 0, done.errors
    assert len(done.result["pictures"]) == 3 * done.result["levels"]
    assert done.result["parameter_strategy"] == "coded"
    assert done.result["modulation"] in ("QPSK", "16-QAM", "64-QAM")
    assert done.result["payload_bits"] == pytest.approx(
        done.result["bits_per_parameter"] * done.result["parameters"]
    )
    assert 0.15 <= done.result["code_rate"] <= 0.84
    finest = PillowImage.open(tmp_path / "p" / "level1-sent.png")
    assert finest.size == (128, 96)
    assert np.asarray(finest).std() > 5


def test_simulate(command: Command, files: Files) -> None:
    done = command(
        *("simulate", files.container, "--reference", files.picture, "--json"),
        *("--snr", 0, "--snr", 15, "--trials", 2),
    )
    assert done.status == 0, done.errors
    low, high = done.result["results"]
    assert (low["decoder"], high["decoder"]) == ("approximate", "exact")
    assert {"snr_db", "psnr_db", "psnr_std_db", "ms_ssim_db"} <= low.keys()
    assert low["psnr_db"] + 3 < high["psnr_db"]
    assert done.result["decode_ms"] > 0


def test_transmit_and_receive(
    command: Command, files: Files, samples_file: Path, tmp_path: Path
) -> None:
    samples = np.fromfile(samples_file, np.complex64)
    noisy = impair(samples, ChannelSettings(cfo_hz=8000.0, snr_db=15.0))
    noisy.tofile(tmp_path / "rx.cf32")
    done = command(
        *("receive", "--from", f"file:{tmp_path / 'rx.cf32'}", "-o", tmp_path / "rx.png"),
        *("--reference", files.picture, "--truth", files.container, "--snr", 15, "--json"),
    )
    assert done.status == 0, done.errors
    result = done.result
    assert RECEIVE_KEYS <= result.keys()
    assert (result["frames_lost"], result["header_errors"], result["contents"]) == (0, 0, 1)
    assert abs(result["es_n0_loss_db"]) < 0.2
    assert result["cfo_hz"] == pytest.approx(8000, abs=100)
    assert PillowImage.open(tmp_path / "rx.png").size == (128, 96)
    # One reception scatters: its mean against the ideal channel's is the benchmark's business.
    assert result["psnr_db"] > 20


def test_several_contents(command: Command, files: Files, samples_file: Path, tmp_path: Path):
    other = tmp_path / "other.ijscc"
    command("encode", files.picture, "-o", other, "--steps", 5, "--seed", 5)
    command("transmit", other, "--to", f"file:{tmp_path / 'other.cf32'}", "--repeat", 2)
    both = samples_file.read_bytes() + (tmp_path / "other.cf32").read_bytes()
    (tmp_path / "both.cf32").write_bytes(both)
    done = command(
        *("receive", "--from", f"file:{tmp_path / 'both.cf32'}", "-o", tmp_path / "out.png"),
        "--json",
    )
    assert done.status == 0, done.errors
    assert done.result["contents"] == 2
    names = {Path(result["output"]).name for result in done.result["results"]}
    assert names == {f"out-{r['content_id']}.png" for r in done.result["results"]}
    assert {path.name for path in tmp_path.glob("out*")} == names


def test_without_json_it_is_for_people(command: Command, files: Files) -> None:
    done = command("info", files.container)
    assert "bits_per_parameter: " in done.output
    assert "{" not in done.output


def failing(files: Files, folder: Path) -> list[tuple[list[object], str]]:
    """Commands that cannot be done, and a part of the line that says why."""
    (folder / "text.png").write_text("text")
    (folder / "empty.png").write_bytes(b"")
    (folder / "odd.cf32").write_bytes(bytes(13))
    (folder / "empty.cf32").write_bytes(b"")
    np.zeros(100_000, np.complex64).tofile(folder / "zeros.cf32")
    np.full(100_000, np.nan, np.complex64).tofile(folder / "nan.cf32")
    noise = np.random.default_rng(1).standard_normal(200_000).astype(np.float32)
    noise.tofile(folder / "noise.cf32")
    flipped = bytearray(files.container.read_bytes())
    flipped[-1000] ^= 4
    (folder / "flipped.ijscc").write_bytes(flipped)
    output = ["-o", folder / "out.ijscc"]
    to = ["--to", f"file:{folder / 'out.cf32'}"]
    receive: list[list[object]] = [
        ["receive", "--from", f"file:{folder / name}.cf32", "-o", folder / "out.png"]
        for name in ("odd", "empty", "zeros", "nan", "noise", "absent")
    ]
    reasons = ["8 bytes", "empty", "nothing was received", "invalid", "nothing was", "No such file"]
    return [
        (["encode", folder / "text.png", *output], "not a picture"),
        (["encode", folder / "empty.png", *output], "not a picture"),
        (["encode", folder / "absent.png", *output], "no such file"),
        (["encode", files.picture, "-o", folder / "absent" / "x.ijscc"], "no such folder"),
        (["encode", files.picture, *output, "--snr", "99"], "design SNR"),
        (["encode", files.picture, *output, "--bandwidth-ratio", "0.01"], "the least that can is"),
        (
            ["encode", files.picture, *output, "--power-db", "39", "--bandwidth-ratio", "0.3"],
            "no power",
        ),
        (["encode", files.picture, *output, "--snr", "0:99"], "must rise"),
        (["encode", files.picture, *output, "--level-channels", "1,0"], "the last above 0"),
        (["encode", files.picture, *output, "--profile", folder / "text.png"], "not a profile"),
        (["encode", files.picture, *output, "--profile", folder / "absent"], "no such file"),
        (
            [
                *("search", files.picture, "-o", folder / "p.json"),
                *("--macs", "20", "--bandwidth-ratio", "1"),
            ],
            "the least found is",
        ),
        (["search", files.picture, "-o", folder / "p.json", "--moves", "up"], "no move 'up'"),
        (["search", files.picture, "-o", folder / "text.png"], "not a profile"),
        (
            ["encode", files.picture, *output, "--parameters", "coded", "--kappa-lsm", "3"],
            "no repetition factors",
        ),
        (
            ["encode", files.picture, *output, "--parameter-bits", "5", "--power-db", "3"],
            "have no bits",
        ),
        (["encode", files.picture, *output, "--parameter-bits", "11"], "from 4 to 10"),
        (["info", folder / "flipped.ijscc"], "checksum"),
        (["transmit", folder / "flipped.ijscc", *to], "checksum"),
        (["transmit", files.container, "--to", "carrier-pigeon:x"], "unknown scheme"),
        (["transmit", files.container, "--to", "file:"], "where"),
        (["transmit", files.container, "--to", "uhd:"], "--frequency-hz"),
        (["receive", "--from", "x", "-o", folder / "out.png"], "unknown scheme"),
        (["receive", "--from", "file:x", "-o", folder / "out.xyz"], "names no format"),
        (["simulate", files.container, "--reference", folder / "text.png"], "not a picture"),
        *zip(receive, reasons, strict=True),
    ]


def test_what_cannot_be_done_says_why_in_one_line(
    command: Command, files: Files, tmp_path: Path
) -> None:
    cases = failing(files, tmp_path)
    before = set(tmp_path.iterdir())
    for arguments, reason in cases:
        done = command(*arguments, "--json")
        assert done.status == 1, arguments
        assert done.output == "", arguments
        lines = done.errors.splitlines()
        assert reason in lines[-1], (arguments, done.errors)
        assert "Traceback" not in done.errors, arguments
        assert len(lines) == 1, (arguments, done.errors)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["encode"],
        ["encode", "x.png", "-o", "x.ijscc", "--steps", "-3"],
        ["encode", "x.png", "-o", "x.ijscc", "--snr", "nan"],
        ["encode", "x.png", "-o", "x.ijscc", "--snr", "20:0"],
        ["encode", "x.png", "-o", "x.ijscc", "--snr", "5:"],
        ["encode", "x.png", "-o", "x.ijscc", "--level-channels", "1,x"],
        ["search", "x.png", "-o", "p.json", "--macs", "0"],
        ["receive", "--from", "file:x", "-o", "x.png", "--truth", "x.ijscc"],
    ],
)
def test_wrong_usage(command: Command, arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.status == 2
    assert "usage:" in done.errors


def test_ctrl_c_writes_the_best_so_far(start, files: Files, tmp_path: Path) -> None:
    output = tmp_path / "x.ijscc"
    ours, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    words = ["encode", files.picture, "-o", output, "--steps", 1_000_000, "--json"]
    process = start(words, terminal)
    os.close(terminal)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        seen = b""
        while b"step " not in seen:  # of the progress bar: there is something to keep
            assert select.select([screen], [], [], TIMEOUT_S)[0], seen
            seen += screen.read(4096)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert '"interrupted": true' in text
    assert output.exists()


def test_what_other_libraries_have_to_say_is_not_said_as_ours(
    environment: dict[str, str], files: Files
) -> None:
    """PyTorch 2.6 logs statistics of its own when the interpreter ends, for one."""
    program = (
        "import logging, sys; from implicitjscc.cli.main import main; main(sys.argv[1:]);"
        "logging.getLogger('another').info('chatter'); logging.getLogger('another').error('alarm');"
        "logging.getLogger('implicitjscc.codec').info('ours')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "info", files.container],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.stderr.splitlines() == ["implicitjscc: alarm", "implicitjscc: ours"]


def test_doctor_without_gnu_radio_or_anything_else(tmp_path: Path, root: Path) -> None:
    """A bare interpreter: no site packages at all."""
    done = subprocess.run(
        [sys._base_executable, "-I", "-S", "-c", _BARE_DOCTOR, str(root / "python")],  # type: ignore[attr-defined]
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert "GNU Radio for this interpreter" in done.stdout
    assert "torch" in done.stdout
    assert "./run doctor" in done.stdout
    assert "Traceback" not in done.stderr


_BARE_DOCTOR = """
import sys
sys.path.insert(0, sys.argv[1])
from implicitjscc.cli.main import main
raise SystemExit(main(["doctor"]))
"""


def test_doctor_here(command: Command) -> None:
    result = command("doctor", "--json").result
    assert result["gnuradio"].startswith("3.")
    assert result["packages"]["torch"]
    assert result["engine"].startswith(("native (", "torch ("))
