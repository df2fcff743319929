# SPDX-License-Identifier: GPL-3.0-or-later
"""Short names for the channel laboratory where a benchmark needs one impairment only."""

from __future__ import annotations

import numpy as np

from implicitjscc.channel import ChannelSettings, impair

PAYLOAD_RMS = 0.25


def awgn(samples: np.ndarray, snr_db: float, seed: int) -> np.ndarray:
    """A stream whose payload has the rms ``PAYLOAD_RMS`` in white noise."""
    return impair(samples, ChannelSettings(payload_rms=PAYLOAD_RMS, snr_db=snr_db, seed=seed))


def turned(samples: np.ndarray, cycles_per_sample: float, phase_rad: float = 0.0) -> np.ndarray:
    """A stream with a frequency offset."""
    settings = ChannelSettings(
        sample_rate_hz=1e6,
        cfo_hz=cycles_per_sample * 1e6,
        phase_deg=float(np.rad2deg(phase_rad)),
    )
    return impair(samples, settings)


def eight_bits(samples: np.ndarray) -> np.ndarray:
    """Rounded and clipped to 8 bits each for I and Q, full scale 1.0, at the level they have."""
    parts = np.ascontiguousarray(samples).view(np.float32)
    return (np.clip(np.rint(parts * 128), -128, 127) / np.float32(128)).view(np.complex64)
