# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of an encoded source over the paper's ideal channel."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import sqrt

from . import metrics
from .decoder import decode
from .encoded import EncodedSource
from .sources import Source
from .symbol_channel import awgn


@dataclass(frozen=True)
class Quality:
    """Figures of several receptions at one SNR.

    Attributes:
        snr_db: Es/N0.
        psnr_db: mean over the receptions.
        psnr_std_db: standard deviation over them; 0 for one.
        ms_ssim_db: mean, or None where there is none.
        decode_ms: mean time of a decoding.
        decoder: the worst of them: "approximate", else "averaged", else "exact".
        approximate: how many of them had lost their decoder.
    """

    snr_db: float
    psnr_db: float
    psnr_std_db: float
    ms_ssim_db: float | None
    decode_ms: float
    decoder: str
    approximate: int


def simulate(
    encoded: EncodedSource,
    reference: Source,
    snr_db: float,
    trials: int,
    seed: int = 0,
    engine: str = "auto",
) -> Quality:
    """Send, receive and decode ``trials`` times.

    Args:
        encoded: what is sent.
        reference: the source.
        snr_db: Es/N0 of the channel.
        trials: receptions, each with noise of its own.
        seed: of the noise; trial n uses ``seed + n``.
        engine: of the decoder.

    Raises:
        ImplicitJsccError: the reference has another shape than the encoded source.
    """
    content = encoded.content()
    psnrs, similarities, statuses = [], [], []
    decode_s = 0.0
    for trial in range(trials):
        received = awgn(content, snr_db, seed + trial)
        began = time.monotonic()
        decoded = decode(received, engine)
        decode_s += time.monotonic() - began
        statuses.append(decoded.decoder)
        psnrs.append(metrics.psnr_db(reference, decoded.source))
        similarities.append(metrics.ms_ssim_db(reference, decoded.source))
    mean = sum(psnrs) / trials
    spread = sqrt(sum((p - mean) ** 2 for p in psnrs) / max(trials - 1, 1))
    known = [s for s in similarities if s is not None]
    return Quality(
        snr_db=snr_db,
        psnr_db=mean,
        psnr_std_db=spread,
        ms_ssim_db=sum(known) / len(known) if known else None,
        decode_ms=1e3 * decode_s / trials,
        decoder=min(statuses),  # in alphabetical order the worst comes first
        approximate=statuses.count("approximate"),
    )
