# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged and forged .ijscc files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as serialise

from implicitjscc.codec import container
from implicitjscc.errors import ImplicitJsccError

from .limits import at_most, check_message, fuzzed
from .test_descriptions import flipped

BOUND_MIB = 32

texts = st.one_of(st.text(max_size=20), st.integers().map(str), st.just("1"), st.just("{}"))


def refused_or_whole(path: Path) -> None:
    with at_most(BOUND_MIB):
        try:
            encoded = container.load(path)
            content = encoded.content()
        except ImplicitJsccError as error:
            check_message(error)
            return
    assert content.symbols.size == encoded.profile.channel_uses
    assert np.isfinite(content.symbols).all()


@fuzzed(120)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=4),
    st.floats(0, 1),
    st.binary(max_size=40),
    st.booleans(),
)
def test_damaged_files(encoded, tmp_path_factory, flips, cut, insert, in_head) -> None:
    whole = encoded.path.read_bytes()
    data = bytearray(whole)
    reach = min(len(data), 900) if in_head else len(data)
    for place, flip in flips:
        data[min(int(place * reach), len(data) - 1)] ^= flip
    if insert or cut < 0.5:
        place = int(cut * reach)
        data[place : place + (len(insert) if cut < 0.8 else 0)] = insert
        if cut < 0.2:
            del data[int(5 * cut * len(data)) :]
    path = tmp_path_factory.mktemp("fuzz") / "x.ijscc"
    path.write_bytes(data)
    refused_or_whole(path)
    if bytes(data) != whole:
        return
    container.load(path)


@fuzzed(150)
@given(
    flipped(),
    st.dictionaries(
        st.sampled_from(["format", "format_version", "profile", "channel_uses", "figures"]),
        texts,
        max_size=2,
    ),
    st.integers(-2, 2),
    st.integers(-2, 2),
    st.sampled_from([0.0, np.nan, np.inf, 3e38]),
)
def test_forged_files(tmp_path_factory, described, wrong, more_reals, more_parameters, value):
    """A valid checksum around anything."""
    from implicitjscc.codec.profile import CodecProfile

    text, channel_uses = described
    try:
        profile = CodecProfile.from_bytes(text, channel_uses)
        sizes = profile.real_symbols, profile.parameters
    except ImplicitJsccError:
        sizes = 100, 50
    if sum(sizes) > 200_000:
        return
    reals = np.full(max(sizes[0] + more_reals, 0), value, np.float32)
    parameters = np.full(max(sizes[1] + more_parameters, 0), value, np.float32)
    metadata = {
        "format": container.FORMAT,
        "format_version": str(container.FORMAT_VERSION),
        "profile": text.hex(),
        "channel_uses": str(channel_uses),
        "figures": json.dumps({}),
        **wrong,
    }
    metadata["sha256"] = container._digest(metadata, reals, parameters)
    path = tmp_path_factory.mktemp("fuzz") / "x.ijscc"
    path.write_bytes(serialise({"symbols": reals, "parameters": parameters}, metadata))
    refused_or_whole(path)
