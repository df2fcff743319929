# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays as PMT vectors: what GNU Radio's own functions make of them."""

from __future__ import annotations

import numpy as np
import pmt
import pytest
from gnuradio.implicitjscc.pmt_arrays import KINDS, from_array, is_kind, to_array


@pytest.mark.parametrize("size", [0, 1, 1000])
@pytest.mark.parametrize("name", list(KINDS))
def test_round_trip(name: str, size: int) -> None:
    whole = np.random.default_rng(1).integers(0, 120, size)
    values = (whole - 1j * whole[::-1] if name.startswith("complex") else whole).astype(name)
    vector = from_array(values)
    assert is_kind(vector, KINDS[name])
    assert pmt.length(vector) == size
    if size:
        make = getattr(pmt, f"init_{KINDS[name]}vector")
        assert pmt.equal(vector, make(size, values.tolist()))
    back = to_array(vector)
    assert back.dtype == values.dtype
    assert np.array_equal(back, values)


def test_values_that_are_no_numbers_pass() -> None:
    values = np.array([np.inf, -np.inf, np.nan, 1e-45], np.float32)
    assert np.array_equal(to_array(from_array(values)), values, equal_nan=True)


def test_what_is_no_vector() -> None:
    for other in (pmt.PMT_NIL, pmt.from_long(1), pmt.make_dict(), pmt.make_vector(3, pmt.PMT_NIL)):
        with pytest.raises(TypeError):
            to_array(other)
    with pytest.raises(KeyError):
        from_array(np.zeros(3, np.float16))
