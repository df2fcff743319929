# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of more samples a symbol down to the receiver's two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiserord, upfirdn

_REJECTION_DB = 80.0


class Decimator:
    """A linear-phase low pass of which every n-th sample is kept.

    Output m lies at the time of input n * m, and does not depend on the pieces that inputs come in.

    Args:
        factor: n.
        passed: half of the passed band, in symbol rates, below 1: half of (1 + roll-off), and the
            largest frequency offset.
    """

    def __init__(self, factor: int, passed: float) -> None:
        self._factor = factor
        # 2 * factor samples a symbol; what folds onto the passed band begins at 2 - passed.
        count, beta = kaiserord(_REJECTION_DB, (2 - 2 * passed) / factor)
        self._half = -(-(count // 2) // factor) * factor
        taps = firwin(2 * self._half + 1, 1 / factor, window=("kaiser", beta)) if factor > 1 else 1
        self._taps = np.atleast_1d(taps).astype(np.float32)
        self.restart()

    def restart(self) -> None:
        """What comes next is a new stream."""
        self._kept = np.zeros(self._half, np.complex64)

    def push(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """What the next samples of the stream, shape (n,), make complete."""
        if self._factor == 1:
            return samples
        joined = np.concatenate((self._kept, samples))
        count = max((joined.size - 2 * self._half - 1) // self._factor + 1, 0)
        self._kept = joined[count * self._factor :]
        first = 2 * self._half // self._factor
        filtered = upfirdn(self._taps, joined, down=self._factor)[first : first + count]
        return np.ascontiguousarray(filtered, np.complex64)

    def flush(self) -> NDArray[np.complex64]:
        """The end of the stream, and the beginning of a new one."""
        rest = self.push(np.zeros(self._half, np.complex64))
        self.restart()
        return rest
