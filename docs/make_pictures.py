# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the pictures of docs/companion.md: flowgraphs run on a virtual screen and photographed.

    python docs/make_pictures.py [PICTURE] [--seconds 60]

Needs what runs the flowgraphs (grcc, PyQt5, PyTorch) and Xvfb. The picture is encoded for
receivers from 0 to 20 dB; then ``digital_reference.grc`` and ``teaching_loopback.grc`` run at 20,
10, 5 and 0 dB, and at 10 dB with a fifth of the time lost.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "20db": {"initial-snr-db": 20},
    "10db": {"initial-snr-db": 10},
    "5db": {"initial-snr-db": 5},
    "0db": {"initial-snr-db": 0},
    "10db-loss": {"initial-snr-db": 10, "initial-loss": 0.2},
}
GRAPHS = ("digital_reference", "teaching_loopback")
MOST_BYTES = 190_000
LIMIT_S = 240


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", default=ROOT / "examples" / "astronaut.png")
    parser.add_argument("--seconds", type=float, default=60, help="for encoding")
    parser.add_argument("--content", help="an .ijscc file of the picture, in place of encoding")
    parser.add_argument("--only", default="", help="files whose name has this in it")
    options = parser.parse_args()
    picture = Path(options.picture).resolve()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        content = options.content or encode(picture, place / "content.ijscc", options.seconds)
        generate(place)
        output = ROOT / "docs" / "pictures"
        output.mkdir(exist_ok=True)
        for graph in GRAPHS:
            for case, arguments in CASES.items():
                name = f"{graph.replace('_', '-')}-{case}.jpg"
                if options.only not in name:
                    continue
                sent = {"content": content, "reference": picture, "samp-rate": 100_000, **arguments}
                with screen() as display:
                    take(place, graph, sent, display, output / name)
                print(f"{name}\t{(output / name).stat().st_size} bytes")


def encode(picture: Path, content: Path, seconds: float) -> Path:
    """The picture for receivers from 0 to 20 dB: its decoder arrives down to 0 dB."""
    from implicitjscc.codec import container, encoder, settings, sources

    chosen = settings.EncoderSettings(snr_db=3, snr_range_db=(0, 20), seconds=seconds)
    container.save(content, encoder.encode(sources.read_source(picture), chosen))
    return content


def generate(place: Path) -> None:
    """The flowgraphs as programs, without pictures that are still arriving."""
    grcc = shutil.which("grcc")
    if grcc is None:
        sys.exit("grcc is not installed")
    graphs = [place / f"{name}.grc" for name in GRAPHS]
    for graph in graphs:
        text = (ROOT / "flowgraphs" / graph.name).read_text(encoding="utf-8")
        graph.write_text(text.replace("progress_frames: '1'", "progress_frames: '0'"))
    command = [grcc, "-o", str(place), *map(str, graphs)]
    subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)


def environment() -> dict[str, str]:
    """What the tree's blocks need."""
    paths = (ROOT / "python", ROOT / "gr-implicitjscc" / "intree")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "GRC_BLOCKS_PATH": str(ROOT / "gr-implicitjscc" / "grc"),
    }


@contextmanager
def screen() -> Iterator[str]:
    """A virtual display's name."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x900x24"]
    server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def take(place: Path, graph: str, options: dict[str, object], display: str, path: Path) -> None:
    """Run a flowgraph until some pictures were shown, and photograph its window."""
    words = [f"--{key}={value}" for key, value in options.items()]
    program = subprocess.Popen(
        [sys.executable, "-u", str(place / f"{graph}.py"), *words],
        env={
            **environment(),
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(place),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdout is not None
    seen, end = 0, time.monotonic() + LIMIT_S
    for line in program.stdout:
        seen += bool(re.search("rebuilt at SNR", line))
        # The digital decoder takes longer.
        if seen >= (5 if graph == "digital_reference" else 3) or time.monotonic() > end:
            break
    time.sleep(1)
    photograph(display, place / "window.png")
    program.send_signal(signal.SIGTERM)
    try:
        program.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        program.kill()
        program.communicate()
    with Image.open(place / "window.png") as opened:
        window = opened.convert("RGB")
        window = window.crop(window.getbbox())  # the screen around it is black
        save(window, path)


def photograph(display: str, path: Path) -> None:
    """What is on the screen, as a file."""
    code = (
        "import sys\n"
        "from PyQt5.QtWidgets import QApplication\n"
        "application = QApplication([])\n"
        "application.primaryScreen().grabWindow(0).save(sys.argv[1])"
    )
    here = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    subprocess.run([sys.executable, "-c", code, str(path)], env=here, check=True)


def save(picture: Image.Image, path: Path) -> None:
    """A JPEG file of the highest quality that is not too large."""
    for quality in range(92, 40, -4):
        picture.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    main()
