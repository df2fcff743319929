# SPDX-License-Identifier: GPL-3.0-or-later
"""Bandwidth arithmetic: how k channel uses are shared by symbols and parameters (section 3.3)."""

from __future__ import annotations

from fractions import Fraction

from ..errors import ImplicitJsccError
from .pyramid import real_symbols

IMAGE_BANDWIDTH_RATIO = Fraction(11, 48)
# The paper's audio: 31,750 uses for symbols and 6,000 for parameters of 32,000 samples.
SIGNAL_BANDWIDTH_RATIO = Fraction(37_750, 32_000)

# The paper's (d, kappa_L) pairs (its footnote 3), for the 8,208 uses that are left for parameters
# of a 768 x 512 image at R = 11/48.
PAPER_REPETITION = {12: 25, 18: 17, 24: 12, 30: 9, 36: 7}
_PAPER_PARAMETER_USES = 8208


def symbol_uses(height: int, width: int, level_channels: tuple[int, ...]) -> int:
    """Channel uses of the pyramid: two real values each."""
    return -(-real_symbols(height, width, level_channels) // 2)


def total_uses(samples: int, bandwidth_ratio: Fraction) -> int:
    """k for ``samples`` = N C source samples, rounded down."""
    return int(bandwidth_ratio * samples)


def default_repetition(
    hidden_dim: int, parameter_uses: int, synthesis_parameters: int, redu_parameters: int
) -> int:
    """kappa_L: the paper's for its own pictures, in proportion for others, at least 1."""
    known = sorted(PAPER_REPETITION)
    nearest = min(known, key=lambda d: abs(d - hidden_dim))
    paper_parameters = nearest**2 + 19 * nearest + 171
    share = Fraction(PAPER_REPETITION[nearest] * paper_parameters, 2 * _PAPER_PARAMETER_USES)
    reals = 2 * parameter_uses
    wanted = int(share * reals / synthesis_parameters)
    return max(1, min(wanted, (reals - redu_parameters) // synthesis_parameters))


def signal_repetition(parameter_uses: int, synthesis_parameters: int, redu_parameters: int) -> int:
    """kappa_L for one dimension: such that kappa_T is about twice as much, as in pictures."""
    return max(1, 2 * parameter_uses // (synthesis_parameters + 2 * redu_parameters))


def redu_repetition(
    parameter_uses: int, synthesis_parameters: int, redu_parameters: int, repetition: int
) -> int:
    """kappa_T: whole copies of ReDU that fill what kappa_L leaves.

    Raises:
        ImplicitJsccError: they leave no room for one copy.
    """
    left = 2 * parameter_uses - repetition * synthesis_parameters
    if left < redu_parameters:
        raise ImplicitJsccError(
            f"{parameter_uses} channel uses for parameters cannot carry kappa_L = {repetition}"
        )
    return left // redu_parameters
