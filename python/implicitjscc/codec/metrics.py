# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of a reconstruction."""

from __future__ import annotations

from math import inf, log10

import numpy as np
import torch
from pytorch_msssim import ms_ssim

from ..errors import ImplicitJsccError
from .sources import Image

# Five scales of an 11 x 11 window: smaller pictures have no MS-SSIM.
_MS_SSIM_SMALLEST_SIDE = 161


def psnr_db(reference: Image, received: Image) -> float:
    """Peak signal-to-noise ratio of rounded and clipped samples, over all channels at once.

    Args:
        reference, received: pictures of one shape and depth; the peak is 255 or 65535.

    Returns:
        dB; infinite for equal pictures.

    Raises:
        ImplicitJsccError: their shapes or depths differ.
    """
    _check_alike(reference, received)
    error = reference.pixels.astype(np.float64) - received.pixels
    mean_square = float(np.mean(error * error))
    return 10 * log10(reference.peak**2 / mean_square) if mean_square else inf


def ms_ssim_db(reference: Image, received: Image) -> float | None:
    """-10 log10(1 - MS-SSIM), or None for pictures too small for its five scales.

    Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multiscale structural similarity for image quality
    assessment", Asilomar 2003, doi:10.1109/ACSSC.2003.1292216.

    Raises:
        ImplicitJsccError: the pictures' shapes or depths differ.
    """
    _check_alike(reference, received)
    if min(reference.pixels.shape[:2]) < _MS_SSIM_SMALLEST_SIDE:
        return None
    x, y = (
        torch.from_numpy(image.pixels.astype(np.float32)).permute(2, 0, 1).unsqueeze(0)
        for image in (reference, received)
    )
    similarity = float(ms_ssim(x, y, data_range=reference.peak))
    return -10 * log10(1 - similarity) if similarity < 1 else inf


def _check_alike(reference: Image, received: Image) -> None:
    if (
        reference.pixels.shape != received.pixels.shape
        or reference.pixels.dtype != received.pixels.dtype
    ):
        raise ImplicitJsccError(
            f"the reference is {_describe(reference)}, the picture is {_describe(received)}"
        )


def _describe(image: Image) -> str:
    height, width, channels = image.pixels.shape
    return f"{width}x{height}, {channels} x {8 * image.pixels.itemsize} bits"
