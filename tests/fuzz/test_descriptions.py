# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile descriptions of a decoder, and hostile symbols to the decoder that they describe."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from implicitjscc.codec import coded_plan, decoder
from implicitjscc.codec.formats import IMAGE8, AudioFormat
from implicitjscc.codec.profile import MAXIMUM_LAYER_VALUES, MAXIMUM_PIXELS, CodecProfile
from implicitjscc.content import DESCRIPTION_BYTES, ReceivedContent
from implicitjscc.errors import ImplicitJsccError

from .limits import at_most, check_message, fuzzed

uses = st.one_of(st.integers(1, 8_000_000), st.integers(1, 20_000))
descriptions = st.binary(min_size=DESCRIPTION_BYTES, max_size=DESCRIPTION_BYTES)
# Decoding that many pixels takes little time even at d = 64.
FEW_PIXELS = 4096


@functools.cache
def profiles() -> tuple[CodecProfile, ...]:
    """One of each strategy and of both dimensions."""
    repeated = CodecProfile(
        format=IMAGE8,
        height=24,
        width=33,
        channels=3,
        level_channels=(1, 2, 1),
        hidden_dim=6,
        activation="relu",
        noise_matrix=True,
        strategy="repetition",
        repetition_lsm=3,
        channel_uses=6_000,
        snr_db=10.0,
        seed=3,
    )
    sound = replace(
        repeated, format=AudioFormat(8000, "pcm16", 300), height=1, width=900, channels=1
    )
    return tuple(made for source in (repeated, sound) for made in (source, _coded(source)))


def _coded(source: CodecProfile) -> CodecProfile:
    return replace(
        source,
        strategy="coded",
        repetition_lsm=0,
        fineness=20,
        bits_per_symbol=2,
        payload_bits=6 * source.parameters,
        brightness=1,
    )


@st.composite
def flipped(draw) -> tuple[bytes, int]:
    """A valid description with a few bits or bytes changed, and its channel uses, nearly."""
    profile = draw(st.sampled_from(profiles()))
    bits = int.from_bytes(profile.to_bytes(), "big")
    for place in draw(st.lists(st.integers(0, 8 * DESCRIPTION_BYTES - 1), max_size=4)):
        bits ^= 1 << place
    return bits.to_bytes(DESCRIPTION_BYTES, "big"), profile.channel_uses + draw(
        st.one_of(st.just(0), st.integers(-2_000, 2_000))
    )


@fuzzed(400)
@given(st.one_of(flipped(), st.tuples(descriptions, uses)))
def test_descriptions(described) -> None:
    text, channel_uses = described
    with at_most(8):
        try:
            profile = CodecProfile.from_bytes(text, channel_uses)
        except ImplicitJsccError as error:
            check_message(error)
            return
    assert profile.to_bytes() == text
    assert profile.height * profile.width <= MAXIMUM_PIXELS
    widest = max(profile.synthesis.inputs, profile.hidden_dim, profile.channels)
    assert widest * profile.height * profile.width <= MAXIMUM_LAYER_VALUES
    assert 0 < profile.parameter_uses < channel_uses
    assert math.isfinite(profile.noise_variance)
    if profile.strategy == "coded":
        assert coded_plan.can_be_sent(
            profile.payload_bits, profile.parameter_uses, profile.bits_per_symbol
        )


hostile = st.sampled_from(
    [0.0, np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-38, complex(np.nan, 1), complex(0, np.inf)]
)
hostile_variance = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 1e38, 1e-45])


@fuzzed(60)
@given(
    st.one_of(flipped(), st.tuples(descriptions, st.integers(1, 20_000))),
    st.integers(0, 1 << 32),
    hostile,
    hostile_variance,
    st.tuples(*(st.sampled_from([0.0, 0.01, 0.5, 1.0]) for _ in range(2))),
    st.floats(-38, 37),
)
def test_hostile_symbols(described, seed, value, variance, shares, exponent) -> None:
    text, channel_uses = described
    try:
        profile = CodecProfile.from_bytes(text, channel_uses)
    except ImplicitJsccError:
        return
    assume(profile.height * profile.width <= FEW_PIXELS)
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        symbols = (rng.standard_normal((channel_uses, 2)) @ [1, 1j] * 10.0**exponent).astype("c8")
    variances = np.full(channel_uses, 0.1, np.float32)
    symbols[rng.random(channel_uses) < shares[0]] = value
    variances[rng.random(channel_uses) < shares[1]] = variance
    with at_most(256), np.errstate(all="ignore"):
        try:
            decoded = decoder.decode(ReceivedContent(symbols, variances, text, 1))
        except ImplicitJsccError as error:
            check_message(error)
            return
    # Random bits are no message, whatever else they are.
    assert decoded.decoder == ("averaged" if profile.strategy == "repetition" else "approximate")
