# SPDX-License-Identifier: GPL-3.0-or-later
"""A content to one burst of baseband samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import upfirdn

from ..content import Content
from ..errors import ImplicitJsccError
from . import diversity
from .frame import FrameLayout, chirps, filler_symbols, pilot_symbols
from .header import CODED_UNIT, Header
from .header_symbols import header_symbols
from .interleaver import Interleaver
from .profile import STANDARD, WaveformProfile
from .pulse import root_raised_cosine
from .spreading import spread

DEFAULT_PAYLOAD_RMS = 0.25  # -12 dBFS


@dataclass(frozen=True)
class Burst:
    """One content, modulated.

    Attributes:
        samples: complex64, full scale 1.0; half a pulse of rise before the first symbol and of
            fall after the last, no silence.
        frames: F.
        overhead: fraction of all symbols that is no payload.
        payload_rms: rms of the samples that carry payload; a payload symbol of power 1 has the
            energy payload_rms^2 * samples_per_symbol, so that white noise of variance
            payload_rms^2 * samples_per_symbol / 10^(EsN0/10) a sample gives that Es/N0 behind
            the matched filter.
        papr_db: peak power of all samples over payload_rms^2.
        clipped: fraction of the samples that were clipped.
        clipping_snr_db: what clipping leaves the receiver at best: power of the symbols over that
            of the distortion behind the matched filter; inf where nothing was clipped.
    """

    samples: NDArray[np.complex64]
    frames: int
    overhead: float
    payload_rms: float
    papr_db: float
    clipped: float = 0.0
    clipping_snr_db: float = float("inf")


def modulate(
    content: Content,
    profile: WaveformProfile = STANDARD,
    payload_rms: float = DEFAULT_PAYLOAD_RMS,
    clip_db: float | None = None,
) -> Burst:
    """Frame, interleave and shape one content.

    Args:
        content: symbols of mean power 1.
        profile: of the waveform.
        payload_rms: level, full scale 1.0.
        clip_db: largest magnitude of a sample over ``payload_rms``; None for no limit.

    Raises:
        ImplicitJsccError: the content has no symbols or too many.
    """
    try:
        layout = FrameLayout(content.symbols.size, profile)
    except ValueError as error:
        raise ImplicitJsccError(f"this content cannot be sent: {error}") from None
    symbols = frame_symbols(content, layout)
    taps = root_raised_cosine(profile.rolloff, profile.span_symbols, profile.samples_per_symbol)
    scale = payload_rms * np.sqrt(profile.samples_per_symbol)
    samples = upfirdn((taps * scale).astype(np.float32), symbols, up=profile.samples_per_symbol)
    samples = samples.astype(np.complex64, copy=False)
    clipped, clipping_snr_db = 0.0, float("inf")
    if clip_db is not None:
        whole, limit = samples, payload_rms * 10 ** (clip_db / 20)
        samples, clipped = clip(whole, limit)
        if clipped:
            clipping_snr_db = distortion_snr_db(whole - samples, payload_rms, profile)
    peak = float(np.max(samples.real**2 + samples.imag**2))
    return Burst(
        samples=samples,
        frames=layout.frames,
        overhead=1 - content.symbols.size / symbols.size,
        payload_rms=payload_rms,
        papr_db=10 * np.log10(peak / payload_rms**2),
        clipped=clipped,
        clipping_snr_db=clipping_snr_db,
    )


def clip(samples: NDArray[np.complex64], limit: float) -> tuple[NDArray[np.complex64], float]:
    """Samples of no more than a magnitude, their phases kept; the fraction that had more."""
    magnitude = np.abs(samples)
    beyond = magnitude > limit
    if not beyond.any():
        return samples, 0.0
    clipped = samples.copy()
    clipped[beyond] *= (limit / magnitude[beyond]).astype(np.float32)
    return clipped, float(np.mean(beyond))


def distortion_snr_db(
    error: NDArray[np.complex64], payload_rms: float, profile: WaveformProfile
) -> float:
    """Power of the payload's symbols over that of an error of the samples, behind the receiver's
    filter."""
    sps = profile.samples_per_symbol
    taps = root_raised_cosine(profile.rolloff, profile.span_symbols, sps)
    symbols = upfirdn((taps / (payload_rms * np.sqrt(sps))).astype(np.float32), error, down=sps)
    power = float(np.mean(symbols.real**2 + symbols.imag**2))
    return float(-10 * np.log10(power)) if power else float("inf")


def frame_symbols(content: Content, layout: FrameLayout) -> NDArray[np.complex64]:
    """All symbols of the burst, frame after frame."""
    profile = layout.profile
    header = Header.of(content, profile)
    sent = diversity.spread(
        content.symbols, header.coded_units * CODED_UNIT, profile.diversity_symbols
    )
    interleaver = Interleaver(layout)
    slots = layout.slot_positions()
    pilots = layout.pilot_positions()
    share, extra = profile.header_symbols, layout.extra_header_slots
    first_payload = extra + layout.payload_slots
    grid = np.empty((layout.frames, layout.frame_symbols), dtype=np.complex64)
    for frame, row in enumerate(grid):
        row[: profile.preamble_symbols] = chirps(profile)
        known = header_symbols(header, frame, share + extra, profile)
        row[profile.preamble_symbols : profile.preamble_symbols + share] = known[:share]
        body = filler_symbols(frame, layout.slots)
        body[:extra] = known[share:]
        sources = interleaver.sources(frame)
        carries = sources < sent.size
        payload = body[extra:first_payload]
        payload[carries] = sent[sources[carries]] * interleaver.turns(frame)[carries]
        payload[:] = spread(payload, profile.spreading_symbols)
        row[slots] = body
        row[pilots] = pilot_symbols(frame, layout.pilots, profile)
    return grid.reshape(-1)
