# SPDX-License-Identifier: GPL-3.0-or-later
"""The waveform's parts, each by itself, and what must never change of them."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc import prng
from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import header_code, header_symbols, smoother
from implicitjscc.phy.frame import (
    FrameLayout,
    chirps,
    extra_header_slots,
    filler_symbols,
    pilot_symbols,
)
from implicitjscc.phy.header import (
    HEADER_BITS,
    HEADER_BYTES,
    VERSION,
    Header,
    HeaderDamagedError,
    HeaderRefusedError,
)
from implicitjscc.phy.interleaver import Interleaver
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.pulse import root_raised_cosine
from implicitjscc.phy.transmitter import frame_symbols, modulate

from .conftest import PLAIN, laplace_content, signature

GOLDEN = (
    *(-1.4565 + 0.5924j, -1.0000 - 3.0000j, -2.3058 + 2.8430j, -0.1455 + 2.4916j),
    *(-1.8712 + 4.8816j, -1.0000 - 1.0000j, -1.1321 - 5.9242j, 1.4789 + 4.5497j),
)


def digest(values: np.ndarray, dtype: str) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype).tobytes()).hexdigest()[:16]


def example_header() -> Header:
    return Header(0xCAFE0001, 180_224, bytes(range(DESCRIPTION_BYTES)))


def test_golden_burst() -> None:
    """All symbols of two frames at once: where this changes, so must the header's VERSION.

    (From release 0.1.0 on; golden parts alone do not show an order that changed between them.)
    """
    words = prng.words(0, prng.Stream.FILLER, 2 * 34_005, 7).astype(np.float64) / 2**31 - 1
    symbols = (words[0::2] + 1j * words[1::2]) * np.sqrt(1.5)
    content = Content(symbols.astype(np.complex64), bytes(range(DESCRIPTION_BYTES)), 7, 1_000)
    sent = frame_symbols(content, FrameLayout(content.symbols.size))
    probe = filler_symbols(9, 16)
    places = [100, 700, 2_000, 11_111, 17_500, 20_000, 30_000, sent.size - 20]
    found = [complex(np.vdot(probe, sent[place : place + 16])) for place in places]
    assert VERSION == 1
    assert np.allclose(found, GOLDEN, atol=1e-3), np.round(found, 4).tolist()


def test_golden_air_format() -> None:
    """Receivers in the field depend on each of these."""
    assert digest(pilot_symbols(5, 600), "<c8") == "349a4bec6a6d5e23"
    assert digest(filler_symbols(2, 100), "<c8") == "6efe10703b6a3759"
    assert digest(header_code.edges(), "<i8") == "95d0b2a71041c22c"
    sent = header_symbols.header_symbols(example_header(), 3, 400)
    assert digest(sent, "<c8") == "5df6e01b0e0293f2"
    interleaver = Interleaver(FrameLayout(70_000))
    assert digest(interleaver.sources(1), "<i8") == "3db93107a54f560e"
    assert digest(interleaver.turns(1), "<c8") == "fc2cd93b7b15c21f"
    assert example_header().to_bytes().hex() == (
        "01cafe00010002c000ad5f0000000102030405060708090a0b0c"
        "0d0e0f101112131415161718191a1b1c1d1e1f202122ad18ac6a"
    )
    plain = signature(modulate(laplace_content(500), PLAIN).samples)
    assert plain == pytest.approx([-28.5777, 5.4406, 23.0248], abs=1e-3)
    spread = signature(modulate(laplace_content(500)).samples)
    assert spread == pytest.approx([-43.7086, -4.7864, 46.0156], abs=1e-3)


def test_layout_of_a_kodak_picture() -> None:
    layout = FrameLayout(270_336)
    assert (layout.frames, layout.payload_slots, layout.extra_header_slots) == (8, 33_792, 0)
    overhead = 1 - 270_336 / (layout.frames * layout.frame_symbols)
    assert overhead < 0.042


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400_000))
def test_slots_and_pilots_fill_the_body(size: int) -> None:
    layout = FrameLayout(size)
    slots, pilots = layout.slot_positions(), layout.pilot_positions()
    together = np.sort(np.concatenate((slots, pilots)))
    first = STANDARD.preamble_symbols + STANDARD.header_symbols
    assert np.array_equal(together, np.arange(first, layout.frame_symbols))
    assert np.diff(pilots).max() <= STANDARD.pilot_period
    header = STANDARD.header_symbols + layout.extra_header_slots
    assert header * layout.frames >= STANDARD.least_header_symbols
    assert layout.extra_header_slots + layout.payload_slots <= layout.slots


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 150_000))
def test_the_interleaver_loses_nothing_and_parts_neighbours(size: int) -> None:
    layout = FrameLayout(size)
    interleaver = Interleaver(layout)
    frame_of = np.full(size, -1)
    for frame in range(layout.frames):
        sources = interleaver.sources(frame)
        assert sources.size == layout.payload_slots
        carried = sources[sources < size]
        assert np.all(frame_of[carried] == -1)
        frame_of[carried] = frame
    assert np.all(frame_of >= 0)
    blocks = frame_of[: size // layout.frames * layout.frames].reshape(-1, layout.frames)
    assert np.all(np.sort(blocks, axis=1) == np.arange(layout.frames))


def test_bounds_of_a_content() -> None:
    for size in (0, -1, 8_000_001):
        with pytest.raises(ValueError, match="out of bounds"):
            FrameLayout(size)
    with pytest.raises(ImplicitJsccError, match="cannot be sent"):
        modulate(Content(np.empty(0, np.complex64), bytes(DESCRIPTION_BYTES), 0))


def test_the_pulse_has_no_interference() -> None:
    taps = root_raised_cosine(STANDARD.rolloff, STANDARD.span_symbols, 2)
    matched = np.convolve(taps, taps)[taps.size - 1 :: 2]
    assert matched[0] == pytest.approx(1)
    assert 10 * np.log10(np.sum(2 * matched[1:] ** 2)) < -55


def test_chirps_have_a_sharp_correlation() -> None:
    up, down = np.split(chirps(), 2)
    assert np.allclose(np.abs(up), 1)
    circular = np.abs(np.fft.ifft(np.fft.fft(up) * np.fft.fft(up).conj()))
    assert circular[1:].max() < 0.07 * circular[0]
    assert np.allclose(down, up.conj())


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 8_000_000),
    st.binary(min_size=DESCRIPTION_BYTES, max_size=DESCRIPTION_BYTES),
)
def test_header_round_trip(content_id: int, symbols: int, description: bytes) -> None:
    header = Header(content_id, symbols, description)
    data = header.to_bytes()
    assert len(data) == HEADER_BYTES == 52
    assert Header.from_bytes(data) == header


def test_a_damaged_header_is_refused() -> None:
    data = bytearray(example_header().to_bytes())
    for bit in range(HEADER_BITS):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(HeaderDamagedError):
            Header.from_bytes(bytes(data))
        data[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (slice(0, 1), b"\x02", "version 2 is newer than 1"),
        (slice(0, 1), b"\x00", "version 0 is older than 1"),
        (slice(5, 9), b"\xff\xff\xff\xff", "impossible"),
        (slice(5, 9), b"\x00\x00\x00\x00", "impossible"),
        (slice(9, 11), b"\x00\x01", "waveform"),
    ],
)
def test_a_header_that_cannot_be_followed(place: slice, value: bytes, message: str) -> None:
    body = bytearray(example_header().to_bytes()[:-4])
    body[place] = value
    data = bytes(body) + zlib.crc32(body).to_bytes(4, "big")
    with pytest.raises(HeaderRefusedError, match=message):
        Header.from_bytes(data)


def test_reserved_bits_of_a_waveform_that_spreads_nothing() -> None:
    data = dataclasses.replace(example_header(), coded_units=1).to_bytes(PLAIN)
    with pytest.raises(HeaderRefusedError, match="newer"):
        Header.from_bytes(data, PLAIN)


def test_the_headers_code() -> None:
    edges = header_code.edges()
    assert edges.shape == (header_code.PARITY_BITS, 2)
    assert not np.any(edges[:, 0] == edges[:, 1])
    information = np.random.default_rng(1).integers(0, 2, HEADER_BITS).astype(np.uint8)
    word = header_code.encode(information)
    decoded, satisfied = header_code.decode(4.0 * (1 - 2.0 * word))
    assert satisfied
    assert np.array_equal(decoded, information)


@pytest.mark.parametrize(
    ("frames", "received", "es_n0_db"),
    [
        *((1, [0], -5.0), (2, [0, 1], -5.0), (6, range(6), -5.5), (8, range(8), -6.5)),
        *((8, [0], 3.5), (8, [5], 3.5), (5, [3, 4], 0.0), (8, [1, 4, 6], -1.5)),
    ],
)
def test_headers_at_low_snr(frames: int, received: Sequence[int], es_n0_db: float) -> None:
    """20 of 20: the error rate there is far below 1 in 100."""
    count = STANDARD.header_symbols + extra_header_slots(frames)
    header, rng = example_header(), np.random.default_rng(2)
    variance = 10 ** (-es_n0_db / 10)
    for _ in range(20):
        llr = np.zeros(header_code.CODE_BITS)
        for frame in received:
            sent = header_symbols.header_symbols(header, frame, count)
            noise = rng.standard_normal((count, 2)) @ np.array([1, 1j]) * np.sqrt(variance / 2)
            header_symbols.add_log_likelihoods(llr, sent + noise, variance, frame, count)
        assert header_symbols.decode_header(llr) == header
        agreement, expected = header_code.soft_syndrome(llr)
        assert abs(agreement - expected) < 5 * np.sqrt(expected) + 1e-9


def test_one_frame_tells_what_is_no_code_word() -> None:
    header, rng = example_header(), np.random.default_rng(5)
    sent = header_symbols.header_symbols(header, 3, STANDARD.header_symbols)
    for symbols, is_one in ((sent, True), (rng.permutation(sent), False)):
        llr = np.zeros(header_code.CODE_BITS)
        noise = rng.standard_normal((symbols.size, 2)) @ np.array([1, 1j]) * np.sqrt(0.1)
        header_symbols.add_log_likelihoods(llr, symbols + noise, 0.2, 3, symbols.size)
        agreement, expected = header_code.soft_syndrome(llr)
        assert expected > 100
        assert (agreement > expected / 2) == is_one


def test_noise_is_no_header() -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        with pytest.raises(HeaderDamagedError):
            header_symbols.decode_header(rng.standard_normal(header_code.CODE_BITS) * 4)


def test_the_smoother_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(4)
    times = np.cumsum(rng.uniform(1, 90, 60))
    walk = 1e-3
    variances = rng.uniform(0.01, 0.3, 60)
    values = np.cumsum(rng.standard_normal(60)) * 0.2
    path = smoother.smooth_random_walk(times, values, variances, walk)
    difference = np.diff(np.eye(60), axis=0)
    information = np.diag(1 / variances)
    information += difference.T @ np.diag(1 / (walk * np.diff(times))) @ difference
    covariance = np.linalg.inv(information)
    np.testing.assert_allclose(path, covariance @ (values / variances), rtol=1e-6)


def test_observations_that_tell_nothing_are_no_failure() -> None:
    """As of a frame that is noise alone."""
    times, values = np.arange(600) * 64.0, np.random.default_rng(6).normal(size=600)
    walk = smoother.estimate_walk([(values, 1e30)], 64.0)
    path = smoother.smooth_random_walk(times, values, np.full(600, 1e30), walk)
    assert np.all(np.isfinite(path))


@pytest.mark.parametrize("walk", [0.0, 6e-5])
def test_the_walks_variance_is_measured(walk: float) -> None:
    rng = np.random.default_rng(5)
    path = np.cumsum(rng.standard_normal(600) * np.sqrt(walk * 64))
    observed = path + rng.standard_normal(600) * 0.1
    estimate = smoother.estimate_walk([(observed[:200], 0.01), (observed[200:], 0.01)], 64)
    assert estimate == pytest.approx(walk, rel=1.0, abs=1e-7)


def test_the_smoothed_paths_variance() -> None:
    times, variance, walk = np.arange(80) * 64.0, 0.01, 3e-5
    difference = np.diff(np.eye(80), axis=0)
    information = np.eye(80) / variance + difference.T @ difference / (walk * 64)
    expected = np.mean(np.diag(np.linalg.inv(information)))
    assert smoother.smoothed_variance(times.size, walk, variance, 64) == pytest.approx(expected)


def test_a_burst_keeps_its_level() -> None:
    burst = modulate(laplace_content(33_000), payload_rms=0.1)
    middle = burst.samples[10_000:60_000]
    pilots = 1 + 1 / STANDARD.pilot_period
    assert np.mean(np.abs(middle) ** 2) == pytest.approx(0.01 * pilots, rel=0.05)
    assert burst.payload_rms == 0.1
    assert 10 ** (burst.papr_db / 20) * 0.1 == pytest.approx(np.abs(burst.samples).max(), rel=1e-3)
