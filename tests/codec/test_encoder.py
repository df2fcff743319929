# SPDX-License-Identifier: GPL-3.0-or-later
"""Overfitting: it converges, it is reproducible, it stops when it is told to."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from implicitjscc.codec import coded_plan, container, sources
from implicitjscc.codec.decoder import decode
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.encoder import Progress, encode
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.metrics import psnr_db
from implicitjscc.codec.planner import parameter_power, plan
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.codec.simulation import simulate
from implicitjscc.codec.symbol_channel import awgn
from implicitjscc.codec.training import Trainer
from implicitjscc.errors import ImplicitJsccError

from .conftest import chirps, smooth_picture


def test_quality_and_power(encoding: EncodedSource, picture: sources.Image) -> None:
    symbols = encoding.content().symbols
    assert symbols.size == encoding.profile.channel_uses == encoding.figures["channel_uses"]
    assert np.mean(np.abs(symbols.astype(np.complex128)) ** 2) == pytest.approx(1, abs=1e-5)
    good = simulate(encoding, picture, 20, trials=5)
    assert good.psnr_db > 30
    assert encoding.figures["psnr_db"] == pytest.approx(good.psnr_db, abs=1e-9)
    assert good.decoder == "exact"
    poor = simulate(encoding, picture, 17, trials=5)
    assert 20 < poor.psnr_db < good.psnr_db - 1
    assert (poor.decoder, poor.approximate) == ("exact", 0)


def test_the_photograph_converges_soon(root: Path) -> None:
    """The centre of the demo's picture: a real photograph, at the demo's SNR."""
    whole = sources.read_image(root / "examples" / "astronaut.png")
    part = sources.Image(np.ascontiguousarray(whole.pixels[:256, 128:384]))
    encoded = encode(part, EncoderSettings(steps=200))
    assert simulate(encoded, part, 10, trials=4).psnr_db > 27


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_reproducible(picture: sources.Image, strategy: str) -> None:
    settings = EncoderSettings(steps=5, seed=3, parameters=strategy)
    first, second = encode(picture, settings), encode(picture, settings)
    assert np.array_equal(first.symbols(), second.symbols())
    assert first.content().content_id == second.content().content_id
    other = encode(picture, replace(settings, seed=4))
    assert not np.array_equal(first.symbols(), other.symbols())


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((16, 16, 3), {}),
        ((17, 70, 1), {}),
        ((64, 33, 3), {"noise_matrix": False}),
        ((40, 40, 3), {"preset": "paper"}),
        ((40, 40, 3), {"hidden_dim": 4}),
        ((16, 16, 3), {"power_db": 1.0, "steps": 60}),
        ((17, 70, 1), {"parameters": "repetition"}),
        ((33, 40, 3), {"parameters": "coded", "preset": "paper"}),
    ],
)
def test_every_shape_trains_and_decodes(shape: tuple[int, int, int], options: dict) -> None:
    image = smooth_picture(*shape)
    encoded = encode(image, EncoderSettings(**{"steps": 3, **options}))
    received = decode(awgn(encoded.content(), 30, seed=1)).source
    assert received.samples.shape == shape
    assert received.samples.dtype == np.uint8


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_one_colour(value: int, channels: int) -> None:
    image = sources.Image(np.full((32, 32, channels), value, np.uint8))
    encoded = encode(image, EncoderSettings(steps=20))
    assert simulate(encoded, image, 10, trials=2).psnr_db > 15


def test_sixteen_bits() -> None:
    image = sources.Image((smooth_picture(32, 40, 1).pixels * 257.0).astype(np.uint16))
    encoded = encode(image, EncoderSettings(steps=60, snr_db=30))
    received = decode(awgn(encoded.content(), 30, seed=1)).source
    assert received.samples.dtype == np.uint16
    assert psnr_db(image, received) > 15


def test_the_start_is_an_inverse_pair(picture: sources.Image) -> None:
    """Before the first step, and with hardly any noise, the decoder already shows the picture."""
    settings = EncoderSettings(snr_db=50)
    height, width, channels = picture.pixels.shape
    profile = plan(height, width, channels, IMAGE8, settings)
    trainer = Trainer(picture, profile, settings.recipe, parameter_power(profile, settings))
    assert trainer.psnr_db(draws=2, seed=1) > 25


def start_psnr_db(source: sources.Source, snr_db: float = 50) -> float:
    settings = EncoderSettings(snr_db=snr_db)
    profile = plan(*source.size, source.format, settings)
    trainer = Trainer(source, profile, settings.recipe, parameter_power(profile, settings))
    return trainer.psnr_db(draws=2, seed=1)


@pytest.mark.parametrize(("length", "channels"), [(4001, 1), (4000, 2), (40, 1)])
def test_the_start_is_the_waveform(length: int, channels: int) -> None:
    audio = sources.Audio.of(chirps(length, channels), 8000)
    silence = sources.Audio(np.zeros_like(audio.samples), audio.format)
    assert start_psnr_db(audio) > psnr_db(audio, silence) + 20


@pytest.mark.parametrize("shape", [(64, 70), (64, 70, 1), (64, 70, 5), (64, 70, 9), (3, 900)])
def test_the_start_is_the_array(shape: tuple[int, ...]) -> None:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    wave = np.sin(columns / 9) * np.cos(rows / 7)
    array = wave if len(shape) == 2 else wave[:, :, None] * np.arange(1.0, shape[2] + 1)
    source = sources.Array.of(array)
    flat = sources.Array(np.full(shape, array.mean()), source.format)
    assert start_psnr_db(source) > psnr_db(source, flat) + 15


def test_more_channels_than_the_decoder_can_pass_through() -> None:
    """The largest principal components start, the others are learned."""
    rng = np.random.default_rng(1)
    levels = np.array([10.0] * 4 + [0.1] * 16)
    noise = rng.standard_normal((20, 32, 32))
    smooth = np.repeat(np.repeat(noise[:, ::8, ::8], 8, 1), 8, 2)
    source = sources.Array.of((smooth * levels[:, None, None]).transpose(1, 2, 0))
    flat = sources.Array(np.full((32, 32, 20), source.samples.mean()), source.format)
    assert start_psnr_db(source) > psnr_db(source, flat) + 10


@pytest.mark.parametrize(("length", "channels"), [(16, 1), (333, 1), (1000, 2), (500, 8)])
def test_every_waveform_trains_and_decodes(length: int, channels: int) -> None:
    audio = sources.Audio.of(chirps(length, channels), 16_000, "pcm16")
    encoded = encode(audio, EncoderSettings(steps=3))
    received = decode(awgn(encoded.content(), 30, seed=1)).source
    assert isinstance(received, sources.Audio)
    assert received.samples.shape == (length, channels)
    assert received.format == audio.format


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
@pytest.mark.parametrize("shape", [(16,), (100,), (1, 40), (40, 1), (5, 7, 3), (20, 20, 32)])
def test_every_array_trains_and_decodes(shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(1)
    array = (rng.random(shape) * 100).astype(dtype) > 50 if dtype == "bool" else None
    source = sources.Array.of((rng.random(shape) * 100).astype(dtype) if array is None else array)
    received = decode(awgn(encode(source, EncoderSettings(steps=2)).content(), 30, seed=1)).source
    assert received.samples.shape == shape
    assert received.samples.dtype == dtype
    assert np.isfinite(received.samples.astype(np.float64)).all()


def test_a_waveform_converges() -> None:
    audio = sources.Audio.of(chirps(8000, 1), 16_000)
    encoded = encode(audio, EncoderSettings(steps=150, snr_db=20))
    repeated = encode(audio, EncoderSettings(steps=150, snr_db=20, parameters="repetition"))
    silence = sources.Audio(np.zeros_like(audio.samples), audio.format)
    good = simulate(encoded, audio, 20, trials=5)
    assert good.psnr_db > psnr_db(audio, silence) + 20
    assert good.ms_ssim_db is None
    assert simulate(repeated, audio, 5, trials=5).psnr_db < good.psnr_db - 3
    with pytest.raises(ImplicitJsccError, match="parameters are lost"):
        decode(awgn(encoded.content(), 0, seed=1))


@pytest.mark.parametrize("samples", [np.zeros((500, 1)), np.full((500, 2), 0.25)])
def test_silence_and_a_constant(samples: np.ndarray) -> None:
    audio = sources.Audio.of(samples, 8000)
    assert simulate(encode(audio, EncoderSettings(steps=20)), audio, 10, trials=2).psnr_db > 20


def test_a_constant_array_arrives_exactly() -> None:
    source = sources.Array.of(np.full((20, 20), -7, np.int16))
    assert simulate(encode(source, EncoderSettings(steps=2)), source, 10, 2).psnr_db == np.inf


def test_progress_and_stop(picture: sources.Image) -> None:
    stop = threading.Event()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.step == 7:
            stop.set()

    encoded = encode(picture, EncoderSettings(steps=1000), watch, stop)
    assert encoded.figures["steps"] == 7
    assert [p.step for p in seen] == list(range(1, 8))
    assert all(0 < p.done < 1 and p.seconds_left >= 0 for p in seen)


def test_ctrl_c_keeps_the_best_so_far(picture: sources.Image) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.step == 20:
            raise KeyboardInterrupt

    encoded = encode(picture, EncoderSettings(steps=1000, snr_db=20), interrupt)
    assert encoded.figures["interrupted"]
    assert encoded.figures["steps"] == 20
    assert encoded.figures["psnr_db"] > 15


def test_seconds_end_it(picture: sources.Image) -> None:
    encoded = encode(picture, EncoderSettings(seconds=2.0))
    assert 1 <= encoded.figures["steps"]
    assert encoded.figures["steps"] != EncoderSettings().recipe.steps


def test_a_lost_decoder_leaves_a_grey_likeness(
    encoding: EncodedSource, repeated: EncodedSource, picture: sources.Image
) -> None:
    received = awgn(encoding.content(), 20, seed=2)
    variance = received.noise_variance.copy()
    variance[encoding.profile.symbol_uses :] = np.inf
    decoded = decode(replace(received, noise_variance=variance))
    assert decoded.decoder == "approximate"
    seen, grey = decoded.source.samples[:, :, 0], picture.pixels.mean(axis=2)
    assert (decoded.source.samples == seen[:, :, None]).all()
    assert np.corrcoef(seen.reshape(-1), grey.reshape(-1))[0, 1] > 0.6
    quality = simulate(encoding, picture, -5, trials=2)
    assert (quality.decoder, quality.approximate) == ("approximate", 2)


@pytest.mark.parametrize("snr_db", [0, 10, 30])
def test_coded_parameters_in_a_small_picture(snr_db: float) -> None:
    image = smooth_picture(64, 64)
    encoded = encode(image, EncoderSettings(steps=20, snr_db=snr_db))
    assert encoded.figures["parameter_strategy"] == "coded"
    assert encoded.figures["bits_per_parameter"] == encoded.profile.bits_per_parameter
    budget = coded_plan.budget(encoded.profile.parameters, encoded.profile.parameter_uses, snr_db)
    assert encoded.profile.payload_bits <= budget
    for seed in range(3):
        assert decode(awgn(encoded.content(), snr_db - 3, seed)).decoder == "exact"


def test_a_message_of_few_bits_asks_nothing_of_the_receiver(tmp_path: Path) -> None:
    """The container says all of the message; how few bits were allowed is the encoder's."""
    picture = smooth_picture(64, 64)
    settings = EncoderSettings(
        steps=4, snr_db=0, parameter_bits=4, hidden_dim=12, bandwidth_ratio=Fraction(7, 10)
    )
    with pytest.raises(ImplicitJsccError, match="the least that can is"):
        encode(picture, replace(settings, parameter_bits=None))
    encoded = encode(picture, settings)
    assert 4 < encoded.profile.bits_per_parameter < 6
    container.save(tmp_path / "x.ijscc", encoded)
    content = container.load(tmp_path / "x.ijscc").content()
    assert decode(awgn(content, -3, 1)).decoder == "exact"


def test_lost_symbols_cost_quality_and_no_crash(
    repeated: EncodedSource, picture: sources.Image
) -> None:
    received = awgn(repeated.content(), 20, seed=2)
    whole = psnr_db(picture, decode(received).source)
    variance = received.noise_variance.copy()
    symbols = received.symbols.copy()
    lost = np.random.default_rng(0).random(variance.size) < 0.125
    variance[lost], symbols[lost] = np.inf, np.nan
    partial = replace(received, symbols=symbols, noise_variance=variance)
    assert 12 < psnr_db(picture, decode(partial).source) < whole
    assert decode(partial).decoder == "averaged"
    nothing = replace(received, noise_variance=np.full_like(variance, np.inf))
    with pytest.raises(ImplicitJsccError, match="no symbol of the source"):
        decode(nothing)


@pytest.mark.parametrize(
    "options",
    [
        {"snr_db": 99},
        {"preset": "quick"},
        {"steps": 0},
        {"seconds": -1},
        {"hidden_dim": 65},
        {"repetition_lsm": 0},
        {"seed": -1},
        {"parameter_bits": 3.9},
        {"parameter_bits": 10.5},
        {"parameter_bits": 6, "parameters": "repetition"},
        {"parameter_bits": 6, "power_db": 3},
        {"parameter_bits": 6, "preset": "paper"},
    ],
)
def test_settings_out_of_range(options: dict) -> None:
    with pytest.raises(ImplicitJsccError):
        EncoderSettings(**options)
