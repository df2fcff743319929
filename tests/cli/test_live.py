# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder on the air, with real processes."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from implicitjscc.cli.encoder_arguments import encoder_arguments
from implicitjscc.cli.main import parser
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.recording.reader import SigmfReader

from ..waiting import eventually
from .conftest import Command, Files, Ports, control_client

RATE_HZ = 2e5


def test_files_that_arrive_go_on_the_air(start, files: Files, tmp_path: Path, ports: Ports) -> None:
    link, ours, _ = ports
    end = f"zmq:tcp://127.0.0.1:{link}"
    folder = tmp_path / "drop"
    folder.mkdir()
    shutil.copy(files.picture, folder / "a.png")
    (folder / "broken.png").write_bytes(b"no picture")
    live = start(
        [
            *("live", folder, "--to", end, "--sample-rate", RATE_HZ, "--steps", 30),
            *("--snr", "5:25", "--control", ours, "--json"),
        ]
    )
    with control_client(ours) as control:
        # Zeros go on at the signal's own pace while the encoder is at work.
        begun = eventually(lambda: encoding(control.request("status")))
        shown = eventually(lambda: with_contents(control.request("status"), 1))
        assert begun["state"] == "idle"
        elapsed_s = shown["uptime_s"] - begun["uptime_s"]
        assert elapsed_s > 1
        rate_hz = (shown["samples"] - begun["samples"]) / elapsed_s
        assert rate_hz == pytest.approx(RATE_HZ, rel=0.25)
        assert shown["queue"]["skipped"] == 1

        receiver = start(
            [
                *("receive", "--from", end, "-o", tmp_path / "x.png", "--contents", 2, "--json"),
                *("--sample-rate", RATE_HZ),
            ]
        )
        turned = PillowImage.open(files.picture).rotate(180)
        turned.save(tmp_path / "b.png")
        data = (tmp_path / "b.png").read_bytes()
        with (folder / "b.png").open("wb") as slow:
            for part in np.array_split(np.frombuffer(data, np.uint8), 4):
                slow.write(part.tobytes())
                slow.flush()
                time.sleep(0.4)
                status = control.request("status")
                assert status["queue"]["encoding"] is None
        output, errors = receiver.communicate(timeout=90)
        assert receiver.returncode == 0, errors
        assert json.loads(output)["contents"] == 2
        status = control.request("status")
        assert [row["name"] for row in status["contents"]] == ["b.png", "a.png"]
    live.send_signal(signal.SIGINT)
    output, errors = live.communicate(timeout=30)
    assert live.returncode == 0, errors
    result = json.loads(output)
    assert (result["encoded"], result["dropped"], result["skipped"]) == (2, 0, 1)
    assert "skipped: " in errors
    assert "broken.png: not a picture" in errors


def encoding(status: dict) -> dict | None:
    return status if status["queue"]["encoding"] == "a.png" else None


def with_contents(status: dict, count: int) -> dict | None:
    return status if len(status["contents"]) == count else None


def test_a_recording_of_the_carousel_holds_whole_bursts_at_their_pace(
    start, files: Files, second: Path, tmp_path: Path, ports: Ports
) -> None:
    _, ours, _ = ports
    folder = tmp_path / "drop"
    folder.mkdir()
    path = tmp_path / "x.cf32"
    live = start(
        [
            *("live", folder, "--to", f"file:{path}", "--sample-rate", RATE_HZ, "--keep", 1),
            *("--control", ours, "--pause", 0.05, "--json"),
        ]
    )
    with control_client(ours) as control:
        assert control.request("status")["state"] in ("waiting", "idle")
        shutil.copy(files.container, folder)
        one = eventually(lambda: with_contents(control.request("status"), 1))["contents"][0]
        eventually(lambda: control.request("status")["bursts"] >= 3)
        # From elsewhere, by command; the carousel has room for one.
        control.request("content", str(second))
        eventually(lambda: control.request("status")["contents"][0] != one)
        eventually(lambda: control.request("status")["on_air"] != one)
        status = control.request("status")
        assert len(status["contents"]) == 1
        assert status["samples"] < RATE_HZ * (status["uptime_s"] + one["seconds"] + 0.2)
        control.request("stop")
    output, errors = live.communicate(timeout=30)
    assert live.returncode == 0, errors
    samples = np.fromfile(path, np.complex64)
    result = json.loads(output)
    assert (samples.size, result["encoded"]) == (result["samples"], 0)
    receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
    received = receiver.push(samples) + receiver.flush()
    assert len(received) == result["bursts"] >= 4
    assert all(one.frames_lost == 0 for one in received)
    assert len({one.received.content_id for one in received}) == 2


def test_the_air_as_a_sigmf_recording(start, files: Files, tmp_path: Path, ports: Ports) -> None:
    _, ours, _ = ports
    folder, base = tmp_path / "drop", tmp_path / "air"
    folder.mkdir()
    end = f"sigmf:{base}?datatype=ci16_le&frequency=433.5e6"
    live = start(
        ["live", folder, "--to", end, "--sample-rate", RATE_HZ, "--control", ours, "--json"]
    )
    with control_client(ours) as control:
        eventually(lambda: control.request("status")["samples"] > 0)  # zeros first
        shutil.copy(files.container, folder)
        eventually(lambda: control.request("status")["bursts"] >= 2)
        assert not base.with_name("air.sigmf-meta").exists()  # both files come at the end
    live.send_signal(signal.SIGTERM)
    output, errors = live.communicate(timeout=30)
    assert live.returncode == 0, errors
    result = json.loads(output)
    reader = SigmfReader(str(base), verify=True)
    samples = np.concatenate(list(reader.chunks()))
    assert samples.size == result["samples"]
    meta = json.loads(base.with_name("air.sigmf-meta").read_text())
    starts = [note["core:sample_start"] for note in meta["annotations"]]
    receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
    received = receiver.push(samples) + receiver.flush()
    assert len(starts) == len(received) == result["bursts"] >= 2
    assert starts[0] > 0
    assert not np.any(samples[: starts[0]])
    assert all(one.frames_lost == 0 for one in received)


def test_an_end_while_encoding_leaves_nothing_behind(
    start, files: Files, tmp_path: Path, ports: Ports
) -> None:
    link, ours, _ = ports
    folder = tmp_path / "drop"
    folder.mkdir()
    shutil.copy(files.picture, folder / "a.png")
    live = start(
        [
            *("live", folder, "--to", f"zmq:127.0.0.1:{link}", "--steps", 1_000_000),
            *("--sample-rate", RATE_HZ, "--control", ours),
        ]
    )
    with control_client(ours) as control:
        eventually(lambda: encoding(control.request("status")))
    assert commands_with(folder / "a.png") == 1
    live.send_signal(signal.SIGINT)
    _, errors = live.communicate(timeout=20)
    assert live.returncode == 0, errors
    assert commands_with(folder / "a.png") == 0


def commands_with(argument: Path) -> int:
    """Processes that have an argument."""
    found = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += str(argument).encode() in command.read_bytes().split(b"\0")
        except OSError:
            continue
    return found


def test_wrong_use_is_said_at_once(command: Command, tmp_path: Path) -> None:
    end = f"file:{tmp_path / 'x.cf32'}"
    done = command("live", tmp_path / "none", "--to", end)
    assert (done.status, done.errors) == (1, f"implicitjscc: {tmp_path / 'none'}: no such folder\n")
    done = command("live", tmp_path, "--to", end, "--profile", tmp_path / "none.json")
    assert done.status == 1
    assert "none.json" in done.errors


def test_every_encoder_option_reaches_the_encoder() -> None:
    words = "--snr=-5:20 --bandwidth-ratio=11/48 --preset=best --steps=7 --hidden-dim=9"
    words += " --level-channels=2,1 --kappa-lsm=3 --kappa-redu=5 --parameters=repetition"
    words += " --power-db=-1.5 --no-noise-matrix --seed=4 --engine=torch --profile=p --seconds=3"
    words += " --parameter-bits=5.5"
    live = parser().parse_args(["live", "f", "--to", "zmq:x", *words.split()])
    encode = parser().parse_args(["encode", "s", "-o", "x.ijscc", *encoder_arguments(live)])
    for name, value in vars(encode).items():
        if name not in ("command", "source", "output", "run", "folder"):
            assert getattr(live, name) == value, name
    assert encode.preset == "best"
    draft = parser().parse_args(["live", "f", "--to", "zmq:x"])
    assert encoder_arguments(draft) == ["--preset=draft", "--seed=0", "--engine=auto"]
