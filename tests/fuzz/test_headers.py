# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile headers: bits, log-likelihoods, and whole bursts with a valid CRC around nonsense."""

from __future__ import annotations

import struct
import zlib
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from implicitjscc.content import DESCRIPTION_BYTES, ReceivedContent
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import header_code, header_symbols, transmitter
from implicitjscc.phy.frame import MAXIMUM_PAYLOAD_SYMBOLS
from implicitjscc.phy.header import HEADER_BYTES, Header, HeaderError
from implicitjscc.phy.profile import STANDARD

from .limits import at_most, check_message, fuzzed
from .streams import check, contents, noisy, receive

# The longest content that a header may name is 8 million symbols: 96 MB of symbols and variances,
# and the interleaver's tables.
BOUND_MIB = 640

descriptions = st.binary(min_size=DESCRIPTION_BYTES, max_size=DESCRIPTION_BYTES)
sizes = st.one_of(
    st.integers(0, (1 << 32) - 1),
    st.integers(1, MAXIMUM_PAYLOAD_SYMBOLS),
    st.integers(1, 100_000),
    st.sampled_from([0, 1, 33_792, 33_793, 8_000_000, 8_000_001, (1 << 32) - 1]),
)


def forged(version: int, content_id: int, size: int, digest: int, reserved: int, text: bytes):
    body = struct.pack(
        f">BIIHH{DESCRIPTION_BYTES}s", version, content_id, size, digest, reserved, text
    )
    return body + struct.pack(">I", zlib.crc32(body))


mostly_right = st.builds(
    forged,
    version=st.one_of(st.just(1), st.integers(0, 255)),
    content_id=st.integers(0, (1 << 32) - 1),
    size=sizes,
    digest=st.one_of(st.just(STANDARD.digest), st.integers(0, 0xFFFF)),
    reserved=st.one_of(st.just(0), st.integers(0, 0xFFFF)),
    text=descriptions,
)


@fuzzed(300)
@given(st.one_of(mostly_right, st.binary(min_size=HEADER_BYTES, max_size=HEADER_BYTES)))
def test_header_bytes(data) -> None:
    try:
        header = Header.from_bytes(data)
    except HeaderError:
        return
    assert 1 <= header.payload_symbols <= MAXIMUM_PAYLOAD_SYMBOLS
    assert header.to_bytes() == data


@fuzzed(40)
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300]),
    st.floats(0, 1),
    st.floats(-5, 300),
)
def test_hostile_log_likelihoods(seed, value, share, exponent) -> None:
    rng = np.random.default_rng(seed)
    llr = rng.standard_normal(header_code.CODE_BITS) * 10**exponent
    llr[rng.random(llr.size) < share] = value
    with at_most(64):
        try:
            header_symbols.decode_header(llr)
        except HeaderError:
            return
    raise AssertionError("noise has a valid CRC")


class _Forged:
    """Stands in for :class:`Header` in the transmitter, which asks for little but its bytes."""

    coded_units = 0

    def __init__(self, data: bytes) -> None:
        self._data = data

    def to_bytes(self, profile=STANDARD) -> bytes:
        return self._data


def burst_of(data: bytes, which: int) -> np.ndarray:
    """A burst whose header says what it likes, in noise."""
    with mock.patch.object(transmitter.Header, "of", return_value=_Forged(data)):
        samples = transmitter.modulate(contents()[which]).samples
    return noisy(np.pad(samples, (2_000, 9_000)), 20.0)


@fuzzed(12)
@given(mostly_right, st.sampled_from([0, 1, 2]))
def test_forged_bursts(data, which) -> None:
    """Believed as far as the bounds allow; what then is missing is said to be lost."""
    from implicitjscc.codec import decoder

    samples = burst_of(data, which)
    with at_most(BOUND_MIB):
        receptions, receiver = receive(samples, 2)
    refused = _refused(data)
    assert not (receptions and refused)
    assert receiver.stats.contents == len(receptions)
    for reception in receptions:
        check(reception)
        received = reception.received
        assert received.symbols.size == Header.from_bytes(data).payload_symbols
        if received.symbols.size > 2 * contents()[which].symbols.size + 40_000:
            assert received.lost.mean() > 0.3
        if received.symbols.size < 100_000:
            _nothing_but_our_errors(decoder, received)


def _refused(data: bytes) -> bool:
    try:
        Header.from_bytes(data)
    except HeaderError:
        return True
    return False


def _nothing_but_our_errors(decoder, received: ReceivedContent) -> None:
    try:
        decoded = decoder.decode(received)
    except ImplicitJsccError as error:
        check_message(error)
        return
    # A message that passes its own CRC by chance: one in 2^32.
    assert decoded.decoder != "exact"
