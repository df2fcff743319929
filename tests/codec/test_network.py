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
    assert default_level_channels(1, 32_000) == (1,) * 7
    assert default_level_channels(1, 20, 2) == (2,) * 6
    assert level_sizes(1, 32_000, 7)[-1] == (1, 500)
    assert level_sizes(1, 33, 4) == [(1, 33), (1, 17), (1, 9), (1, 5)]


@pytest.mark.parametrize("length", [1, 2, 9, 64])
def test_upsampling_of_one_dimension(length: int) -> None:
    """The same as plain one-dimensional convolutions."""
    generator = torch.Generator().manual_seed(4)
    signals = torch.randn(3, 1, length, generator=generator)
    kernel = torch.randn(8, generator=generator)
    padded = F.pad(signals, (4, 4), mode="replicate")
    full = F.conv_transpose1d(padded, kernel.view(1, 1, 8), stride=2, output_padding=1)
    expected = full[:, :, 11 : 11 + 2 * length]
    torch.testing.assert_close(network.upsample(signals, kernel, (1, 2 * length)), expected)
    odd = network.upsample(signals, kernel, (1, 2 * length - 1))
    torch.testing.assert_close(odd, expected[:, :, :-1])


def test_one_dimension_is_a_picture_of_one_row() -> None:
    """Rows that are all alike, upsampled by the kernel of a picture, are the signal upsampled."""
    signal = torch.randn(1, 1, 20, generator=torch.Generator().manual_seed(5))
    rows = network.upsample(signal.expand(1, 6, 20), network.bicubic_kernel(), (12, 40))
    flat = network.upsample(signal, network.bicubic_kernel(1), (1, 40))
    torch.testing.assert_close(rows, flat.expand(1, 12, 40), atol=1e-5, rtol=0)


def test_synthesis_of_one_dimension_against_plain_convolutions() -> None:
    shape = network.SynthesisShape(inputs=28, hidden_dim=9, outputs=2, dimensions=1)
    generator = torch.Generator().manual_seed(6)
    flat = torch.randn(shape.parameters, generator=generator) * 0.3
    maps = torch.randn(28, 1, 33, generator=generator)
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = shape.split(flat)
    assert w4.shape == w5.shape == (2, 2, 1, 3)
    x = maps.view(1, 28, 33)
    for weight, bias in ((w1, b1), (w2, b2), (w3, b3)):
        x = F.relu(F.conv1d(x, weight[:, :, None], bias))
    x = F.relu(x + F.conv1d(F.pad(x, (1, 1), mode="replicate"), w4[:, :, 0], b4))
    x = x + F.conv1d(F.pad(x, (1, 1), mode="replicate"), w5[:, :, 0], b5)
    ours = network.synthesise(maps, shape.split(flat), "relu")
    torch.testing.assert_close(ours[:, 0], x[0], atol=1e-4, rtol=1e-4)
