# SPDX-License-Identifier: GPL-3.0-or-later
"""M, the common randomness that both ends draw from a shared seed (paper section 3.2).

The paper counts one pass of the learned upsampler only, so M goes through the fixed bicubic
kernel. It is drawn once a source, at the design SNR in the header, never at the receiver's
estimate: the decoder was trained for that very M.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from .. import prng
from ..engine.model import FloatArray
from .profile import CodecProfile


def noise_pyramid(profile: CodecProfile) -> FloatArray:
    """M's pyramid before upsampling, shape (real_symbols,), finest level first."""
    sigma = sqrt(profile.noise_variance)
    step = np.float32(sigma / prng.NORMAL_ONE_SIGMA)
    levels = [
        prng.normals(profile.seed, prng.Stream.NOISE_MATRIX, maps * height * width, index) * step
        for index, (maps, (height, width)) in enumerate(
            zip(profile.level_channels, profile.level_sizes, strict=True)
        )
    ]
    return np.concatenate(levels).astype(np.float32)
