# SPDX-License-Identifier: GPL-3.0-or-later
"""The receivers that a source is encoded for: one SNR, or a range of them."""

from __future__ import annotations

import torch
from torch import Tensor


class Receivers:
    """What a training step needs to know of them.

    Args:
        snr_db: the design SNR.
        snr_range_db: lowest and highest SNR; None for the design SNR only.
    """

    def __init__(self, snr_db: float, snr_range_db: tuple[float, float] | None = None) -> None:
        self._snr_db, self._range_db = snr_db, snr_range_db

    @property
    def checked_snrs_db(self) -> tuple[float, ...]:
        """SNRs at which a checkpoint is judged: the ends of the range and its middle."""
        if self._range_db is None:
            return (self._snr_db,)
        lowest, highest = self._range_db
        return (lowest, (lowest + highest) / 2, highest)

    def draw(self, generator: torch.Generator) -> float:
        """The SNR of one step's receiver, uniform in decibels.

        Args:
            generator: the source of the draw; left alone where there is one SNR only.
        """
        if self._range_db is None:
            return self._snr_db
        lowest, highest = self._range_db
        return lowest + (highest - lowest) * float(torch.rand((), generator=generator))

    def weighted(self, error: Tensor) -> Tensor:
        """The loss of a step: its mean squared error, or for a range the error's logarithm.

        The logarithm makes a decibel count the same at every SNR; the plain error would leave
        the receivers of high SNR no voice.
        """
        return error if self._range_db is None else error.clamp_min(1e-12).log()
