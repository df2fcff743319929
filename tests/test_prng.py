# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator that both ends share: published vectors, and golden hashes of its streams."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from implicitjscc import prng

# Known answers of Philox4x32-10, published with Random123 (kat_vectors).
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_published_vectors(counter: tuple, key: tuple, expected: tuple) -> None:
    output = prng.philox4x32(np.array([counter], np.uint32), key)
    assert tuple(output[0]) == expected


def digest(values: np.ndarray, dtype: str) -> str:
    return hashlib.sha256(values.astype(dtype).tobytes()).hexdigest()[:16]


def test_golden_streams() -> None:
    """What is on the air follows from these: they must never change."""
    assert digest(prng.words(7, prng.Stream.PILOTS, 1001, 3), "<u4") == "90e078ee004c6c64"
    assert digest(prng.normals(7, prng.Stream.NOISE_MATRIX, 1001, 3), "<i2") == "c2ea15c054c703d3"
    permutation = prng.permutation(7, prng.Stream.INTERLEAVER_POSITIONS, 1001, 3)
    assert digest(permutation, "<i8") == "176001775bdc3167"


def test_a_stream_does_not_depend_on_how_much_is_drawn() -> None:
    long = prng.normals(5, prng.Stream.NOISE_MATRIX, 1000)
    assert np.array_equal(prng.normals(5, prng.Stream.NOISE_MATRIX, 999), long[:999])


def test_streams_seeds_and_indices_differ() -> None:
    base = prng.words(1, prng.Stream.PILOTS, 100)
    for other in (
        prng.words(2, prng.Stream.PILOTS, 100),
        prng.words(1, prng.Stream.FILLER, 100),
        prng.words(1, prng.Stream.PILOTS, 100, 1),
    ):
        assert not np.any(base == other)


def test_normals_are_normal() -> None:
    values = prng.normals(0, prng.Stream.NOISE_MATRIX, 400_000) / prng.NORMAL_ONE_SIGMA
    assert abs(values.mean()) < 5 / np.sqrt(values.size)
    assert abs(values.var() - 1) < 5 * np.sqrt(2 / values.size)
    assert abs(np.mean(values**4) - 3) < 0.06
    assert np.array_equal(np.sort(prng._normal_table()), prng._normal_table())


def test_permutation_holds_every_number_once() -> None:
    order = prng.permutation(3, prng.Stream.INTERLEAVER_POSITIONS, 5000)
    assert np.array_equal(np.sort(order), np.arange(5000))
