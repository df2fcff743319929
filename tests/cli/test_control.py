# SPDX-License-Identifier: GPL-3.0-or-later
"""A transmitter and a receiver as processes, watched and commanded by others."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from implicitjscc.cli import status_view

from ..waiting import eventually
from .conftest import Command, Files, Ports, control_client


def test_a_link_is_watched_changed_and_stopped(
    start,
    command: Command,
    files: Files,
    second: Path,
    tmp_path: Path,
    ports: Ports,
) -> None:
    link, ours, theirs = ports
    end = f"zmq:tcp://127.0.0.1:{link}"
    transmitter = start(
        [
            *("transmit", files.container, "--to", end, "--repeat", "forever"),
            *("--sample-rate", 2e5, "--control", f"tcp://127.0.0.1:{ours}", "--json"),
        ]
    )
    with control_client(ours) as control:
        first = control.request("status")
        assert (first["role"], first["state"], first["bursts"]) == ("transmit", "waiting", 0)
        receiver = start(
            [
                *("receive", "--from", end, "-o", tmp_path / "x.png", "--contents", 9),
                *("--sample-rate", 2e5, "--control", f"127.0.0.1:{theirs}", "--json"),
            ]
        )
        with control_client(theirs) as listener:
            before = eventually(lambda: listener.request("status")["last"])
            assert before["content_id"] == first["contents"][0]["content_id"]
            assert before["frames_lost"] == 0
            assert before["snr_db"] > 25
            counted = listener.request("status")["counters"]["contents"]
            eventually(lambda: listener.request("status")["counters"]["contents"] > counted)
            now = control.request("status")
            assert now["state"] == "on air"
            assert now["on_air"] == now["contents"][0]

            quieter = control.request("level", -30)
            assert quieter["peak_dbfs"] < -10
            level = before["level_dbfs"] + (-30 - first["level_dbfs"])
            eventually(lambda: abs(listener.request("status")["last"]["level_dbfs"] - level) < 0.3)

            for word, argument in (("gain", 3), ("frequency", 1e9)):
                done = command("control", ours, word, argument)
                assert done.status == 1
                assert done.errors == f"implicitjscc: {word}: {end} is no radio\n"
            refused = command("control", ours, "content", files.picture)
            assert refused.status == 1
            row = {**now["contents"][0], "peak_dbfs": quieter["peak_dbfs"]}
            assert control.request("status")["contents"][0] == pytest.approx(row)

            changed = command("control", f"tcp://127.0.0.1:{ours}", "content", second, "--json")
            assert changed.status == 0, changed.errors
            other = changed.result["content_id"]
            assert other != before["content_id"]
            eventually(lambda: listener.request("status")["last"]["content_id"] == other)
            assert len(listener.request("status")["contents"]) == 2

            assert listener.request("stop") == {"state": "ending"}
        output, errors = receiver.communicate(timeout=60)
        assert receiver.returncode == 0, errors
        assert json.loads(output)["contents"] == 2
        assert control.request("stop") == {"state": "ending"}
    output, errors = transmitter.communicate(timeout=30)
    assert transmitter.returncode == 0, errors
    result = json.loads(output)
    assert result["content_id"] == other
    assert result["payload_dbfs"] == pytest.approx(-30)
    assert result["turns"] > 2


def test_status_on_a_terminal_once_and_as_json(
    start, environment: dict[str, str], command: Command, files: Files, ports: Ports
) -> None:
    link, ours, _ = ports
    start(["transmit", files.container, "--to", f"zmq:127.0.0.1:{link}", "--control", ours])
    once = command("status", ours, "--once", "--timeout", 60)
    assert once.status == 0, once.errors
    assert once.output.startswith(f"transmit  zmq:127.0.0.1:{link}  waiting")
    assert "\x1b" not in once.output
    as_json = command("status", ours, "--json")
    assert as_json.result["role"] == "transmit"
    ours_side, theirs = pty.openpty()
    view = subprocess.Popen(
        [sys.executable, "-m", "implicitjscc", "status", str(ours)],
        env=environment,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    shown = b""
    while shown.count(b"\x1b[H") < 3:
        shown += os.read(ours_side, 4096)
    view.send_signal(signal.SIGINT)
    assert view.wait(60) == 0
    os.close(ours_side)
    assert b"waiting" in shown
    assert b"Ctrl-C ends this view" in shown


def test_nobody_to_talk_to(command: Command, ports: Ports) -> None:
    for words in (("status", ports[0]), ("control", ports[0], "stop")):
        done = command(*words, "--timeout", 0.3)
        assert done.status == 1
        assert done.errors.endswith("no answer within 0.3 s\n")
    assert "unknown, one of status, content" in command("control", ports[0], "format").errors
    assert "level takes level_dbfs" in command("control", ports[0], "level").errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--control", "tcp://0.0.0.0:5555"), "--control-allow-remote, is needed"),
        (("--control-allow-remote",), "needs --control"),
    ],
)
def test_refused_addresses(
    command: Command, files: Files, ports: Ports, words: tuple[str, ...], message: str
) -> None:
    done = command("transmit", files.container, "--to", f"zmq:127.0.0.1:{ports[0]}", *words)
    assert done.status == 1
    assert message in done.errors.splitlines()[-1]


def test_forever_is_for_links(command: Command, files: Files, tmp_path: Path) -> None:
    end = f"file:{tmp_path / 'x.cf32'}"
    done = command("transmit", files.container, "--to", end, "--repeat", "forever")
    assert done.status == 1
    assert "would fill the disk" in done.errors
    assert list(tmp_path.iterdir()) == []


def test_a_view_shows_no_control_characters_and_bears_nonsense() -> None:
    hostile = {
        "role": "\x1b]0;x\x07",
        "uptime_s": "long",
        "bursts": None,
        "on_air": [1],
        "counters": {"samples": float("inf"), "x": {"y": 10**400}},
        "last": {"snr_db": "loud", "content_id": 5, "frames_lost": 1e999},
        "contents": [None, {"name": "a\r\nb"}, 7],
        "queue": {"waiting": [1, "\x1b[2J"]},
        "radio": "none",
        "ok": False,
    }
    text = status_view.lines(hostile)
    assert all(line.isprintable() for line in text)
    assert status_view.lines({})
