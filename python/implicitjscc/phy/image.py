# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that a transmitter's IQ imbalance adds to each symbol: its complex conjugate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .front_end import shrink


def image_of(
    symbols: NDArray[np.complex64], known: NDArray[np.complex64], variance: NDArray[np.float32]
) -> complex:
    """The image's coefficient b in y = a x + b x*, over a.

    A widely-linear least-squares fit to known symbols (B. Picinbono, P. Chevalier, "Widely linear
    estimation with complex data", IEEE Trans. Signal Processing 43(8), 1995), shrunk to what
    stands out of its own uncertainty.

    Args:
        symbols: received, of about unit gain.
        known: what was sent.
        variance: of the complex noise on each symbol.
    """
    weighted = known / variance
    energy = float(np.vdot(known, weighted).real)
    if not energy:
        return 0.0
    pseudo = complex(np.dot(weighted, known))
    direct = complex(np.vdot(weighted, symbols))
    crossed = complex(np.dot(weighted, symbols))
    determinant = energy**2 - abs(pseudo) ** 2
    if determinant < 0.1 * energy**2:
        return 0.0
    gain = (energy * direct - pseudo.conjugate() * crossed) / determinant
    image = (energy * crossed - pseudo * direct) / determinant
    return shrink(image / gain, 1 / energy) if gain else 0.0


def remove_image(symbols: NDArray[np.complex64], image: complex) -> NDArray[np.complex64]:
    """Symbols without their image."""
    if not image:
        return symbols
    left = symbols - np.complex64(image) * symbols.conj()
    left *= np.float32(1 / (1 - abs(image) ** 2))
    return left
