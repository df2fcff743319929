# SPDX-License-Identifier: GPL-3.0-or-later
"""The root-raised-cosine pulse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def root_raised_cosine(
    rolloff: float, span_symbols: int, samples_per_symbol: int
) -> NDArray[np.float64]:
    """Taps of unit energy, centred, ``2 * span_symbols * samples_per_symbol + 1`` of them.

    J. G. Proakis, M. Salehi, "Digital Communications", 5th ed., section 9.2-1.
    """
    reach = span_symbols * samples_per_symbol
    t = np.arange(-reach, reach + 1) / samples_per_symbol
    beta = rolloff
    with np.errstate(divide="ignore", invalid="ignore"):
        taps = (np.sin(np.pi * t * (1 - beta)) + 4 * beta * t * np.cos(np.pi * t * (1 + beta))) / (
            np.pi * t * (1 - (4 * beta * t) ** 2)
        )
    taps[t == 0] = 1 - beta + 4 * beta / np.pi
    edge = np.isclose(np.abs(4 * beta * t), 1)
    taps[edge] = (beta / np.sqrt(2)) * (
        (1 + 2 / np.pi) * np.sin(np.pi / (4 * beta)) + (1 - 2 / np.pi) * np.cos(np.pi / (4 * beta))
    )
    return np.asarray(taps / np.sqrt(np.sum(taps**2)))
