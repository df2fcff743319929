# SPDX-License-Identifier: GPL-3.0-or-later
"""Training for coded parameters: exact first, then rounded to a fineness chosen by measuring."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import ImplicitJsccError
from . import coded_plan, quantisation
from .coded_payload import packed_bits
from .profile import CodecProfile

_log = logging.getLogger(__name__)

# Part of the schedule after which the fineness is chosen; measured: docs/codec-measurements.md.
EXACT_PART = 0.8
COARSEST, FINEST = 0, 40
_CANDIDATE_STEP = 2
# A fineness that costs no more than this is preferred: fewer bits leave the code more margin.
_INDIFFERENCE_DB = 0.05
_CANDIDATES = 8


class CodedParameters:
    """The parameters as they arrive when they are coded: rounded, and nothing else.

    Up to ``EXACT_PART`` of the schedule gradients are taken with exact parameters. Then the
    fineness is chosen, and the symbols and the parameters adapt to rounding.

    Args:
        profile: sizes and channel uses; what it says of the message is only planned.
        snr_db: design SNR of the code; None for the profile's.
        least_bits: mean bits a parameter for which there must be channel uses.
    """

    def __init__(
        self,
        profile: CodecProfile,
        snr_db: float | None = None,
        least_bits: float = coded_plan.LEAST_BITS,
    ) -> None:
        self.learnables: list[Tensor] = []
        self._profile = profile
        self._snr_db = profile.snr_db if snr_db is None else snr_db
        self._budget = coded_plan.budget(
            profile.parameters, profile.parameter_uses, self._snr_db, least_bits
        )
        self._tried = FINEST
        self._settled = False

    def parameters_as_received(
        self, parameters: Tensor, generator: torch.Generator, snr_db: float | None = None
    ) -> Tensor:
        """Exact for gradients before the fineness is chosen, rounded otherwise."""
        if torch.is_grad_enabled() and not self._settled:
            return parameters
        fineness = self._fitting(parameters, self._tried)
        return quantisation.straight_through(parameters, self._profile, fineness)

    def start(
        self,
        parameters: Tensor,
        rebuild: Callable[[Tensor], Tensor],
        generator: torch.Generator,
    ) -> None:
        """Nothing to prepare."""

    def settle(self, done: float, psnr_db: Callable[[], float]) -> None:
        """Choose the fineness when it is time to."""
        if self._settled or done < EXACT_PART:
            return
        measured = []
        # What does not fit is measured as what does: the finest of them are all the same.
        for fineness in range(FINEST, FINEST - _CANDIDATES * _CANDIDATE_STEP, -_CANDIDATE_STEP):
            self._tried = fineness
            measured.append((fineness, psnr_db()))
        best = max(quality for _, quality in measured)
        self._tried = min(f for f, quality in measured if quality >= best - _INDIFFERENCE_DB)
        self._settled = True
        _log.info("the parameters are rounded to fineness %d", self._tried)

    def finished(
        self, parameters: Tensor, learnables: list[Tensor]
    ) -> tuple[CodecProfile, NDArray[np.float32]]:
        """Parameters rounded, and the profile with the message that they make.

        Raises:
            ImplicitJsccError: training left parameters for which there is no room at all.
        """
        fineness = self._fitting(parameters, self._tried)
        integers = quantisation.quantise(parameters.numpy(), self._profile, fineness)
        bits = packed_bits(integers, self._profile.tensor_sizes)
        if bits > self._budget:
            raise ImplicitJsccError(
                f"the parameters take {bits} bits even when rounded coarsely, and {self._budget} "
                "can be sent: use --parameters repetition or a larger --bandwidth-ratio"
            )
        uses, snr_db = self._profile.parameter_uses, self._snr_db
        profile = replace(
            self._profile,
            fineness=fineness,
            payload_bits=bits,
            bits_per_symbol=coded_plan.best_modulation(bits, uses, snr_db),
        )
        return profile, quantisation.dequantise(integers, profile, fineness)

    def _fitting(self, parameters: Tensor, finest: int) -> int:
        """The finest, and not above ``finest``, whose message has room."""
        values, sizes = parameters.detach().cpu().numpy(), self._profile.tensor_sizes
        for fineness in range(finest, COARSEST, -1):
            integers = quantisation.quantise(values, self._profile, fineness)
            if packed_bits(integers, sizes) <= self._budget:
                return fineness
        return COARSEST
