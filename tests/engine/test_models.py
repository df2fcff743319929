# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines agree: the native kernels of every instruction set, and PyTorch with autograd."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec.torch_model import TorchModel
from implicitjscc.codec.wiener_layer import filter_maps
from implicitjscc.engine import why_not_native
from implicitjscc.engine.model import (
    FILTER_SIDES,
    DecoderShape,
    FilteredNoise,
    FloatArray,
    StepSettings,
    SymbolState,
)
from implicitjscc.engine.native import NativeModel, instruction_sets
from implicitjscc.errors import ImplicitJsccError

pytestmark = pytest.mark.skipif(
    why_not_native() is not None, reason=f"no native engine: {why_not_native()}"
)

SETS = instruction_sets() if why_not_native() is None else []
PHOTOGRAPH = DecoderShape(37, 150, 3, (1, 1, 1, 1, 1, 1, 1), 18, "relu", True)


def draw(shape: DecoderShape, seed: int = 0) -> tuple[NativeModel, dict[str, FloatArray]]:
    """A model and values of every kind that it takes."""
    model = NativeModel(shape)
    generator = np.random.default_rng(seed)
    height, width, reals = shape.height, shape.width, 0
    for maps in shape.level_channels:
        reals += maps * height * width
        height, width = -(-height // 2), -(-width // 2)
    inputs = sum(shape.level_channels) * (2 if shape.noise_matrix else 1)
    d, c = shape.hidden_dim, shape.channels
    taps, kernel = (9, 64) if shape.dimensions == 2 else (3, 8)
    parameters = (inputs + 1 + d + 1) * d + (d + 1) * c + 2 * (taps * c + 1) * c + kernel
    return model, {
        "received": generator.standard_normal(reals, dtype=np.float32),
        "parameters": 0.3 * generator.standard_normal(parameters, dtype=np.float32),
        "noise_matrix": generator.standard_normal(reals, dtype=np.float32),
        "source": generator.random((c, shape.height, shape.width), dtype=np.float32),
    }


def relative(value: FloatArray, reference: FloatArray) -> float:
    scale = float(np.linalg.norm(reference))
    return float(np.linalg.norm(value - reference)) / (scale if scale else 1.0)


def compare(
    shape: DecoderShape, threads: int, instruction_set: str, tolerance: float = 1e-4
) -> None:
    _, values = draw(shape)
    native = NativeModel(shape, threads, instruction_set)
    reference = TorchModel(shape, "cpu")
    arguments = values["received"], values["parameters"]
    for model in (native, reference):
        if shape.noise_matrix:
            model.set_noise_matrix(values["noise_matrix"])
    assert relative(native.decode(*arguments), reference.decode(*arguments)) < 1e-5
    for model in (native, reference):
        model.prepare_training(values["source"])
    loss, at_received, at_parameters = native.gradient(*arguments)
    expected = reference.gradient(*arguments)
    assert loss == pytest.approx(expected[0], rel=1e-5)
    assert relative(at_received, expected[1]) < tolerance
    assert relative(at_parameters, expected[2]) < tolerance
    # Decoding goes on in a model that has trained, and with the receiver's filter before it.
    wide = (FilteredNoise(0.5, 0.1, side) for side in FILTER_SIDES)
    for noise in (None, *wide, FilteredNoise(0.1, 0.5)):
        difference = relative(native.decode(*arguments, noise), reference.decode(*arguments, noise))
        assert difference < 1e-5


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_photographs_gradients_are_autograds(
    activation: str, threads: int, instruction_set: str
) -> None:
    compare(replace(PHOTOGRAPH, activation=activation), threads, instruction_set)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 150),
    channels=st.integers(1, 5),
    levels=st.lists(st.integers(0, 3), min_size=0, max_size=6),
    coarsest=st.integers(1, 2),
    hidden_dim=st.integers(1, 64),
    activation=st.sampled_from(["relu", "gelu"]),
    noise_matrix=st.booleans(),
    dimensions=st.sampled_from([1, 2]),
    threads=st.integers(1, 3),
    instruction_set=st.sampled_from(SETS or ["none"]),
)
def test_any_shape(
    height: int,
    width: int,
    channels: int,
    levels: list[int],
    coarsest: int,
    hidden_dim: int,
    activation: str,
    noise_matrix: bool,
    dimensions: int,
    threads: int,
    instruction_set: str,
) -> None:
    shape = DecoderShape(
        height if dimensions == 2 else 1,
        width,
        channels,
        (*levels, coarsest),
        hidden_dim,
        activation,
        noise_matrix,
        dimensions,
    )
    # Where a hidden value is 0 but for rounding, two right answers differ by a whole unit of ReLU.
    compare(shape, threads, instruction_set, 1e-4 if activation == "gelu" else 3e-3)


@pytest.mark.parametrize(
    ("filtered_variance", "side"), [(None, 3), (0.004, 3), (0.0, 5), (0.004, 7), (0.004, 9)]
)
def test_a_step_is_the_references(filtered_variance: float | None, side: int) -> None:
    """With the noise that the kernels drew, the reference moves the symbols to the same place."""
    compare_steps(PHOTOGRAPH, filtered_variance, side)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 40),
    levels=st.lists(st.integers(0, 2), min_size=0, max_size=5),
    dimensions=st.sampled_from([1, 2]),
    side=st.sampled_from(FILTER_SIDES),
    threads=st.integers(1, 3),
    instruction_set=st.sampled_from(SETS or ["none"]),
)
def test_any_shape_behind_the_filter(
    height: int,
    width: int,
    levels: list[int],
    dimensions: int,
    side: int,
    threads: int,
    instruction_set: str,
) -> None:
    height = height if dimensions == 2 else 1
    shape = DecoderShape(height, width, 2, (*levels, 1), 6, "gelu", True, dimensions)
    compare_steps(shape, 0.004, side, threads, instruction_set)


def compare_steps(
    shape: DecoderShape,
    filtered_variance: float | None,
    side: int,
    threads: int = 2,
    instruction_set: str | None = None,
) -> None:
    _, values = draw(shape)
    native = NativeModel(shape, threads, instruction_set)
    native.set_noise_matrix(values["noise_matrix"])
    native.prepare_training(values["source"])
    start = values["received"]
    choice = StepSettings(
        noise_key=(7 << 32) + 3,
        symbols_rms=0.7,
        noise_std=-0.2,
        filtered_variance=filtered_variance,
        filter_side=side,
        rates=(0.01, 0.02, 0.03, 0.01, 0.01, 0.01, 0.01)[: len(shape.level_channels)],
        step=1,
        loss_weight=1.5,
        epsilon=1e-12,
    )
    state = SymbolState.start(start)
    loss, gradient = native.step(choice, state, values["parameters"])

    scale = 0.7 / np.sqrt(np.mean(np.square(start, dtype=np.float64)))
    received = (scale * start - 0.2 * native.normals(choice.noise_key)).astype(np.float32)
    leaf = torch.from_numpy(received).requires_grad_(True)
    filtered = through_filter(leaf, shape, filtered_variance, side)
    reference = TorchModel(shape, "cpu")
    reference.set_noise_matrix(values["noise_matrix"])
    reference.prepare_training(values["source"])
    expected = reference.gradient(filtered.detach().numpy(), values["parameters"])
    filtered.backward(torch.from_numpy(expected[1]))
    assert leaf.grad is not None
    assert loss == pytest.approx(expected[0], rel=1e-5)
    assert relative(gradient, 1.5 * expected[2]) < 1e-4
    # Through the power normalisation: no part of the gradient lies along the symbols.
    at_sent = 1.5 * leaf.grad.numpy()
    along = np.dot(at_sent, start) / np.dot(start, start)
    at_symbols = scale * (at_sent - along * start)
    # What normalisation leaves of a few symbols' gradient is rounding.
    if start.size > 8:
        assert relative(state.first, (0.1 * at_symbols).astype(np.float32)) < 1e-4
    # Adam's first step has the size of the learning rate.
    moved = start - state.symbols
    rates = np.repeat(choice.rates, _level_sizes(shape))
    clear = np.abs(at_symbols) > 1e-3 * np.abs(at_symbols).max()
    if start.size > 8:
        assert np.allclose(moved[clear], (rates * np.sign(at_symbols))[clear], atol=2e-4)


def through_filter(
    received: torch.Tensor, shape: DecoderShape, filtered_variance: float | None, side: int
) -> torch.Tensor:
    if filtered_variance is None:
        return received * 1.0
    height, width, maps = shape.height, shape.width, []
    parts = received.split(_level_sizes(shape))
    for count, part in zip(shape.level_channels, parts, strict=True):
        level = part.view(count, height, width)
        noise = FilteredNoise(0.2**2, filtered_variance, side)
        maps.append(filter_maps(level, noise).reshape(-1))
        height, width = -(-height // 2), -(-width // 2)
    return torch.cat(maps)


def _level_sizes(shape: DecoderShape) -> list[int]:
    height, width, sizes = shape.height, shape.width, []
    for maps in shape.level_channels:
        sizes.append(maps * height * width)
        height, width = -(-height // 2), -(-width // 2)
    return sizes


def test_the_reference_steps_too() -> None:
    """The same call on PyTorch lowers the loss."""
    _, values = draw(PHOTOGRAPH)
    model = TorchModel(PHOTOGRAPH, "cpu")
    model.set_noise_matrix(values["noise_matrix"])
    model.prepare_training(values["source"])
    state = SymbolState.start(values["received"])
    losses = [
        model.step(StepSettings(1, 0.7, 0.1, (0.02,) * 7, n), state, values["parameters"])[0]
        for n in range(1, 20)
    ]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_same_inputs_give_the_same_bits(threads: int) -> None:
    digests = set()
    for _ in range(3):
        _, values = draw(PHOTOGRAPH)
        model = NativeModel(PHOTOGRAPH, threads)
        model.set_noise_matrix(values["noise_matrix"])
        model.prepare_training(values["source"])
        state = SymbolState.start(values["received"])
        for n in range(1, 4):
            _, gradient = model.step(
                StepSettings(n, 0.7, 0.3, (0.02,) * 7, n), state, values["parameters"]
            )
        digests.add(hashlib.sha256(state.symbols.tobytes() + gradient.tobytes()).hexdigest())
    assert len(digests) == 1


def test_the_training_noise_is_normal_and_white() -> None:
    shape = DecoderShape(400, 500, 1, (1,), 1, "relu", False)
    model = NativeModel(shape)
    noise = model.normals(1).astype(np.float64)
    count = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(count)
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / count)
    assert abs(np.mean(noise**3)) < 5 * np.sqrt(15 / count)
    assert abs(np.mean(noise**4) - 3) < 5 * np.sqrt(96 / count)
    other = model.normals(2).astype(np.float64)
    for shifted in (other, *(np.roll(noise, lag) for lag in (1, 2, 63, 64, 65, 128, 500))):
        assert abs(np.mean(noise * shifted)) < 5 / np.sqrt(count)
        assert abs(np.mean(noise**2 * shifted**2) - 1) < 15 / np.sqrt(count)
    assert np.array_equal(noise, model.normals(1))


def test_a_shape_out_of_bounds_is_refused() -> None:
    with pytest.raises(ImplicitJsccError):
        NativeModel(DecoderShape(1 << 20, 1 << 20, 3, (1,), 12, "relu", False))
    with pytest.raises(ImplicitJsccError):
        NativeModel(DecoderShape(16, 16, 3, (1,), 65, "relu", False))
    with pytest.raises(ImplicitJsccError):
        NativeModel(DecoderShape(16, 16, 3, (1,) * 9, 12, "relu", False))


def test_wrong_arrays_never_reach_the_kernels() -> None:
    model, values = draw(PHOTOGRAPH)
    with pytest.raises(ValueError, match="expected"):
        model.decode(values["received"][:-1], values["parameters"])
    with pytest.raises(ValueError, match="expected"):
        model.decode(values["received"].astype(np.float64), values["parameters"])
    with pytest.raises(ValueError, match="prepare_training"):
        model.gradient(values["received"], values["parameters"])
