# SPDX-License-Identifier: GPL-3.0-or-later
"""What no linear receiver can do better in a multipath channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fading import PathGains
from .impairment import Source, generator
from .settings import ChannelSettings


def equaliser_loss_db(
    settings: ChannelSettings,
    rolloff: float,
    points: int = 4096,
    times_s: ArrayLike = 0.0,
) -> float:
    """Es/N0 that the unbiased MMSE linear equaliser of infinite length loses in a channel.

    With root-raised-cosine pulses and the channel's response C(f), known perfectly, the receiver
    that is matched to both and samples once a symbol has the folded spectrum
    S(f) = sum_k P(f + k/T) |C(f + k/T)|^2, P raised-cosine; the equaliser's unbiased SNR is
    1 / mean(1 / (1 + S Es/N0)) - 1. J. G. Proakis, M. Salehi, "Digital Communications", 5th ed.,
    section 9.4-1. A fractionally spaced equaliser of infinite length is this receiver.

    In a channel that moves, that of a receiver which has the equaliser for each moment: the mean
    is taken over the times too, of the mean squared error of symbols that are weighted by their
    noise, as the waveform's spreading over a burst does.

    Args:
        settings: the channel; its snr_db is Es/N0 for a channel of one path and gain 1.
        rolloff: of the pulses, at most 1.
        points: frequencies over one symbol rate.
        times_s: since the stream's beginning, any shape.

    Returns:
        dB; 0 where there is but one path of gain 1.
    """
    folded = folded_spectrum(settings, rolloff, points, times_s)
    nominal = 10 ** (settings.snr_db / 10)
    unbiased = 1 / np.mean(1 / (1 + folded * nominal)) - 1
    return float(10 * np.log10(nominal / unbiased))


def folded_spectrum(
    settings: ChannelSettings, rolloff: float, points: int, times_s: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """S at ``points`` frequencies from -1/2 to 1/2 of the symbol rate; 1 without multipath.

    Returns:
        shape (points,) without multipath, else (times, points).
    """
    frequencies = (np.arange(points) + 0.5) / points - 0.5 + np.arange(-1, 2)[:, None]
    shape = _raised_cosine(frequencies, rolloff)
    paths = settings.paths()
    if paths is None:
        return np.asarray(shape.sum(axis=0))
    random = generator(settings.seed, Source.FADING)
    times = np.ravel(np.asarray(times_s, float)) * settings.sample_rate_hz
    gains = PathGains(paths, settings.doppler_hz / settings.sample_rate_hz, random).at(times)
    delays = paths.delays / settings.samples_per_symbol
    turns = np.exp(-2j * np.pi * frequencies[:, :, None] * delays)
    responses = np.einsum("kfp,pt->tkf", turns, gains, optimize=True)
    return np.asarray((shape * np.abs(responses) ** 2).sum(axis=1))


def _raised_cosine(frequencies: NDArray[np.float64], rolloff: float) -> NDArray[np.float64]:
    distance = np.abs(frequencies)
    if rolloff == 0:
        return (distance < 0.5).astype(float)
    edge = np.clip((distance - (1 - rolloff) / 2) / rolloff, 0, 1)
    return np.asarray((1 + np.cos(np.pi * edge)) / 2)
