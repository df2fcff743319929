# SPDX-License-Identifier: GPL-3.0-or-later
"""``transmit --to sigmf:``, ``receive --from sigmf:``, ``--record`` and ``--dump``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from implicitjscc.cli.main import main

from .conftest import Command, Files


def metadata(base: Path) -> dict:
    return json.loads(base.with_name(base.name + ".sigmf-meta").read_text())


@pytest.fixture(scope="module")
def sent(command: Command, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two bursts at 1 Msample/s."""
    base = tmp_path_factory.mktemp("sent") / "x"
    end = f"sigmf:{base}?datatype=ci16_le&frequency=433.5e6"
    done = command(
        *("transmit", files.container, "--to", end, "--payload-rms", 0.1, "--repeat", 2),
        *("--sample-rate", 1e6, "--json"),
    )
    assert done.status == 0, done.errors
    return base


def test_a_recording_says_what_was_sent(sent: Path, files: Files) -> None:
    written = metadata(sent)
    assert written["captures"][0]["core:frequency"] == 433.5e6
    first, second = written["annotations"]
    assert second["core:sample_start"] > first["core:sample_start"] + first["core:sample_count"]
    truth = hashlib.sha256(files.container.read_bytes()).hexdigest()
    assert first["implicitjscc:content_sha256"] == truth
    assert first["implicitjscc:payload_rms"] == 0.1
    data = sent.with_name("x.sigmf-data").read_bytes()
    assert written["global"]["core:sha512"] == hashlib.sha512(data).hexdigest()


def test_a_session_is_recorded_and_measured_again(
    command: Command, files: Files, sent: Path, tmp_path: Path
) -> None:
    truth = ["--reference", files.picture, "--truth", files.container, "--snr", 40, "--json"]
    first = command(
        *("receive", "--from", f"sigmf:{sent}?verify=yes", "-o", tmp_path / "a.png", *truth),
        *("--record", f"sigmf:{tmp_path / 'again'}", "--dump", tmp_path / "dump"),
    )
    assert first.status == 0, first.errors
    assert first.result["sample_rate_hz"] == 1e6
    assert "the recording's sample rate is 1e+06 Hz" in first.errors
    assert (tmp_path / "dump" / "dump.png").exists()
    notes = metadata(tmp_path / "again")["annotations"]
    assert [note["implicitjscc:content_id"] for note in notes] == [first.result["content_id"]] * 2
    assert (
        notes[0]["implicitjscc:content_sha256"]
        == hashlib.sha256(files.container.read_bytes()).hexdigest()
    )
    # Without noise: what is left is the receiver's own floor, which differs from burst to burst.
    assert min(notes[0]["implicitjscc:es_n0_db"], first.result["snr_db"]) > 20
    again = command(
        *("receive", "--from", f"sigmf:{tmp_path / 'again'}", "-o", tmp_path / "b.png", *truth)
    )
    # The same samples: but for the order in which matrix products add up.
    assert again.result["psnr_db"] == pytest.approx(first.result["psnr_db"], abs=0.1)
    assert again.result["es_n0_loss_db"] == pytest.approx(first.result["es_n0_loss_db"], abs=0.1)


def test_a_recording_that_says_where_samples_are_missing(
    command: Command, sent: Path, tmp_path: Path
) -> None:
    """Between its bursts, where nothing else would tell."""
    written = metadata(sent)
    start = written["annotations"][1]["core:sample_start"] - 100
    written["captures"][0]["core:global_index"] = 0
    for number, index in enumerate((start, start + 5000)):
        capture = {"core:sample_start": start, "core:global_index": index}
        written["captures"][1:] = [capture]
        base = tmp_path / f"{number}"
        base.with_name(f"{number}.sigmf-meta").write_text(json.dumps(written))
        base.with_name(f"{number}.sigmf-data").write_bytes(
            sent.with_name("x.sigmf-data").read_bytes()
        )
        done = command("receive", "--from", f"sigmf:{base}", "-o", tmp_path / "x.png", "--json")
        assert done.result["counters"]["discontinuities"] == number, done.errors
        assert done.result["counters"]["contents"] == 2


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The last line of a command that cannot do it, in this process: a new one takes seconds."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    return capsys.readouterr().err.splitlines()[-1]


def test_what_is_refused(capsys, files: Files, sent: Path, tmp_path: Path) -> None:
    receive = ("receive", "--from", f"sigmf:{sent}", "-o", tmp_path / "x.png")
    assert "contradicts" in refusal(capsys, *receive, "--sample-rate", 2e6)
    assert "is what is read" in refusal(capsys, *receive, "--record", f"sigmf:{sent}")
    assert "only sigmf:" in refusal(capsys, *receive, "--record", "file:x.cf32")
    transmit = ("transmit", files.container, "--to")
    base = f"sigmf:{tmp_path / 'y'}"
    assert "only cf32_le" in refusal(capsys, *transmit, f"{base}?datatype=cf32_be")
    assert "makes no sense" in refusal(capsys, *transmit, f"{base}?rate=3")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_nothing_is_kept(capsys, tmp_path: Path) -> None:
    """The session that failed is the one to look at again."""
    (tmp_path / "noise.cf32").write_bytes(bytes(8 * 50_000))
    said = refusal(
        capsys,
        *("receive", "--from", f"file:{tmp_path / 'noise.cf32'}", "-o", tmp_path / "x.png"),
        *("--record", f"sigmf:{tmp_path / 'kept'}?datatype=ci8"),
    )
    assert "nothing was received" in said
    assert (tmp_path / "kept.sigmf-data").stat().st_size == 2 * 50_000
    assert metadata(tmp_path / "kept")["annotations"] == []
