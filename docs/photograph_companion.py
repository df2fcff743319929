# SPDX-License-Identifier: GPL-3.0-or-later
"""Open flowgraphs in GNU Radio Companion on a virtual screen and photograph each.

    python docs/photograph_companion.py FOLDER [FLOWGRAPH.grc ...]

Needs gnuradio-companion with GTK's bindings (``./run companion`` installs them), PyQt5, Xvfb and
xdotool. Without names, every flowgraph of the tree is opened.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from make_pictures import ROOT, environment, photograph, screen
from PIL import Image

SIZE = ("1600", "900")
SHOWN = (0, 0, 1600, 733)  # the panel below it names folders of this machine
COLOURS = 64
LIMIT_S = 90
_SETTLE_S = 3


def main() -> None:
    """Photograph them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("flowgraphs", type=Path, nargs="*")
    options = parser.parse_args()
    for program in ("gnuradio-companion", "xdotool"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed")
    options.folder.mkdir(exist_ok=True)
    for graph in options.flowgraphs or sorted((ROOT / "flowgraphs").glob("*.grc")):
        target = options.folder / f"companion-{graph.stem.replace('_', '-')}.png"
        with screen() as display, companion(graph, display):
            photograph(display, options.folder / "screen.png")
            with Image.open(options.folder / "screen.png") as screenshot:
                shown = screenshot.convert("RGB").crop(SHOWN)
                # Of a few flat colours; without dithering, text stays sharp.
                shown.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
            (options.folder / "screen.png").unlink()
        print(f"{target}\t{target.stat().st_size} bytes", flush=True)


@contextmanager
def companion(graph: Path, display: str) -> Iterator[None]:
    """Companion with a flowgraph, as large as the screen."""
    with tempfile.TemporaryDirectory() as home:
        here = {**environment(), "DISPLAY": display, "HOME": home, "XDG_CONFIG_HOME": home}
        here.pop("XDG_RUNTIME_DIR", None)
        command = [sys.executable, str(shutil.which("gnuradio-companion")), str(graph)]
        process = subprocess.Popen(
            command, env=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            window = window_of(graph, here)
            move = ["xdotool", "windowmove", window, "0", "0", "windowsize", window, *SIZE]
            subprocess.run(move, env=here, check=True)
            time.sleep(_SETTLE_S)
            yield
        finally:
            process.terminate()
            process.wait()


def window_of(graph: Path, here: dict[str, str]) -> str:
    """The number of Companion's window, once it shows the flowgraph."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        search = ["xdotool", "search", "--name", f"^{graph.name}"]
        found = subprocess.run(search, env=here, capture_output=True, text=True).stdout.split()
        if found:
            return found[0]
        time.sleep(0.5)
    sys.exit(f"{graph.name}: Companion does not show it")


if __name__ == "__main__":
    main()
