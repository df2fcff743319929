# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents as PDUs: there and back, and whatever else may come on a message port."""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
import pytest
from gnuradio.implicitjscc import image_pdu, pdu, pmt_scalars, source_pdu
from hypothesis import given
from hypothesis import strategies as st

from implicitjscc.codec import sources
from implicitjscc.content import DESCRIPTION_BYTES, Content, ReceivedContent
from implicitjscc.errors import ImplicitJsccError

DESCRIPTION = bytes(range(200, 200 + DESCRIPTION_BYTES))


def some_content(size: int = 100, content_id: int = 0xFEDCBA98) -> Content:
    rng = np.random.default_rng(1)
    symbols = (rng.normal(size=size) + 1j * rng.normal(size=size)).astype(np.complex64)
    return Content(symbols, DESCRIPTION, content_id)


def with_entry(message, key, value):
    return pmt.cons(pmt.dict_add(pmt.car(message), pmt.intern(key), value), pmt.cdr(message))


def test_content_there_and_back():
    content = some_content()
    again = pdu.to_content(pdu.from_content(content))
    np.testing.assert_array_equal(again.symbols, content.symbols)
    assert again.symbols.dtype == np.complex64
    assert again.description == DESCRIPTION
    assert again.content_id == content.content_id


def test_content_survives_serialisation():
    message = pmt.deserialize_str(pmt.serialize_str(pdu.from_content(some_content())))
    assert pdu.to_content(message).description == DESCRIPTION


def test_received_there_and_back():
    content = some_content()
    variance = np.linspace(0.01, 1, content.symbols.size, dtype=np.float32)
    variance[10:20] = np.inf
    received = ReceivedContent(content.symbols, variance, DESCRIPTION, 7)
    again, measured = pdu.to_received(
        pdu.from_received(received, {"snr_db": 9.5, "frames_lost": 1, "frames_received": 7})
    )
    np.testing.assert_array_equal(again.noise_variance, variance)
    np.testing.assert_array_equal(again.symbols, content.symbols)
    assert again.lost.sum() == 10
    assert measured["snr_db"] == 9.5
    assert measured["frames_lost"] == 1
    assert measured["content_id"] == 7


@pytest.mark.parametrize(
    "spoilt",
    [
        pmt.PMT_NIL,
        pmt.intern("hello"),
        pmt.from_long(3),
        pmt.cons(pmt.PMT_NIL, pmt.PMT_NIL),
        pmt.cons(pmt.make_dict(), pmt.init_c32vector(1, [1])),
        pmt.cons(pmt.make_dict(), pmt.init_u8vector(3, [1, 2, 3])),
        pmt.cons(pmt.car(pdu.from_content(some_content())), pmt.init_f32vector(2, [1, 2])),
        pmt.cons(pmt.car(pdu.from_content(some_content())), pmt.PMT_NIL),
        with_entry(pdu.from_content(some_content()), "content_id", pmt.from_long(-1)),
        with_entry(pdu.from_content(some_content()), "content_id", pmt.from_long(1 << 32)),
        with_entry(pdu.from_content(some_content()), "content_id", pmt.intern("7")),
        with_entry(pdu.from_content(some_content()), "description", pmt.init_u8vector(2, [1, 2])),
        with_entry(pdu.from_content(some_content()), "description", pmt.from_long(1)),
        pdu.from_content(Content(np.full(3, np.nan, np.complex64), DESCRIPTION, 1)),
    ],
)
def test_no_content(spoilt):
    with pytest.raises(ImplicitJsccError):
        pdu.to_content(spoilt)
    with pytest.raises(ImplicitJsccError):
        pdu.to_received(spoilt)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), -float("inf")])
def test_no_noise_variance(value):
    content = some_content(4)
    variance = np.array([1, 1, value, 1], np.float32)
    message = pdu.from_received(ReceivedContent(content.symbols, variance, DESCRIPTION, 1))
    with pytest.raises(ImplicitJsccError, match="noise variance"):
        pdu.to_received(message)


def test_noise_variance_of_another_length():
    message = pdu.from_received(
        ReceivedContent(some_content(4).symbols, np.ones(3, np.float32), DESCRIPTION, 1)
    )
    with pytest.raises(ImplicitJsccError, match="noise variance"):
        pdu.to_received(message)


@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
    st.integers(0, 1 << 31),
)
def test_image_there_and_back(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    again, meta = image_pdu.to_image(image_pdu.from_image(pixels, {"psnr_db": 31.5}))
    np.testing.assert_array_equal(again, pixels)
    assert again.dtype == dtype
    assert meta["psnr_db"] == 31.5
    assert meta["bits"] == 8 * np.dtype(dtype).itemsize


def test_image_of_another_size():
    message = image_pdu.from_image(np.zeros((4, 4, 3), np.uint8), {})
    for key, value in (("height", 5), ("width", 0), ("channels", -3), ("height", 1 << 60)):
        with pytest.raises(ImplicitJsccError):
            image_pdu.to_image(with_entry(message, key, pmt.from_long(value)))
    with pytest.raises(ImplicitJsccError):
        image_pdu.to_image(pmt.cons(pmt.make_dict(), pmt.init_u8vector(1, [1])))


SOURCES = [
    np.arange(40, dtype=np.int8),
    np.linspace(-3, 4, 60).reshape(6, 10).astype(np.float16),
    np.arange(96, dtype=np.uint64).reshape(8, 6, 2) << 40,
    np.arange(40) % 3 == 0,
    np.linspace(-3, 4, 60),
]


@pytest.mark.parametrize("array", SOURCES, ids=lambda array: array.dtype.name)
def test_array_there_and_back(array):
    message = source_pdu.from_source(sources.Array.of(array), {"psnr_db": 31.5})
    again = source_pdu.to_source(pmt.deserialize_str(pmt.serialize_str(message)))
    np.testing.assert_array_equal(again.samples, array)
    assert again.samples.dtype == array.dtype
    assert pdu.scalars(pmt.car(message))["psnr_db"] == 31.5


@pytest.mark.parametrize("channels", [1, 2])
def test_audio_there_and_back(channels):
    samples = np.random.default_rng(1).uniform(-1, 1, (50, channels))
    audio = sources.Audio.of(samples, 44_100, "pcm24")
    again = source_pdu.to_source(source_pdu.from_source(audio, {"snr_db": 9.5}))
    np.testing.assert_array_equal(again.samples, audio.samples)
    assert again.format == audio.format


def test_audio_of_a_sender_that_says_only_the_rate():
    meta = pmt_scalars.to_pmt_dict({"sample_rate_hz": 8000})
    again = source_pdu.to_source(pmt.cons(meta, pmt.init_f32vector(20, [0.1] * 20)))
    assert again.size == (1, 20, 1)
    assert again.format.sample_format == "float32"


def test_no_source():
    floats, bytes_ = pmt.init_f32vector(20, [0.1] * 20), pmt.init_u8vector(20, [1] * 20)
    wild = pmt.init_f32vector(20, [float("nan")] * 20)
    spoilt: list[tuple[dict[str, Any], Any]] = [
        ({"sample_rate_hz": 8000}, bytes_),
        ({"sample_rate_hz": 8000}, wild),
        ({"sample_rate_hz": 8000, "channels": 3}, floats),
        ({"sample_rate_hz": 8000, "channels": 0}, floats),
        ({"sample_rate_hz": 0}, floats),
        ({"sample_rate_hz": 0.5}, floats),
        ({"sample_rate_hz": 8000, "sample_format": "mp3"}, floats),
        ({"dtype": "float32"}, floats),
        ({"dtype": "float32", "shape": "4x6"}, floats),
        ({"dtype": "float32", "shape": "4x"}, floats),
        ({"dtype": "float32", "shape": "-4x-5"}, floats),
        ({"dtype": "float32", "shape": "20"}, wild),
        ({"dtype": "float64", "shape": "20"}, floats),
        ({"dtype": "object", "shape": "20"}, floats),
        ({"dtype": "complex64", "shape": "20"}, floats),
        ({}, floats),
    ]
    for entries, vector in spoilt:
        with pytest.raises(ImplicitJsccError):
            source_pdu.to_source(pmt.cons(pmt_scalars.to_pmt_dict(entries), vector))
    for message in (pmt.PMT_NIL, pmt.intern("x"), pmt.from_long(3)):
        with pytest.raises(ImplicitJsccError):
            source_pdu.to_source(message)
