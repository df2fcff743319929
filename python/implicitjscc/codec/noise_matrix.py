# SPDX-License-Identifier: GPL-3.0-or-later
"""M, the common randomness that both ends draw from a shared seed (paper section 3.2).

The paper counts one pass of the learned upsampler only, so M goes through the fixed bicubic
kernel. It is drawn once a source, at the design SNR in the header, never at the receiver's
estimate: the decoder was trained for that very M.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch
from torch import Tensor

from .. import prng
from .network import bicubic_kernel, upsample_pyramid
from .profile import CodecProfile


def draw_levels(profile: CodecProfile) -> list[np.ndarray]:
    """M's pyramid before upsampling: a list of (L_k, h_k, w_k) float32, finest first."""
    sigma = sqrt(profile.noise_variance)
    step = np.float32(sigma / prng.NORMAL_ONE_SIGMA)
    return [
        prng.normals(profile.seed, prng.Stream.NOISE_MATRIX, maps * height * width, index).reshape(
            maps, height, width
        )
        * step
        for index, (maps, (height, width)) in enumerate(
            zip(profile.level_channels, profile.level_sizes, strict=True)
        )
    ]


def noise_matrix(profile: CodecProfile) -> Tensor:
    """M as it enters the synthesis module, shape (sum of L_k, height, width)."""
    levels = [torch.from_numpy(level) for level in draw_levels(profile)]
    return upsample_pyramid(levels, bicubic_kernel(profile.dimensions))
