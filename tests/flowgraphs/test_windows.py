# SPDX-License-Identifier: GPL-3.0-or-later
"""The flowgraphs with windows: run on a screen of their own, photographed, and turned worse."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from implicitjscc.codec import sources
from tests.screen import run_screen

from ..waiting import eventually
from .conftest import environment

LIMIT_S = 90
SAMPLE_RATE_HZ = 100_000  # several turns a second of the tests' small picture


class Running:
    """A flowgraph's program with a window, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def qualities_db(self) -> list[float]:
        """PSNR of each picture so far."""
        found = [re.search(r"PSNR ([-\d.]+) dB", line) for line in list(self.lines)]
        return [float(match[1]) for match in found if match]

    def wait_for_pictures(self, count: int) -> list[float]:
        """The PSNR of the first pictures, as soon as there are so many."""

        def look() -> list[float]:
            assert self.process.poll() is None, "".join(self.lines)
            found = self.qualities_db()
            return found if len(found) >= count else []

        return eventually(look, LIMIT_S)

    def wait_for_silence(self) -> None:
        """Until the Receiver says that no samples come any more."""
        eventually(lambda: any("the stream has stopped" in line for line in list(self.lines)))

    def close(self) -> None:
        """As a user does with Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(LIMIT_S)
        finally:
            self.process.kill()


@pytest.fixture(scope="module")
def screen():
    """The name of an X display."""
    yield from run_screen()


@pytest.fixture
def open_window(root, module_path, programs, screen, tmp_path):
    """open_window(name, key=value, ...) runs a flowgraph until the test ends."""
    opened = []

    def open_program(name, **options):
        options = {"samp_rate": SAMPLE_RATE_HZ, **options}
        words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        process = subprocess.Popen(
            [sys.executable, "-u", str(programs[name]), *words],
            env={
                **environment(root, module_path),
                "DISPLAY": screen,
                "QT_QPA_PLATFORM": "xcb",
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        opened.append(Running(process))
        return opened[-1]

    yield open_program
    for running in opened:
        running.process.kill()
        running.process.wait()


def photograph(screen: str, path: Path) -> np.ndarray:
    """What the screen shows, shape (height, width, 3)."""
    program = (
        "import sys\n"
        "from PyQt5.QtWidgets import QApplication\n"
        "application = QApplication([])\n"
        "application.primaryScreen().grabWindow(0).save(sys.argv[1])"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={"DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "PATH": "/usr/bin:/bin"},
        check=True,
        timeout=LIMIT_S,
        capture_output=True,
    )
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def likeness(seen: np.ndarray, picture: np.ndarray) -> float:
    """Correlation of a picture's colours with the best place on a photograph, at its scales."""
    best = -1.0
    for width in range(380, 760, 20):
        height = width * picture.shape[0] // picture.shape[1]
        scaled = np.asarray(
            Image.fromarray(picture).resize((width // 20, height // 20), Image.Resampling.BOX)
        ).astype(float)
        coarse = np.asarray(
            Image.fromarray(seen.astype(np.uint8)).resize(
                (seen.shape[1] // 20, seen.shape[0] // 20), Image.Resampling.BOX
            )
        ).astype(float)
        rows, columns = scaled.shape[:2]
        for top in range(coarse.shape[0] - rows):
            for left in range(coarse.shape[1] - columns):
                part = coarse[top : top + rows, left : left + columns]
                if part.std() > 10:
                    best = max(best, float(np.corrcoef(part.ravel(), scaled.ravel())[0, 1]))
    return best


def test_the_teaching_flowgraph_shows_the_picture(open_window, screen, encoded, tmp_path):
    before = photograph(screen, tmp_path / "before.png")
    running = open_window(
        "teaching_loopback",
        content=encoded.path,
        reference=encoded.source,
        initial_snr_db=15,
    )
    psnr_db = running.wait_for_pictures(3)[-1]
    assert psnr_db > 20
    assert likeness(before, encoded.image.pixels) < 0.5
    seen = tmp_path / "seen.png"
    eventually(lambda: likeness(photograph(screen, seen), encoded.image.pixels) > 0.9)
    running.close()


def test_beside_the_digital_reference_one_stays_and_one_falls(
    open_window, screen, encoded, tmp_path
):
    running = open_window(
        "digital_reference",
        content=encoded.path,
        reference=encoded.source,
        initial_snr_db=8,
        initial_design_snr_db=10,
    )
    running.wait_for_pictures(4)

    def halves() -> tuple[float, float]:
        seen = photograph(screen, tmp_path / "seen.png")
        left, right = np.array_split(seen, 2, axis=1)
        return likeness(left, encoded.image.pixels), likeness(right, encoded.image.pixels)

    eventually(lambda: halves()[0] > 0.9)
    assert halves()[1] < 0.5
    running.close()


def test_four_receivers_of_one_broadcast_two_of_them_late(
    start, open_window, encoded, tmp_path, free_port
):
    address = f"tcp://127.0.0.1:{free_port}"
    outputs = [tmp_path / f"received-{number}.png" for number in range(4)]
    snrs_db = (20, 10, 20, 10)

    def join(number):
        return open_window(
            "broadcast_receiver",
            address=address,
            output=outputs[number],
            reference=encoded.source,
            initial_snr_db=snrs_db[number],
            seed=number + 1,
        )

    early = [join(0), join(1)]
    sent = {"content": encoded.path, "address": address, "samp_rate": SAMPLE_RATE_HZ}
    transmitter = start("broadcast_transmitter", **sent)
    try:
        for receiver in early:
            receiver.wait_for_pictures(2)
        late = [join(2), join(3)]
        for receiver in late:
            receiver.wait_for_pictures(2)
        assert transmitter.poll() is None
        # A transmitter that was killed and comes back is heard again by those that stayed.
        transmitter.kill()
        transmitter.communicate()
        for receiver in (*early, *late):
            receiver.wait_for_silence()
        seen = [len(receiver.qualities_db()) for receiver in (*early, *late)]
        transmitter = start("broadcast_transmitter", **sent)
        for receiver, count in zip((*early, *late), seen, strict=True):
            receiver.wait_for_pictures(count + 3)
        # So is it by a receiver that was killed and comes back.
        early[0].process.kill()
        early[0].process.wait()
        early[0] = join(0)
        early[0].wait_for_pictures(2)
    finally:
        transmitter.kill()
        transmitter.communicate()
    for receiver in (*early, *late):
        receiver.close()
    for receiver, output, snr_db in zip((*early, *late), outputs, snrs_db, strict=True):
        # The last reception may be one that the transmitter's end, or the receiver's, has cut off.
        assert np.median(receiver.qualities_db()) > (26 if snr_db == 20 else 22)
        assert sources.read_image(output).pixels.shape == encoded.image.pixels.shape
