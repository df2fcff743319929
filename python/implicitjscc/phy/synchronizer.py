# SPDX-License-Identifier: GPL-3.0-or-later
"""Frequency, timing and clock drift from known symbols, and drift from the payload itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft

from .matched_filter import Timing, band_edges
from .profile import STANDARD, WaveformProfile
from .smoother import middle

_FREQUENCY_SEGMENT = 16
_DRIFT_BLOCK = 2048
# What crystals do: +-20 ppm at either end of the link.
_DRIFT_PRIOR_STD = 25e-6


def segment_sums(values: NDArray[np.complex64], length: int) -> NDArray[np.complex128]:
    """Sums of consecutive pieces; the remainder is left out."""
    whole = values.size // length * length
    return values[:whole].astype(np.complex128).reshape(-1, length).sum(axis=1)


def preamble_errors(
    received: NDArray[np.complex64], known: NDArray[np.complex64], samples_per_symbol: int
) -> tuple[float, float]:
    """Residual frequency and timing of a pair of chirps.

    A chirp that is taken early turns by its instantaneous frequency times the error: the phases of
    consecutive partial correlations are a line (frequency) plus the triangle that the two chirps'
    frequencies make (timing).

    Args:
        received: output of the matched filter over the preamble.
        known: the chirps.
        samples_per_symbol: of the timing error's unit.

    Returns:
        frequency error in cycles a symbol, within 1/32; by how many samples the symbols were
        taken too early.
    """
    sums = segment_sums(received * known.conj(), _FREQUENCY_SEGMENT)
    step = float(np.angle(np.vdot(sums[:-1], sums[1:])))
    centred = np.arange(sums.size) - (sums.size - 1) / 2
    left = sums * np.exp(-1j * step * centred)
    phases = np.angle(left * np.conj(left.sum()))
    half = sums.size // 2
    within = (np.arange(half) - (half - 1) / 2) / half  # of the chirp's rate, -1/2 to 1/2
    sweep = 2 * np.pi / samples_per_symbol * np.concatenate((within, -within))
    columns = np.column_stack((np.ones_like(centred), centred, sweep))
    weights = np.abs(left)[:, None]
    _, slope, late = np.linalg.lstsq(columns * weights, phases * weights[:, 0], rcond=None)[0]
    return (step + float(slope)) / (2 * np.pi * _FREQUENCY_SEGMENT), -float(late)


def drift_from_payload(
    samples: NDArray[np.complex64],
    origin: int,
    timing: Timing,
    symbols: int,
    profile: WaveformProfile = STANDARD,
) -> float:
    """Relative sampling offset within a frame, without known symbols.

    A signal with excess bandwidth is correlated with itself one symbol rate apart, at its band
    edges, and the phase of that correlation is its timing (M. Oerder, H. Meyr, "Digital filter and
    square timing recovery", IEEE Trans. Comm. 36(5), 1988; here in the frequency domain, where two
    samples a symbol are enough). A line through the phases of all blocks, held by what crystals
    do, gives the drift.

    Args:
        samples: a piece of the stream.
        origin: place of its first sample in the stream.
        timing: assumed; the drift is relative to its interval.
        symbols: length of the frame.
        profile: of the waveform.

    Returns:
        sampling interval of the payload over that of ``timing``, minus 1.
    """
    sps = profile.samples_per_symbol
    first = round(timing.start) - origin
    blocks = min(symbols * sps, samples.size - first) // _DRIFT_BLOCK
    if blocks < 2 or first < 0:
        return 0.0
    pieces = samples[first : first + blocks * _DRIFT_BLOCK].reshape(blocks, _DRIFT_BLOCK)
    cycles = timing.cfo / sps
    pieces = pieces * np.exp(-2j * np.pi * cycles * np.arange(_DRIFT_BLOCK)).astype(np.complex64)
    spectrum = fft(pieces, axis=1)
    lines = band_edges(spectrum, profile)
    return drift_of_lines(lines, _DRIFT_BLOCK / sps, _DRIFT_PRIOR_STD)


def drift_of_lines(
    lines: NDArray[np.complex64], symbols_per_block: float, prior_std: float
) -> float:
    """Relative sampling offset from the band edges' correlation in consecutive blocks.

    Args:
        lines: one for each block.
        symbols_per_block: from one block to the next, a whole number, so that blocks begin at the
            same phase where there is no drift.
        prior_std: of the drift.
    """
    blocks = lines.size
    if blocks < 3:
        return 0.0
    size = np.abs(lines)
    usual = max(middle(size), 1e-30)
    lines = lines * (np.minimum(size, 2 * usual) / np.maximum(size, usual))  # interference
    step = np.angle(np.vdot(lines[:-1], lines[1:]))
    centred = np.arange(blocks) - (blocks - 1) / 2
    left = lines * np.exp(-1j * step * centred)
    phases = np.angle(left * np.conj(left.sum()))
    slope = float(np.sum(centred * phases) / np.sum(centred**2))
    scatter = float(np.mean((phases - slope * centred) ** 2)) * blocks / (blocks - 2)
    drift = -(step + slope) / (2 * np.pi * symbols_per_block)
    variance = scatter / float(np.sum(centred**2)) / (2 * np.pi * symbols_per_block) ** 2
    return float(drift * prior_std**2 / (prior_std**2 + variance))
