# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed-form decoding complexity in multiplications a source pixel (or sample)."""

from __future__ import annotations

from .network import REDU_KERNEL, RESIDUAL_KERNEL
from .profile import CodecProfile

# The published 641 follows when a transposed convolution is counted over its input padded by
# half a kernel on each side, as the usual operator counters do.
_COUNTED_PADDING = REDU_KERNEL // 2


def synthesis_macs_per_pixel(profile: CodecProfile) -> int:
    """Multiplications a pixel of the synthesis module: its weights, none of its biases."""
    shape = profile.synthesis
    d, c = shape.hidden_dim, shape.outputs
    return shape.inputs * d + d * d + d * c + 2 * RESIDUAL_KERNEL**shape.dimensions * c * c


def redu_macs_per_pixel(profile: CodecProfile, padding: int = _COUNTED_PADDING) -> float:
    """Multiplications a pixel of one pass of ReDU: its taps for each (padded) input value."""
    total = 0
    maps = 0
    sizes = profile.level_sizes
    rows = padding if profile.dimensions == 2 else 0
    for level in range(len(sizes) - 1, 0, -1):
        maps += profile.level_channels[level]
        height, width = sizes[level]
        values = (height + 2 * rows) * (width + 2 * padding)
        total += profile.redu_parameters * maps * values
    return total / (profile.height * profile.width)


def macs_per_pixel(profile: CodecProfile) -> float:
    """Multiplications a pixel as the paper counts them: 641 for a 768 x 512 image at d = 12.

    The synthesis module, one pass of ReDU, and one multiplication a symbol (the scaling of M).
    """
    scaling = profile.real_symbols / (profile.height * profile.width)
    return synthesis_macs_per_pixel(profile) + redu_macs_per_pixel(profile) + scaling


def macs_per_pixel_with_noise_matrix(profile: CodecProfile) -> float:
    """The same with the fixed upsampling of M counted like ReDU's pass."""
    extra = redu_macs_per_pixel(profile) if profile.noise_matrix else 0.0
    return macs_per_pixel(profile) + extra
