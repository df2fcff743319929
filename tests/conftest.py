# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree's own blocks for the tests, wherever another copy is installed, and shared fixtures."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# The tests' pictures are too small for a second thread to help, and where the cores are shared
# with something else waiting for it costs far more than it brings. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What a script starts in the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
GRC_BLOCKS = ROOT / "gr-implicitjscc" / "grc"

try:
    import gnuradio
except ImportError:  # the rooms codec, phy and cli do without
    pass
else:
    # gnuradio's package spans several folders; this puts a link to the tree's before the others.
    gnuradio.__path__.insert(0, str(ROOT / "gr-implicitjscc" / "python"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def module_path() -> str:
    """A PYTHONPATH with which a process of its own runs the tree's library and blocks."""
    return os.pathsep.join((str(ROOT / "python"), str(ROOT / "gr-implicitjscc" / "intree")))


@dataclass(frozen=True)
class Encoded:
    """One small encoded picture."""

    source: Path
    path: Path
    image: Any
    content: Any


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """A picture of 128 x 96 pixels, encoded quickly, as a file and as a content."""
    from implicitjscc.codec import container, encoder, settings, sources

    place = tmp_path_factory.mktemp("encoded")
    image = small_picture()
    source, path = place / "source.png", place / "content.ijscc"
    sources.write_image(source, image)
    choice = settings.EncoderSettings(snr_db=10, preset="draft", steps=60, seed=1)
    result = encoder.encode(image, choice)
    container.save(path, result)
    return Encoded(source, path, image, result.content())


def small_picture() -> Any:
    """Smooth colours with a few edges: little to encode, and more than one flat area."""
    from implicitjscc.codec import sources

    rows, columns = np.mgrid[0:96, 0:128].astype(np.float64)
    red = 128 + 100 * np.sin(columns / 11) * np.cos(rows / 9)
    green = 1.75 * columns
    blue = np.where((columns - 80) ** 2 + (rows - 40) ** 2 < 600, 220.0, 60.0)
    return sources.Image(np.stack((red, green, blue), axis=-1).round().astype(np.uint8))
