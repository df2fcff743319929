# SPDX-License-Identifier: GPL-3.0-or-later
"""Impairments of baseband samples, each with a seed where it is random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .profile import STANDARD

_SINC_HALF_WIDTH = 24
_KAISER_BETA = 8.0


def silence(samples: NDArray[np.complex64], before: int, after: int) -> NDArray[np.complex64]:
    """Zeros around a burst."""
    return np.pad(samples, (before, after))


def awgn(
    samples: NDArray[np.complex64],
    es_n0_db: float,
    payload_rms: float,
    seed: int,
    samples_per_symbol: int = STANDARD.samples_per_symbol,
) -> NDArray[np.complex64]:
    """White noise that gives an Es/N0 behind the matched filter.

    Its variance is payload_rms^2 * samples_per_symbol / 10^(es_n0_db / 10) a complex sample.

    Args:
        samples: a stream.
        es_n0_db: of payload symbols of power 1.
        payload_rms: level of the payload in the stream.
        seed: of the noise.
        samples_per_symbol: of the stream.
    """
    variance = payload_rms**2 * samples_per_symbol / 10 ** (es_n0_db / 10)
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(2 * samples.size, dtype=np.float32)
    noise *= np.float32(np.sqrt(variance / 2))
    return samples + noise.view(np.complex64)


def frequency_offset(
    samples: NDArray[np.complex64], cycles_per_sample: float, phase_rad: float = 0.0
) -> NDArray[np.complex64]:
    """Rotate by a constant frequency."""
    phase = 2 * np.pi * cycles_per_sample * np.arange(samples.size) + phase_rad
    return (samples * np.exp(1j * phase)).astype(np.complex64)


def sampling_offset(
    samples: NDArray[np.complex64], ppm: float, delay_samples: float = 0.0
) -> NDArray[np.complex64]:
    """What a receiver takes whose clock is too fast by ``ppm`` (it takes more samples).

    Kaiser-windowed sinc interpolation at float64 times, -80 dB.

    Args:
        samples: a stream.
        ppm: offset of the receiver's clock, 10^-6.
        delay_samples: by which the stream comes later, less than its length.
    """
    count = int(samples.size * (1 + ppm * 1e-6))
    times = np.arange(count) / (1 + ppm * 1e-6) - delay_samples
    whole = np.floor(times).astype(np.int64)
    fraction = times - whole
    padded = np.pad(samples, _SINC_HALF_WIDTH)
    taken = np.zeros(count, np.complex128)
    for tap in range(-_SINC_HALF_WIDTH + 1, _SINC_HALF_WIDTH + 1):
        distance = fraction - tap
        window = np.i0(
            _KAISER_BETA * np.sqrt(np.maximum(1 - (distance / _SINC_HALF_WIDTH) ** 2, 0))
        ) / np.i0(_KAISER_BETA)
        place = np.clip(whole + tap + _SINC_HALF_WIDTH, 0, padded.size - 1)
        taken += padded[place] * (np.sinc(distance) * window)
    return taken.astype(np.complex64)


def level(samples: NDArray[np.complex64], gain_db: float) -> NDArray[np.complex64]:
    """Scale by a gain."""
    return samples * np.float32(10 ** (gain_db / 20))


def quantise(samples: NDArray[np.complex64], bits: int) -> NDArray[np.complex64]:
    """Round and clip to so many bits each for I and Q, full scale 1.0."""
    steps = 2 ** (bits - 1)
    parts = np.ascontiguousarray(samples).view(np.float32)
    rounded = np.clip(np.rint(parts * steps), -steps, steps - 1) / np.float32(steps)
    return rounded.astype(np.float32).view(np.complex64)


def dc_offset(samples: NDArray[np.complex64], offset: complex) -> NDArray[np.complex64]:
    """Add a constant."""
    return samples + np.complex64(offset)


def iq_imbalance(
    samples: NDArray[np.complex64], gain_db: float, phase_deg: float
) -> NDArray[np.complex64]:
    """A receiver whose Q branch has another gain and is not quite in quadrature."""
    gain, phase = 10 ** (gain_db / 20), np.deg2rad(phase_deg)
    quadrature = gain * (samples.imag * np.cos(phase) + samples.real * np.sin(phase))
    return (samples.real + 1j * quadrature).astype(np.complex64)


def phase_noise(
    samples: NDArray[np.complex64], linewidth_hz: float, sample_rate_hz: float, seed: int
) -> NDArray[np.complex64]:
    """A phase that walks randomly (Wiener), of a Lorentzian line of the given full width."""
    std = np.sqrt(2 * np.pi * linewidth_hz / sample_rate_hz)
    steps = np.random.default_rng(seed).standard_normal(samples.size) * std
    return (samples * np.exp(1j * np.cumsum(steps))).astype(np.complex64)
