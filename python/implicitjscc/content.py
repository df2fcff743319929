# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes between the codec and the physical layer; neither knows the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DESCRIPTION_BYTES = 35
"""Length of the decoder's description in the protected header."""


@dataclass(frozen=True)
class Content:
    """One encoded source, ready for any channel.

    Attributes:
        symbols: channel symbols, shape (k,), complex64, mean power 1 over all k channel uses.
        description: ``DESCRIPTION_BYTES`` bytes from which the receiver rebuilds the decoder;
            opaque to the physical layer, which protects them by its header's code and CRC.
        content_id: 32 bits that tell this content from others on the same channel.
        coded_symbols: the last so many are those of a digital code, which bears gaps better than
            noise.
    """

    symbols: NDArray[np.complex64]
    description: bytes
    content_id: int
    coded_symbols: int = 0


@dataclass(frozen=True)
class ReceivedContent:
    """What a channel left of a :class:`Content`.

    Attributes:
        symbols: shape (k,), complex64, unbiased: sent symbol plus noise; 0 where lost.
        noise_variance: shape (k,), float32, of the complex noise on each symbol; inf where lost.
        description: as sent (the header's CRC has passed).
        content_id: as sent.
    """

    symbols: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    description: bytes
    content_id: int

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Shape (k,): True where a symbol never arrived."""
        return np.isinf(self.noise_variance)
