# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile SigMF recordings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.recording.metadata import LARGEST_METADATA_BYTES, parse
from implicitjscc.recording.reader import SigmfReader

from .limits import at_most, check_message, fuzzed

# Of 2 MiB of text that parses to as many objects as can be.
BOUND_MIB = 128

anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        st.text(max_size=30),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
types = st.sampled_from(
    [*("cf32_le", "ci16_le", "ci8", "cf32_be", "ci16_be", "cu8", "rf32_le", "cf64_le"), "", "x"]
)
keys = st.sampled_from(
    [
        *("core:datatype", "core:sample_rate", "core:version", "core:sha512", "core:num_channels"),
        *("core:metadata_only", "core:trailing_bytes", "core:dataset", "core:extensions"),
    ]
)
notes = st.lists(
    st.one_of(
        anything,
        st.dictionaries(
            st.sampled_from(["implicitjscc:content_id", "implicitjscc:content_sha256"]),
            st.one_of(anything, st.just("0123abcd"), st.just("a" * 64)),
        ),
    ),
    max_size=4,
)
metadata = st.fixed_dictionaries(
    {
        "global": st.one_of(
            anything,
            st.builds(
                lambda datatype, more: {"core:datatype": datatype, **more},
                types,
                st.dictionaries(keys, anything, max_size=3),
            ),
        ),
        "captures": st.one_of(
            anything,
            st.lists(st.dictionaries(st.just("core:header_bytes"), anything), max_size=3),
        ),
        "annotations": st.one_of(anything, notes),
    }
)


def read(folder: Path, meta: bytes, data: bytes, verify: bool) -> None:
    (folder / "x.sigmf-meta").write_bytes(meta)
    (folder / "x.sigmf-data").write_bytes(data)
    with at_most(BOUND_MIB):
        try:
            reader = SigmfReader(str(folder / "x"), verify=verify)
            total = sum(chunk.size for chunk in reader.chunks())
        except ImplicitJsccError as error:
            check_message(error)
            return
    assert total == reader.samples == len(data) // reader.recorded.datatype.sample_bytes
    rate = reader.recorded.sample_rate_hz
    assert rate is None or 0 < rate <= 1e12


@fuzzed(250)
@given(st.one_of(metadata, anything), st.binary(max_size=200), st.booleans())
def test_hostile_metadata(tmp_path_factory, meta, data, verify) -> None:
    read(tmp_path_factory.mktemp("fuzz"), json.dumps(meta).encode(), data, verify)


@fuzzed(100)
@given(st.binary(max_size=400), st.binary(max_size=64))
def test_arbitrary_bytes(tmp_path_factory, meta, data) -> None:
    read(tmp_path_factory.mktemp("fuzz"), meta, data, verify=False)


@pytest.mark.parametrize("unit", ["[],", "{},", '"",', "[", '{"a":', "1e9,", "9"])
def test_metadata_that_parses_to_much(unit: str) -> None:
    """Of the largest size that is read at all."""
    text = '{"global": {"core:datatype": "ci8"}, "annotations": ['
    body = unit * ((LARGEST_METADATA_BYTES - len(text) - 4) // len(unit))
    closed = (text + body.rstrip(",") + "]}").encode()
    with at_most(BOUND_MIB):
        try:
            parse(closed)
        except ImplicitJsccError:
            return
    assert unit.endswith(",")
    with pytest.raises(ImplicitJsccError, match="longer than"):
        parse(closed + b" " * LARGEST_METADATA_BYTES)


@fuzzed(30)
@given(st.integers(0, 1 << 32), st.sampled_from(["cf32_le", "ci16_le", "ci8"]))
def test_any_samples(tmp_path_factory, seed, datatype) -> None:
    data = np.random.default_rng(seed).bytes(8 * 500)
    meta = {"global": {"core:datatype": datatype, "core:sample_rate": 1}}
    read(tmp_path_factory.mktemp("fuzz"), json.dumps(meta).encode(), data, verify=False)
