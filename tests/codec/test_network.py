# SPDX-License-Identifier: GPL-3.0-or-later
"""ReDU and LSM against independent formulations of the same."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from implicitjscc.codec import network
from implicitjscc.codec.pyramid import default_level_channels, level_sizes


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 3)])
def test_upsampling_as_cool_chic_does_it(size: tuple[int, int]) -> None:
    """Replicate-pad 4, transposed convolution, crop 11: another way to the same values."""
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(3, *size, generator=generator)
    kernel = torch.randn(64, generator=generator)
    padded = F.pad(maps.unsqueeze(1), (4, 4, 4, 4), mode="replicate")
    full = F.conv_transpose2d(padded, kernel.view(1, 1, 8, 8), stride=2, output_padding=1)
    height, width = 2 * size[0], 2 * size[1]
    expected = full[:, 0, 11 : 11 + height, 11 : 11 + width]
    torch.testing.assert_close(network.upsample(maps, kernel, (height, width)), expected)


def test_the_bicubic_kernel_is_torchs() -> None:
    maps = torch.randn(2, 12, 9, generator=torch.Generator().manual_seed(2))
    ours = network.upsample(maps, network.bicubic_kernel(), (24, 18))
    theirs = F.interpolate(maps.unsqueeze(0), scale_factor=2, mode="bicubic")[0]
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(32, 32), (33, 17), (16, 50)])
def test_the_pyramid_joins_finest_first(size: tuple[int, int]) -> None:
    sizes = level_sizes(*size, 5)
    levels = [torch.full((1, *shape), float(n)) for n, shape in enumerate(sizes)]
    joined = network.upsample_pyramid(levels, network.bicubic_kernel())
    assert joined.shape == (5, *size)
    for n in range(5):
        torch.testing.assert_close(joined[n], torch.full(size, float(n)))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_synthesis_against_plain_convolutions(activation: str) -> None:
    shape = network.SynthesisShape(inputs=14, hidden_dim=12, outputs=3)
    generator = torch.Generator().manual_seed(3)
    flat = torch.randn(shape.parameters, generator=generator) * 0.3
    maps = torch.randn(14, 10, 11, generator=generator)
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = shape.split(flat)
    act = F.gelu if activation == "gelu" else F.relu
    x = maps.unsqueeze(0)
    for weight, bias in ((w1, b1), (w2, b2), (w3, b3)):
        x = act(F.conv2d(x, weight[:, :, None, None], bias))
    pad = torch.nn.ReplicationPad2d(1)
    x = act(x + F.conv2d(pad(x), w4, b4))
    x = x + F.conv2d(pad(x), w5, b5)
    ours = network.synthesise(maps, shape.split(flat), activation)
    torch.testing.assert_close(ours, x[0], atol=1e-4, rtol=1e-4)


def test_levels_of_small_sources() -> None:
    assert default_level_channels(512, 768) == (1,) * 7
    assert default_level_channels(16, 16) == (1,) * 5
    assert level_sizes(33, 17, 3) == [(33, 17), (17, 9), (9, 5)]
