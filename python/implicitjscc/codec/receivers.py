# SPDX-License-Identifier: GPL-3.0-or-later
"""The receivers that a source is encoded for: one SNR, or a range of them."""

from __future__ import annotations

import torch

from .coded_plan import SNR_MARGIN_DB

_TINY = 1e-12

# What a link with two echoes takes from most receivers at 0 dB (docs/waveform.md).
_LINK_LOSS_DB = 1.5


class Receivers:
    """What a training step needs to know of them.

    Args:
        snr_db: the design SNR.
        snr_range_db: lowest and highest SNR; None for the design SNR only.
    """

    def __init__(self, snr_db: float, snr_range_db: tuple[float, float] | None = None) -> None:
        self._snr_db, self._range_db = snr_db, snr_range_db
        self._errors: dict[int, float] = {}

    @property
    def checked_snrs_db(self) -> tuple[float, ...]:
        """SNRs at which a checkpoint is judged: the ends of the range and its middle."""
        if self._range_db is None:
            return (self._snr_db,)
        lowest, highest = self._range_db
        return (lowest, (lowest + highest) / 2, highest)

    @property
    def code_snr_db(self) -> float:
        """Design SNR of the coded parameters, which the lowest receiver must read on a link."""
        if self._range_db is None:
            return round(self._snr_db, 2)
        return round(min(self._snr_db, self._range_db[0] + SNR_MARGIN_DB - _LINK_LOSS_DB), 2)

    def draw(self, generator: torch.Generator) -> float:
        """The SNR of one step's receiver, uniform in decibels.

        Args:
            generator: the source of the draw; left alone where there is one SNR only.
        """
        if self._range_db is None:
            return self._snr_db
        lowest, highest = self._range_db
        return lowest + (highest - lowest) * float(torch.rand((), generator=generator))

    def weight(self, snr_db: float) -> float:
        """The factor of a step's mean squared error: for a range one over the last error seen
        nearest to this SNR, so that a decibel counts the same at every SNR.

        The plain error would leave the receivers of high SNR no voice.
        """
        if self._range_db is None or not self._errors:
            return 1.0
        nearest = min(self._errors, key=lambda seen_db: abs(seen_db - snr_db))
        return 1 / self._errors[nearest]

    def observe(self, snr_db: float, error: float) -> None:
        """Remember a step's mean squared error for the weights of later ones."""
        self._errors[round(snr_db)] = max(error, _TINY)
