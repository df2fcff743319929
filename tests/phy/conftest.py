# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents of random symbols, and a link of the room's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.profile import STANDARD, WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver, Reception
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25
PLAIN = WaveformProfile(name="plain", spreading_symbols=0, diversity_symbols=0)
"""What is lost of a frame is lost of the content: for tests of what is lost."""


def laplace_content(size: int, seed: int = 1, content_id: int = 0x12345678) -> Content:
    """Heavy-tailed symbols of unit power."""
    rng = np.random.default_rng(seed)
    symbols = rng.laplace(size=size) + 1j * rng.laplace(size=size)
    symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
    return Content(symbols.astype(np.complex64), bytes(range(DESCRIPTION_BYTES)), content_id)


def signature(samples: np.ndarray) -> list[float]:
    """Three sums with fixed signs, which a golden test compares to 10^-3.

    A digest of rounded samples would depend on the order in which a processor adds.
    """
    parts = samples.view(np.float32).astype(np.float64)
    signs = np.random.Generator(np.random.PCG64(1)).integers(0, 2, (3, parts.size)) * 2 - 1
    return [float(total) for total in signs @ parts]


def send(
    content: Content,
    es_n0_db: float | None,
    *,
    cfo: float = 0.0,
    sro_ppm: float = 0.0,
    gain_db: float = 0.0,
    before: int = 5000,
    after: int = 3000,
    seed: int = 1,
    profile: WaveformProfile = STANDARD,
) -> np.ndarray:
    """A burst in a stream: resampled, offset in frequency, noisy, at some level."""
    samples = np.pad(modulate(content, profile, PAYLOAD_RMS).samples, (before, after))
    settings = ChannelSettings(
        payload_rms=PAYLOAD_RMS,
        seed=seed,
        snr_db=np.inf if es_n0_db is None else es_n0_db,
        sro_ppm=sro_ppm,
        delay_samples=0.37 if sro_ppm else 0.0,
        cfo_hz=cfo * 1e6,
        phase_deg=57.0,
    )
    return impair(samples, settings) * np.float32(10 ** (gain_db / 20))


def awgn(samples: np.ndarray, es_n0_db: float, seed: int) -> np.ndarray:
    """Samples of the payload's usual level in ideal noise."""
    return impair(samples, ChannelSettings(payload_rms=PAYLOAD_RMS, snr_db=es_n0_db, seed=seed))


def impaired(samples: np.ndarray, **settings: Any) -> np.ndarray:
    """Samples behind a channel of the laboratory."""
    return impair(samples, ChannelSettings(payload_rms=PAYLOAD_RMS, **settings))


def turned(samples: np.ndarray, cycles_per_sample: float) -> np.ndarray:
    """Samples with a frequency offset."""
    return impair(samples, ChannelSettings(sample_rate_hz=1e6, cfo_hz=cycles_per_sample * 1e6))


def receive(samples: np.ndarray, receiver: BurstReceiver | None = None) -> list[Reception]:
    """All that a receiver finds in a stream."""
    receiver = receiver or BurstReceiver()
    return receiver.push(samples) + receiver.flush()


def loss_db(content: Content, reception: Reception, es_n0_db: float) -> float:
    """Error of the received symbols over the nominal noise."""
    arrived = ~reception.received.lost
    error = reception.received.symbols[arrived] - content.symbols[arrived]
    return float(10 * np.log10(np.mean(np.abs(error) ** 2)) + es_n0_db)
