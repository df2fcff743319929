# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pictures of a folder a benchmark takes, and how much of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from implicitjscc.codec.sources import Image


def chosen(folder: Path, images: Sequence[str] | None) -> list[Path]:
    """The first so many PNG files of a folder, those named, or all.

    Args:
        folder: where they lie.
        images: one number, or names; None for all.
    """
    if images and not (len(images) == 1 and images[0].isdecimal()):
        return [folder / name for name in images]
    found = sorted(folder.glob("*.png"))
    if not found:
        sys.exit(f"{folder}: no PNG files")
    return found[: int(images[0])] if images else found


def centre(image: Image, width: int, height: int) -> Image:
    """The middle of a picture."""
    whole = image.pixels
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    if min(top, left) < 0:
        sys.exit("the crop is larger than the source")
    part = whole[top : top + height, left : left + width]
    return Image(np.ascontiguousarray(part))
