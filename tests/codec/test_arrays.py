# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays of every real type from and to .npy, and what is none refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from implicitjscc.codec import metrics, sources
from implicitjscc.codec.arrays import Array
from implicitjscc.codec.formats import ARRAY_DTYPES, ArrayFormat, span_above
from implicitjscc.errors import ImplicitJsccError

SHAPES = [(50,), (7, 9), (5, 8, 1), (6, 5, 4)]


def values(dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    rng = np.random.default_rng(1)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype.startswith("float"):
        return (rng.standard_normal(shape) * 30).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, np.dtype(dtype), endpoint=True)


@pytest.mark.parametrize("dtype", ARRAY_DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_type_and_shape(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = values(dtype, shape)
    np.save(tmp_path / "x.npy", array)
    source = sources.read_source(tmp_path / "x.npy")
    assert isinstance(source, Array)
    np.testing.assert_array_equal(source.samples, array)
    normalised = source.normalised()
    channels = shape[2] if len(shape) == 3 else 1
    assert normalised.shape == (channels, *((1, shape[0]) if len(shape) == 1 else shape[:2]))
    assert 0 <= normalised.min() <= normalised.max() <= 1
    back = sources.from_normalised(normalised, source.format)
    assert (back.samples.dtype, back.samples.shape) == (array.dtype, shape)
    assert metrics.psnr_db(source, back) > 90  # 120 dB and more but for float16's own steps
    sources.write_source(tmp_path / "y.npy", back)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), back.samples)


@settings(max_examples=150, deadline=None)
@given(
    npst.arrays(
        dtype=st.sampled_from([np.float32, np.float64, np.int16, np.int64, np.uint64]),
        shape=st.integers(16, 30),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_bounds_hold_the_values(array: np.ndarray) -> None:
    if array.dtype.kind == "f":
        array = array.clip(-1e38, 1e38)
    source = Array.of(array)
    low, span = source.format.low, source.format.span
    least, most = array.min().item(), array.max().item()
    assert low <= least
    # Two doubles may add up to a little less: integers above 2^53 have no double of their own.
    assert low + span >= float(most) - 1e-15 * max(abs(float(most)), abs(low), span)
    back = sources.from_normalised(source.normalised(), source.format)
    off = np.abs(back.samples.astype(np.float64) - array.astype(np.float64)).max()
    assert off <= max(1.0 if array.dtype.kind in "iu" else 0.0, 1e-6 * span)


@given(st.floats(0, 1e38))
def test_a_span_is_rounded_up_by_little(span: float) -> None:
    above = span_above(span)
    assert span <= above <= span * (1 + 2**-14) + 2.0**-141
    assert span_above(above) == above


@pytest.mark.parametrize("value", [0, 1, -3, 100, 1 << 20])
@pytest.mark.parametrize("dtype", ["int32", "float64"])
def test_a_constant_comes_back(value: int, dtype: str) -> None:
    source = Array.of(np.full((20, 20), value, dtype))
    noise = np.random.default_rng(1).random((1, 20, 20), np.float32)
    back = sources.from_normalised(noise, source.format)
    np.testing.assert_array_equal(back.samples, source.samples)
    assert metrics.psnr_db(source, back) == np.inf


def test_a_constant_that_the_header_cannot_hold_comes_back_nearly() -> None:
    source = Array.of(np.full(20, 123_456_789, np.int32))
    back = sources.from_normalised(np.full((1, 1, 20), 0.2, np.float32), source.format)
    assert np.abs(back.samples - source.samples).max() <= 8


def test_psnr_is_against_the_value_range() -> None:
    array = np.linspace(-2, 6, 100)
    source = Array.of(array)
    shifted = Array(array + 0.08, source.format)
    assert metrics.psnr_db(source, shifted) == pytest.approx(40, abs=1e-3)
    assert metrics.ms_ssim_db(source, shifted) is None
    with pytest.raises(ImplicitJsccError, match=r"float64 of shape \(100,\), .* float64 of shape"):
        metrics.psnr_db(source, Array.of(array[:50]))


def test_byte_order_and_fortran_order(tmp_path: Path) -> None:
    array = values("int16", (9, 12))
    np.save(tmp_path / "x.npy", np.asfortranarray(array.astype(">i2")))
    source = sources.read_source(tmp_path / "x.npy")
    np.testing.assert_array_equal(source.samples, array)
    assert source.samples.dtype.isnative


class Unpickled:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return self.path.write_text, ("unpickled",)


def bad_arrays() -> dict[str, NDArray[Any]]:
    """What cannot be encoded, by what its message says."""
    nan, inf = np.zeros(50), np.zeros((9, 9), np.float32)
    nan[7], inf[3, 3] = np.nan, -np.inf
    bad: dict[str, NDArray[Any]] = {
        "complex64": np.zeros(50, np.complex64),
        "complex128": np.zeros((9, 9), np.complex128),
        "arrays of str": np.array(["a"] * 50),
        "datetime64": np.zeros(50, "datetime64[s]"),
        "void": np.zeros(50, [("a", "f4"), ("b", "i4")]),
        "values that are not finite": nan,
        "not finite": inf,
        "empty": np.zeros(0),
        r"an empty": np.zeros((5, 0)),
        "0 axes": np.array(4.0),
        "4 axes": np.zeros((2, 3, 4, 5)),
        "too small": np.zeros(15),
        "is too small": np.zeros((3, 5)),
        "too large": np.zeros((1 << 23) + 1, np.uint8),
        "limit of a side": np.zeros((2, 65_536), np.uint8),
        "33 channels": np.zeros((8, 8, 33)),
        "beyond the range": np.array([0.0, 1e39] * 10),
        "the range of float32": np.array([-3e38, 3e38] * 10, np.float32),
    }
    if np.dtype(np.longdouble).itemsize > 8:
        bad["float128|float96"] = np.zeros(50, np.longdouble)
    return bad


@pytest.mark.parametrize("message", bad_arrays())
def test_what_cannot_be_encoded(message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, bad_arrays()[message])
    with pytest.raises(ImplicitJsccError, match=message) as refused:
        sources.read_source(path)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    objects = np.array([Unpickled(tmp_path / "trace")] * 50, object)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    with pytest.raises(ImplicitJsccError, match="object"):
        sources.read_source(tmp_path / "x.npy")
    assert not (tmp_path / "trace").exists()


def test_damaged_files(tmp_path: Path) -> None:
    np.save(tmp_path / "whole.npy", np.arange(1000.0))
    data = (tmp_path / "whole.npy").read_bytes()
    promising = data.replace(b"(1000,)", b"(9" + b"9" * 12 + b",)")
    for spoilt in (b"", b"text", data[:5], data[:60], data[:500], promising):
        (tmp_path / "x.npy").write_bytes(spoilt)
        with pytest.raises(ImplicitJsccError, match=r"x\.npy") as refused:
            sources.read_source(tmp_path / "x.npy")
        assert "\n" not in str(refused.value)
    with pytest.raises(ImplicitJsccError, match="no such file"):
        sources.read_source(tmp_path / "absent.npy")
    with pytest.raises(ImplicitJsccError, match="not a file"):
        sources.read_source(tmp_path)


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    source = Array.of(np.arange(20.0))
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        sources.write_source(tmp_path / "absent" / "x.npy", source)
    with pytest.raises(ImplicitJsccError, match=r"\.npy"):
        sources.write_source(tmp_path / "x.wav", source)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"dtype": "complex64"},
        {"dtype": "float32", "low": 0.1},
        {"dtype": "float32", "span": 1 + 2**-20},
        {"dtype": "float32", "span": -1.0},
        {"dtype": "float32", "low": float("nan")},
        {"dtype": "float32", "span": float("inf")},
        {"dtype": "float32", "one_dimensional": True, "channel_axis": True},
    ],
)
def test_impossible_formats(fields: dict) -> None:
    with pytest.raises(ImplicitJsccError, match=r"impossible|cannot be encoded|no axis"):
        ArrayFormat(**fields)
