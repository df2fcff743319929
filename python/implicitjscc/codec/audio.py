# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveforms from and to WAV and FLAC files."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from .files import write_whole
from .formats import MAXIMUM_AUDIO_CHANNELS, PEAK_STEPS, AudioFormat
from .profile import MAXIMUM_PIXELS, SMALLEST_LENGTH

_log = logging.getLogger(__name__)

ENDINGS = {".wav": "WAV", ".flac": "FLAC"}
_READ_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
_SAMPLE_FORMATS = {
    "PCM_U8": "pcm8",
    "PCM_S8": "pcm8",
    "PCM_16": "pcm16",
    "PCM_24": "pcm24",
    "PCM_32": "pcm32",
    "FLOAT": "float32",
    "DOUBLE": "float64",
}


@dataclass(frozen=True)
class Audio:
    """A waveform.

    Attributes:
        samples: shape (n, channels), float32, from -1 to 1.
        format: rate, how it is stored, and the peak of the source that was encoded.
    """

    samples: NDArray[np.float32]
    format: AudioFormat

    peak: ClassVar[int] = 2
    """Of a PSNR on (x + 1) / 2, whose peak is 1, in terms of x itself."""

    @classmethod
    def of(
        cls, samples: NDArray[Any], sample_rate_hz: int, sample_format: str = "float32"
    ) -> Audio:
        """A waveform of shape (n, channels) as a source; beyond full scale it is clipped, and said.

        Raises:
            ImplicitJsccError: its length or its channels are out of bounds, or it is not finite.
        """
        length, channels = samples.shape
        _check_size(length, channels)
        if not np.isfinite(samples).all():
            raise ImplicitJsccError("the audio has values that are not finite")
        beyond = int(np.count_nonzero(np.abs(samples) > 1))
        if beyond:
            _log.warning("%d samples beyond full scale are clipped", beyond)
        clipped = samples.astype(np.float32).clip(-1, 1)
        peak_steps = max(ceil(float(np.abs(clipped).max()) * PEAK_STEPS), 1)
        return cls(clipped, AudioFormat(sample_rate_hz, sample_format, peak_steps))

    @property
    def size(self) -> tuple[int, int, int]:
        """Height (1), width (the length) and channels."""
        length, channels = self.samples.shape
        return 1, length, channels

    def normalised(self) -> NDArray[np.float32]:
        """(x / peak + 1) / 2, shape (channels, 1, n)."""
        scaled = self.samples.T[:, None, :] / np.float32(self.format.peak)
        return np.ascontiguousarray((scaled + np.float32(1)) / np.float32(2))

    @classmethod
    def from_normalised(cls, values: NDArray[np.float32], format: AudioFormat) -> Audio:
        """The waveform of (x / peak + 1) / 2, shape (channels, 1, n), rounded as in files."""
        samples = (2 * np.ascontiguousarray(values[:, 0].T, np.float64) - 1) * format.peak
        if format.output_bits is not None:
            full_scale = 1 << (format.output_bits - 1)
            samples = np.rint(samples * full_scale).clip(-full_scale, full_scale - 1) / full_scale
        return cls(samples.astype(np.float32), format)

    def describe(self) -> str:
        """Its size, for messages."""
        length, channels = self.samples.shape
        plural = "" if channels == 1 else "s"
        return f"{length} samples, {channels} channel{plural}, {self.format.sample_rate_hz} Hz"


def read_audio(path: str | os.PathLike[str]) -> Audio:
    """Read a WAV or FLAC file of any rate and up to eight channels.

    Samples beyond full scale, which only float files can have, are clipped with a notice. Companded
    and other compressed WAV files count as 16 bits.

    Raises:
        ImplicitJsccError: no such file, neither of the two, a damaged one, values that are not
            finite, or a length, rate or number of channels out of bounds.
    """
    name = os.fspath(path)
    soundfile = _soundfile()
    if not os.path.isfile(name):
        raise ImplicitJsccError(f"{name}: no such file")
    try:
        with soundfile.SoundFile(name) as file:
            if file.format not in _READ_FORMATS:
                raise ImplicitJsccError("neither WAV nor FLAC")
            _check_size(file.frames, file.channels)
            stored = _SAMPLE_FORMATS.get(file.subtype, "pcm16")
            sample_rate_hz = file.samplerate
            promised = file.frames
            samples = file.read(promised, dtype="float32", always_2d=True)
        if len(samples) != promised:
            raise ImplicitJsccError("the audio is cut short")
        return Audio.of(samples, sample_rate_hz, stored)
    except ImplicitJsccError as error:
        raise ImplicitJsccError(f"{name}: {error}") from None
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise ImplicitJsccError(f"{name}: the audio cannot be read ({reason})") from None
    except OSError as error:
        raise ImplicitJsccError(f"{name}: the audio cannot be read ({error.strerror})") from None


def write_audio(path: str | os.PathLike[str], audio: Audio) -> None:
    """Write WAV or FLAC, as the file's ending says, whole or not at all.

    Sources of up to 16 bits become 16-bit PCM, other integers 24-bit PCM, floats 32-bit floats in
    WAV and 24-bit PCM in FLAC, which knows no floats.

    Raises:
        ImplicitJsccError: the folder does not exist, or the format cannot hold this.
    """
    target = Path(path)
    container = ENDINGS.get(target.suffix.lower())
    if container is None:
        raise ImplicitJsccError(f"{target}: audio needs an ending of .wav or .flac")
    soundfile = _soundfile()
    bits = audio.format.output_bits or (24 if container == "FLAC" else None)
    samples: NDArray[Any] = audio.samples
    if bits is not None:
        # The library's own conversion scales by 2^15 - 1, which reading does not undo.
        full_scale = 1 << (bits - 1)
        grid = np.rint(samples.astype(np.float64) * full_scale).clip(-full_scale, full_scale - 1)
        samples = grid.astype(np.int16) if bits == 16 else grid.astype(np.int32) << 8
    subtype = "FLOAT" if bits is None else f"PCM_{bits}"
    rate = audio.format.sample_rate_hz

    def write(temporary: str) -> None:
        soundfile.write(temporary, samples, rate, subtype=subtype, format=container)

    write_whole(target, write)


def _check_size(length: int, channels: int) -> None:
    if channels > MAXIMUM_AUDIO_CHANNELS:
        raise ImplicitJsccError(
            f"{channels} channels are too many, the limit is {MAXIMUM_AUDIO_CHANNELS}"
        )
    if length < SMALLEST_LENGTH:
        raise ImplicitJsccError(
            f"{length} samples are too few, at least {SMALLEST_LENGTH} are needed"
        )
    if length > MAXIMUM_PIXELS:
        raise ImplicitJsccError(f"{length} samples are too many, the limit is {MAXIMUM_PIXELS}")


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: its shared library is missing
        raise ImplicitJsccError(f"audio needs the Python package soundfile: {error}") from None
    return soundfile
