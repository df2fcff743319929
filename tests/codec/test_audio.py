# SPDX-License-Identifier: GPL-3.0-or-later
"""WAV and FLAC in, waveforms out, and what is no audio refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec import metrics, sources
from implicitjscc.codec.formats import AudioFormat
from implicitjscc.errors import ImplicitJsccError

from .conftest import chirps

soundfile = pytest.importorskip("soundfile")

# Container, subtype, and what a file that was received is written as.
STORED = [
    ("wav", "PCM_U8", "pcm8", "PCM_16"),
    ("wav", "PCM_16", "pcm16", "PCM_16"),
    ("wav", "PCM_24", "pcm24", "PCM_24"),
    ("wav", "PCM_32", "pcm32", "PCM_24"),
    ("wav", "FLOAT", "float32", "FLOAT"),
    ("wav", "DOUBLE", "float64", "FLOAT"),
    ("wav", "ULAW", "pcm16", "PCM_16"),
    ("flac", "PCM_S8", "pcm8", "PCM_16"),
    ("flac", "PCM_16", "pcm16", "PCM_16"),
    ("flac", "PCM_24", "pcm24", "PCM_24"),
]


@pytest.mark.parametrize(("ending", "subtype", "stored", "written"), STORED)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_sample_format(
    ending: str, subtype: str, stored: str, written: str, channels: int, tmp_path: Path
) -> None:
    samples = chirps(1001, channels)
    path, output = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    soundfile.write(path, samples, 44_100, subtype=subtype)
    audio = sources.read_source(path)
    assert isinstance(audio, sources.Audio)
    assert audio.size == (1, 1001, channels)
    assert (audio.format.sample_rate_hz, audio.format.sample_format) == (44_100, stored)
    coarse = {"PCM_U8": 1e-2, "PCM_S8": 1e-2, "ULAW": 3e-2}.get(subtype, 1e-4)
    np.testing.assert_allclose(audio.samples, samples, atol=coarse)
    sources.write_source(output, audio)
    assert soundfile.info(output).subtype == written
    assert soundfile.info(output).samplerate == 44_100
    again = sources.read_source(output)
    exact = 0 if subtype != "PCM_32" else 2**-24
    np.testing.assert_allclose(again.samples, audio.samples, rtol=0, atol=exact)


def test_floats_become_24_bits_in_flac(tmp_path: Path) -> None:
    audio = sources.Audio.of(chirps(100, 1), 8000, "float32")
    sources.write_source(tmp_path / "x.flac", audio)
    assert soundfile.info(tmp_path / "x.flac").subtype == "PCM_24"


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(16, 400),
    channels=st.integers(1, 8),
    level=st.floats(1e-6, 1),
    stored=st.sampled_from(["pcm8", "pcm16", "pcm24", "pcm32", "float32"]),
)
def test_normalised_and_back(length: int, channels: int, level: float, stored: str) -> None:
    rng = np.random.default_rng(length)
    audio = sources.Audio.of(level * rng.uniform(-1, 1, (length, channels)), 48_000, stored)
    values = audio.normalised()
    assert values.shape == (channels, 1, length)
    assert values.dtype == np.float32
    assert 0 <= values.min() <= values.max() <= 1
    back = sources.from_normalised(values, audio.format)
    step = 2.0 ** (1 - (audio.format.output_bits or 23))  # float32 on (x + 1) / 2
    np.testing.assert_allclose(back.samples, audio.samples, rtol=0, atol=step)
    assert np.abs(back.samples).max() <= 1


def test_what_is_written_is_what_was_measured(tmp_path: Path) -> None:
    """The PSNR of a reception is that of the file it was written to."""
    audio = sources.Audio.of(chirps(500, 2), 16_000, "pcm16")
    noise = 0.01 * np.random.default_rng(1).standard_normal((2, 1, 500))
    received = sources.from_normalised(
        (audio.normalised() + noise).clip(0, 1).astype(np.float32), audio.format
    )
    sources.write_source(tmp_path / "x.wav", received)
    file = sources.read_source(tmp_path / "x.wav")
    assert metrics.psnr_db(audio, file) == metrics.psnr_db(audio, received)


def test_psnr_is_on_the_waveform_mapped_to_0_to_1() -> None:
    rng = np.random.default_rng(2)
    first = sources.Audio.of(rng.uniform(-0.5, 0.5, (1000, 2)), 16_000)
    second = sources.Audio(first.samples + np.float32(0.02), first.format)
    mapped = ((second.samples + 1) / 2 - (first.samples + 1) / 2).astype(np.float64)
    expected = -10 * np.log10(np.mean(mapped**2))
    assert metrics.psnr_db(first, second) == pytest.approx(expected, abs=1e-3)
    assert metrics.psnr_db(first, first) == np.inf
    assert metrics.ms_ssim_db(first, second) is None


def test_a_reference_of_another_length_or_rate_is_named() -> None:
    audio = sources.Audio.of(chirps(100, 1), 8000)
    other = sources.Audio(audio.samples, AudioFormat(16_000))
    with pytest.raises(ImplicitJsccError, match=r"8000 Hz.* 100 samples, 1 channel, 16000 Hz"):
        metrics.psnr_db(audio, other)


def test_beyond_full_scale_is_clipped_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soundfile.write(tmp_path / "x.wav", 3 * chirps(100, 1), 8000, subtype="FLOAT")
    audio = sources.read_source(tmp_path / "x.wav")
    assert np.abs(audio.samples).max() == 1
    assert "clipped" in caplog.text


def bad_files(folder: Path) -> dict[str, Path]:
    """Files that cannot be encoded, by what their message says."""
    good = folder / "good.wav"
    soundfile.write(good, chirps(4000, 1), 8000)
    data = bytearray(good.read_bytes())
    (folder / "text.wav").write_text("this is text\n")
    (folder / "empty.flac").write_bytes(b"")
    (folder / "head.wav").write_bytes(data[:20])
    soundfile.write(folder / "short.wav", chirps(3, 1), 8000)
    soundfile.write(folder / "many.wav", chirps(100, 9), 8000)
    whole = folder / "whole.flac"
    soundfile.write(whole, chirps(20_000, 1), 8000)
    (folder / "cut.flac").write_bytes(whole.read_bytes()[:3000])
    data[24:28] = struct.pack("<I", 1 << 30)
    (folder / "rate.wav").write_bytes(data)
    nan = chirps(100, 1)
    nan[3] = np.nan
    soundfile.write(folder / "nan.wav", nan, 8000, subtype="FLOAT")
    soundfile.write(folder / "other.aiff", chirps(100, 1), 8000)
    (folder / "other.wav").write_bytes((folder / "other.aiff").read_bytes())
    return {
        r"audio cannot be read \(": folder / "text.wav",
        r"the audio cannot": folder / "empty.flac",
        r"cannot be read|too few": folder / "head.wav",
        "3 samples are too few": folder / "short.wav",
        "9 channels are too many": folder / "many.wav",
        "cut short|cannot be read": folder / "cut.flac",
        "sample rate of 1073741824 Hz": folder / "rate.wav",
        "not finite": folder / "nan.wav",
        "neither WAV nor FLAC": folder / "other.wav",
        "no such file": folder / "absent.wav",
    }


def test_what_cannot_be_encoded(tmp_path: Path) -> None:
    for message, path in bad_files(tmp_path).items():
        with pytest.raises(ImplicitJsccError, match=message) as refused:
            sources.read_source(path)
        assert "\n" not in str(refused.value)
        assert str(path) in str(refused.value)


def test_a_wave_file_of_any_name_is_told_by_its_content(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", chirps(100, 1), 8000)
    path = (tmp_path / "x.wav").rename(tmp_path / "sound")
    assert isinstance(sources.read_source(path), sources.Audio)


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    audio = sources.Audio.of(chirps(100, 1), 8000)
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        sources.write_source(tmp_path / "absent" / "x.wav", audio)
    with pytest.raises(ImplicitJsccError, match=r"\.wav or \.flac"):
        sources.write_source(tmp_path / "x.png", audio)
    unusual = sources.Audio.of(chirps(100, 1), 12_345_678)
    with pytest.raises(ImplicitJsccError, match="cannot be written"):
        sources.write_source(tmp_path / "x.flac", unusual)
    assert list(tmp_path.iterdir()) == []
