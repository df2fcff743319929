# SPDX-License-Identifier: GPL-3.0-or-later
"""Coded parameters: exact within their margins, refused beyond them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc import prng
from implicitjscc.codec import coded, coded_payload, coded_plan, modulation, quantisation
from implicitjscc.codec.coded_training import EXACT_PART, CodedParameters
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import MAXIMUM_FINENESS, CodecProfile
from implicitjscc.codec.receivers import Receivers
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.errors import ImplicitJsccError

KODAK = (512, 768)


def make(
    size: tuple[int, int], snr_db: float, hidden_dim: int | None = None, channels: int = 3
) -> CodecProfile:
    return plan(
        *size, channels, IMAGE8, EncoderSettings(snr_db=snr_db, hidden_dim=hidden_dim or 12)
    )


def rounded(
    profile: CodecProfile, drawn: np.ndarray | None = None, snr_db: float | None = None
) -> tuple[CodecProfile, np.ndarray]:
    """Parameters as fine as there is room for, and the profile of their message."""
    if drawn is None:
        generator = np.random.default_rng(1)
        drawn = (0.2 * generator.laplace(size=profile.parameters)).astype(np.float32)
    model = CodedParameters(profile, snr_db)
    model.settle(1.0, lambda: 0.0)
    model._tried = MAXIMUM_FINENESS
    return model.finished(torch.from_numpy(drawn), [])


def through_noise(symbols: np.ndarray, snr_db: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Received symbols and their noise variance."""
    variance = 10 ** (-snr_db / 10)
    noise = np.random.default_rng(seed).standard_normal((symbols.size, 2)) @ np.array([1, 1j])
    received = (symbols + noise * np.sqrt(variance / 2)).astype(np.complex64)
    return received, np.full(symbols.size, variance, np.float32)


def half_of_the_frames(uses: int, seed: int) -> np.ndarray:
    """Which symbols are lost with four of eight frames, neighbours being in different ones."""
    rng = np.random.default_rng(seed)
    frames = np.argsort(rng.random((-(-uses // 8), 8)), axis=1).reshape(-1)[:uses]
    return np.isin(frames, rng.permutation(8)[:4])


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(16, 90), st.integers(16, 90)),
    channels=st.sampled_from([1, 3]),
    hidden_dim=st.integers(1, 24),
    snr_db=st.integers(0, 30),
    magnitude=st.floats(-12, 0),
    seed=st.integers(0, 1000),
)
def test_round_trip(
    size: tuple[int, int],
    channels: int,
    hidden_dim: int,
    snr_db: int,
    magnitude: float,
    seed: int,
) -> None:
    profile = make(size, snr_db, hidden_dim, channels)
    rng = np.random.default_rng(seed)
    drawn = (rng.standard_normal(profile.parameters) * 2**magnitude).astype(np.float32)
    drawn[rng.random(drawn.size) < 0.2] = 0
    try:
        profile, values = rounded(profile, drawn)
    except ImplicitJsccError:
        assert magnitude > 1, "parameters of a usual size always fit"
        return
    steps = quantisation.steps(profile, profile.fineness)
    assert (np.abs(values - drawn) <= 0.501 * steps).all()
    assert (values[drawn == 0] == 0).all()
    symbols = coded.to_symbols(profile, values)
    assert symbols.shape == (profile.parameter_uses,)
    received = coded.from_symbols(profile, symbols, np.full(symbols.size, 1e-3, np.float32))
    assert received is not None
    assert np.array_equal(received, values)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(
            st.integers(-quantisation.LARGEST_INTEGER, quantisation.LARGEST_INTEGER),
            min_size=1,
            max_size=30,
        ),
        min_size=1,
        max_size=11,
    ),
    st.integers(0, 10_000),
)
def test_messages(tensors: list[list[int]], flipped: int) -> None:
    integers, sizes = np.concatenate(tensors), [len(tensor) for tensor in tensors]
    message = coded_payload.pack(integers, sizes)
    assert message.size == coded_payload.packed_bits(integers, sizes)
    unpacked = coded_payload.unpack(message, sizes)
    assert unpacked is not None
    assert np.array_equal(unpacked, integers)
    message[flipped % message.size] ^= 1
    assert coded_payload.unpack(message, sizes) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=33, max_size=400), st.integers(1, 50))
def test_forged_messages_are_refused_or_read(bits: list[int], size: int) -> None:
    """A CRC that fits says nothing of who computed it."""
    body = np.array(bits, np.uint8)
    message = np.concatenate((body, coded_payload._crc(body)))
    integers = coded_payload.unpack(message, [size])
    assert integers is None or integers.shape == (size,)


def test_golden_symbols() -> None:
    """Receivers in the field depend on each of these."""
    found = []
    for order in modulation.BITS_PER_SYMBOL:
        profile = plan(
            40, 56, 3, IMAGE8, EncoderSettings(bandwidth_ratio=Fraction(2), hidden_dim=12)
        )
        words = prng.words(3, prng.Stream.FILLER, profile.parameters).astype(np.int64)
        integers = words % 15 - 7
        profile = replace(
            profile,
            fineness=17,
            bits_per_symbol=order,
            payload_bits=coded_payload.packed_bits(integers, profile.tensor_sizes),
        )
        values = quantisation.dequantise(integers, profile, 17)
        symbols = coded.to_symbols(profile, values)
        scaled = np.rint(symbols.view(np.float32) * 1000).astype("<i4")
        found.append(hashlib.sha256(scaled.tobytes()).hexdigest()[:16])
    assert found == ["f5c125f526ac49b8", "e98e8659735fa00f", "ff24ea9cb092d032"]


@pytest.mark.parametrize("snr_db", [0, 10, 20])
@pytest.mark.parametrize("size", [KODAK, (64, 64)])
def test_exact_3_db_below_the_design_snr(size: tuple[int, int], snr_db: int) -> None:
    profile, parameters = rounded(make(size, snr_db))
    symbols = coded.to_symbols(profile, parameters)
    for seed in range(5):
        received = coded.from_symbols(profile, *through_noise(symbols, snr_db - 3, seed))
        assert received is not None
        assert np.array_equal(received, parameters)


def test_a_links_loss_is_left_to_the_lowest_receiver_of_a_range() -> None:
    """Of as long a message as there is room for; two echoes take 0.9 dB at 0 dB, on the mean."""
    lowest_db, link_db = 0.0, 1.3
    settings = EncoderSettings(snr_db=10, snr_range_db=(lowest_db, 20.0))
    code_snr_db = Receivers(10, (lowest_db, 20.0)).code_snr_db
    profile, parameters = rounded(plan(*KODAK, 3, IMAGE8, settings), snr_db=code_snr_db)
    symbols = coded.to_symbols(profile, parameters)
    for seed in range(5):
        noisy = through_noise(symbols, lowest_db - link_db, seed)
        received = coded.from_symbols(profile, *noisy)
        assert received is not None
        assert np.array_equal(received, parameters)


@pytest.mark.parametrize("by_frames", [True, False])
@pytest.mark.parametrize("snr_db", [10, 20])
def test_exact_with_half_of_the_symbols_lost(snr_db: int, by_frames: bool) -> None:
    profile, parameters = rounded(make(KODAK, snr_db))
    assert profile.bits_per_parameter > 10
    symbols = coded.to_symbols(profile, parameters)
    for seed in range(5):
        noisy, variance = through_noise(symbols, snr_db, seed)
        lost = (
            half_of_the_frames(symbols.size, seed)
            if by_frames
            else np.random.default_rng(seed).random(symbols.size) < 0.5
        )
        noisy[lost], variance[lost] = 0, np.inf
        received = coded.from_symbols(profile, noisy, variance)
        assert received is not None
        assert np.array_equal(received, parameters)


def test_far_below_it_is_refused_and_never_wrong() -> None:
    profile, parameters = rounded(make(KODAK, 10))
    symbols = coded.to_symbols(profile, parameters)
    for seed, snr_db in enumerate((-10, -4, 0)):
        assert coded.from_symbols(profile, *through_noise(symbols, snr_db, seed)) is None


@pytest.mark.parametrize("snr_db", [-10, 0, 10, 20, 40])
def test_budgets(snr_db: float) -> None:
    least = coded_plan.least_uses(607, snr_db)
    assert coded_plan.budget(607, least, snr_db) >= coded_plan.least_information(607)
    assert coded_plan.budget(607, least - 1, snr_db) == 0
    enough = coded_plan.budget(607, 3 * least, snr_db)
    assert coded_plan.budget(607, 6 * least, snr_db) > 1.5 * enough


@pytest.mark.parametrize("bits", [4, 5.5, 8])
def test_budgets_of_other_bits(bits: float) -> None:
    least = coded_plan.least_uses(607, 10, bits)
    assert (least < coded_plan.least_uses(607, 10)) == (bits < coded_plan.LEAST_BITS)
    message = coded_plan.least_information(607, bits)
    assert bits * 607 < message < bits * 607 + 100
    assert coded_plan.budget(607, least, 10, bits) >= message
    assert coded_plan.budget(607, least - 1, 10, bits) == 0


def test_few_bits_keep_the_margin_for_lost_symbols() -> None:
    """It holds where it leaves the bits that there must be, and 6 of them it does not leave."""
    few, many = (coded_plan.budget(1663, 20_496, 0, bits) for bits in (4, 6))
    assert 4 * 1663 < few < 6 * 1663 < many


@pytest.mark.parametrize("bits", modulation.BITS_PER_SYMBOL)
def test_modulation(bits: int) -> None:
    numbers = np.arange(1 << bits)
    code_bits = (numbers[:, None] >> np.arange(bits)[::-1] & 1).astype(np.uint8)
    points = modulation.modulate(code_bits.reshape(-1), bits)
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1)
    # Gray: nearest neighbours differ in one bit.
    distance = np.abs(points[:, None] - points)
    nearest = np.isclose(distance, distance[distance > 0].min(), rtol=1e-3)
    differing = (code_bits[:, None] != code_bits).sum(axis=2)
    assert (differing[nearest] == 1).all()
    variance = np.full(points.size, 0.01, np.float32)
    variance[0] = np.inf
    soft = modulation.log_likelihoods(points, variance, bits).reshape(-1, bits)
    assert (soft[0] == 0).all()
    assert np.array_equal(soft[1:] < 0, code_bits[1:])


def test_information_of_binary_symbols() -> None:
    """Rate 1/2 is at Eb/N0 = 0.187 dB, and 1/4 at -0.794 dB: textbook limits of BI-AWGN."""
    assert modulation.information_per_bit(0.187, 2) == pytest.approx(0.5, abs=2e-4)
    four = modulation.information_per_bit(-0.794 - 10 * np.log10(2), 2)
    assert four == pytest.approx(0.25, abs=2e-4)
    assert modulation.information_per_bit(40, 6) == pytest.approx(1)


def test_rounding_lets_gradients_pass() -> None:
    profile = make(KODAK, 10)
    generator = torch.Generator().manual_seed(1)
    parameters = torch.randn(profile.parameters, generator=generator).requires_grad_(True)
    weights = torch.randn(profile.parameters, generator=generator)
    values = quantisation.straight_through(parameters, profile, 8)
    assert not torch.equal(values, parameters)
    (values * weights).sum().backward()
    assert parameters.grad is not None
    assert torch.equal(parameters.grad, weights)


def test_training_rounds_late_and_sends_what_it_rounded() -> None:
    profile = make(KODAK, 10)
    model = CodedParameters(profile)
    generator = torch.Generator().manual_seed(1)
    parameters = torch.randn(profile.parameters, generator=generator).requires_grad_(True)
    model.settle(EXACT_PART - 0.01, lambda: 0.0)
    assert model.parameters_as_received(parameters, generator) is parameters
    # Tried from 40 down in steps of 2: 34 is as good as any but for 0.02 dB.
    measured = iter([30.0, 30.0, 29.99, 29.98, 29.9, 29.7, 29.0, 28.0])
    model.settle(EXACT_PART, lambda: next(measured))
    received = model.parameters_as_received(parameters, generator)
    settled, sent = model.finished(parameters.detach(), [])
    assert settled.fineness == 34
    assert np.array_equal(received.detach().numpy(), sent)
    symbols = coded.to_symbols(settled, sent)
    arrived = coded.from_symbols(settled, *through_noise(symbols, 10, 1))
    assert arrived is not None
    assert np.array_equal(arrived, sent)


def test_what_has_no_room_is_rounded_more() -> None:
    profile = make((64, 64), 10)
    profile, _ = rounded(profile)
    budget = coded_plan.budget(profile.parameters, profile.parameter_uses, profile.snr_db)
    assert 0.9 * budget < profile.payload_bits <= budget
