# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of a reconstruction."""

from __future__ import annotations

from math import inf, log10

import numpy as np
import torch
from pytorch_msssim import ms_ssim

from ..errors import ImplicitJsccError
from .images import Image
from .sources import Source

# Five scales of an 11 x 11 window: smaller pictures have no MS-SSIM.
_MS_SSIM_SMALLEST_SIDE = 161


def psnr_db(reference: Source, received: Source) -> float:
    """Peak signal-to-noise ratio of rounded and clipped samples, over all channels at once.

    Args:
        reference, received: sources of one kind and shape. The peak is 255 or 65535 for pictures;
            1 for audio, on (x + 1) / 2; the reference's span for arrays.

    Returns:
        dB; infinite for equal sources.

    Raises:
        ImplicitJsccError: their kinds, shapes or types differ.
    """
    _check_alike(reference, received)
    error = reference.samples.astype(np.float64)
    error -= received.samples
    mean_square = float(np.mean(np.square(error, out=error)))
    if mean_square == 0:
        return inf
    return 10 * log10(reference.peak**2 / mean_square) if reference.peak else -inf


def ms_ssim_db(reference: Source, received: Source) -> float | None:
    """-10 log10(1 - MS-SSIM), or None for audio, arrays and pictures too small for five scales.

    Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multiscale structural similarity for image quality
    assessment", Asilomar 2003, doi:10.1109/ACSSC.2003.1292216.

    Raises:
        ImplicitJsccError: the sources' kinds, shapes or types differ.
    """
    _check_alike(reference, received)
    if not (isinstance(reference, Image) and isinstance(received, Image)):
        return None
    if min(reference.pixels.shape[:2]) < _MS_SSIM_SMALLEST_SIDE:
        return None
    # Channel by channel: a third of the memory, which is more than encoding takes otherwise.
    channels = reference.pixels.shape[2]
    similarity = (
        sum(_channel_ms_ssim(reference, received, channel) for channel in range(channels))
        / channels
    )
    return -10 * log10(1 - similarity) if similarity < 1 else inf


def _channel_ms_ssim(reference: Image, received: Image, channel: int) -> float:
    x, y = (
        torch.from_numpy(image.pixels[None, None, :, :, channel].astype(np.float32))
        for image in (reference, received)
    )
    return float(ms_ssim(x, y, data_range=reference.peak))


def _check_alike(reference: Source, received: Source) -> None:
    same = reference.samples.shape == received.samples.shape
    if not same or reference.describe() != received.describe():
        raise ImplicitJsccError(
            f"the reference is {reference.describe()}, what was received is {received.describe()}"
        )
