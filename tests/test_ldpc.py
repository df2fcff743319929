# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeat-accumulate codes: never changing, decodable near capacity, at any rate and length."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc import prng
from implicitjscc.ldpc import RepeatAccumulateCode
from implicitjscc.ldpc_profiles import HIGHEST_RATE, LOWEST_RATE, make_code

SEED = 1
STREAM = prng.Stream.PARAMETER_CODE
LENGTH = 16_416  # QPSK in the 8,208 channel uses of a Kodak picture's parameters


def draw(code: RepeatAccumulateCode, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, code.information_bits).astype(np.uint8)


@pytest.mark.parametrize(
    ("information_bits", "code_bits", "expected"),
    [
        (100, 500, "b778a54a309cd2b9"),
        (3674, 16_416, "ed668cb3d41f884d"),
        (7316, 16_416, "a8ed4d13a9476714"),
        (5000, 6_300, "cdc9fec0716aea18"),
    ],
)
def test_golden_words(information_bits: int, code_bits: int, expected: str) -> None:
    code = make_code(information_bits, code_bits, SEED, STREAM)
    words = prng.words(2, prng.Stream.FILLER, information_bits)
    word = code.encode((words & 1).astype(np.uint8))
    assert hashlib.sha256(word.tobytes()).hexdigest()[:16] == expected


@settings(max_examples=40, deadline=None)
@given(bits=st.integers(64, 3000), rate=st.floats(LOWEST_RATE, HIGHEST_RATE))
def test_every_size_has_a_code(bits: int, rate: float) -> None:
    length = min(max(int(bits / rate), int(bits / HIGHEST_RATE) + 1), int(bits / LOWEST_RATE))
    code = make_code(bits, length, SEED, STREAM)
    assert (code.information_bits, code.code_bits) == (bits, length)
    rows = np.sort(code.connections, axis=1)
    assert not (rows[:, 1:] == rows[:, :-1]).any()
    assert np.bincount(code.connections.reshape(-1), minlength=bits).min() >= 3
    information = draw(code, bits)
    decoded, satisfied = code.decode(6.0 * (1 - 2.0 * code.encode(information)))
    assert satisfied
    assert np.array_equal(decoded, information)


@pytest.mark.parametrize(("bits", "length"), [(63, 200), (1000, 1100), (1000, 10_000)])
def test_sizes_without_a_code(bits: int, length: int) -> None:
    with pytest.raises(ValueError, match="no code of"):
        make_code(bits, length, SEED, STREAM)


# Es/N0 of binary symbols, capacity + 0.8 dB: benchmarks/code.py measures the gaps.
@pytest.mark.parametrize(("rate", "es_n0_db"), [(0.25, -4.99), (0.45, -1.82), (0.7, 1.27)])
def test_near_capacity_in_noise(rate: float, es_n0_db: float) -> None:
    code = make_code(round(rate * LENGTH), LENGTH, SEED, STREAM)
    variance = 10 ** (-es_n0_db / 10) / 2
    for seed in range(5):
        information = draw(code, seed)
        sent = 1 - 2.0 * code.encode(information)
        noise = np.random.default_rng(seed).standard_normal(LENGTH) * np.sqrt(variance)
        decoded, satisfied = code.decode(2 / variance * (sent + noise))
        assert satisfied
        assert np.array_equal(decoded, information)


@pytest.mark.parametrize(("rate", "erased"), [(0.25, 0.68), (0.45, 0.49), (0.7, 0.23)])
def test_near_capacity_with_erasures(rate: float, erased: float) -> None:
    code = make_code(round(rate * LENGTH), LENGTH, SEED, STREAM)
    for seed in range(5):
        information = draw(code, seed)
        llr = 10.0 * (1 - 2.0 * code.encode(information))
        llr[np.random.default_rng(seed).random(LENGTH) < erased] = 0
        decoded, satisfied = code.decode(llr)
        assert satisfied
        assert np.array_equal(decoded, information)


@pytest.mark.parametrize("level", [0.0, 3.0, 1e30])
def test_noise_is_no_word(level: float) -> None:
    code = make_code(1000, 2500, SEED, STREAM)
    llr = np.random.default_rng(1).standard_normal(2500) * level
    decoded, satisfied = code.decode(llr, iterations=30)
    assert satisfied == (level == 0)  # nothing known at all: the word of zeros
    assert decoded.shape == (1000,)
