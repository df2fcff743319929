# SPDX-License-Identifier: GPL-3.0-or-later
"""Training for coded parameters: exact first, then rounded to a depth that is chosen by measuring."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import quantisation
from .coded_plan import CodedPlan, plans
from .profile import CodecProfile

_log = logging.getLogger(__name__)

# Part of the schedule after which the depth is chosen; measured: docs/codec.md.
EXACT_PART = 0.6
# A depth that costs no more than this is preferred: fewer bits leave the code more margin.
_INDIFFERENCE_DB = 0.05


class CodedParameters:
    """The parameters as they arrive when they are coded: rounded, and nothing else.

    Up to ``EXACT_PART`` of the schedule gradients are taken with exact parameters. Then the depth
    is chosen, and the symbols and the parameters adapt to rounding.

    Args:
        profile: with the deepest depth that arrives.
    """

    def __init__(self, profile: CodecProfile) -> None:
        self.learnables: list[Tensor] = []
        self._profile = profile
        self._settled = False

    def parameters_as_received(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """Exact for gradients before the depth is chosen, rounded otherwise."""
        if torch.is_grad_enabled() and not self._settled:
            return parameters
        return quantisation.straight_through(
            parameters, self._profile, self._profile.parameter_bits
        )

    def settle(self, done: float, psnr_db: Callable[[], float]) -> None:
        """Choose the depth when it is time to."""
        if self._settled or done < EXACT_PART:
            return
        profile = self._profile
        measured: list[tuple[CodedPlan, float]] = []
        for plan in plans(profile.parameters, profile.parameter_uses, profile.snr_db):
            self._use(plan)
            measured.append((plan, psnr_db()))
        if measured:
            best = max(quality for _, quality in measured)
            self._use(next(p for p, quality in measured if quality >= best - _INDIFFERENCE_DB))
        self._settled = True
        _log.info("%d bits a parameter", self._profile.parameter_bits)

    def finished(
        self, parameters: Tensor, learnables: list[Tensor]
    ) -> tuple[CodecProfile, NDArray[np.float32]]:
        """Scales fitted, parameters rounded."""
        bits = self._profile.parameter_bits
        quantised = quantisation.quantise(parameters.numpy(), self._profile, bits)
        profile = replace(self._profile, scale_codes=quantised.scale_codes)
        return profile, quantisation.dequantise(quantised, profile, bits)

    def _use(self, plan: CodedPlan) -> None:
        self._profile = replace(
            self._profile, parameter_bits=plan.bits, bits_per_symbol=plan.bits_per_symbol
        )
