# SPDX-License-Identifier: GPL-3.0-or-later
"""Taps that move, by a bank of Kalman filters, one for each way that they may move; smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_OUTLIER = 9.0  # times the expected power of an error: what is more is interference
_LEAST_DRIVE = 1e-9  # of a variance: keeps covariances invertible


@dataclass(frozen=True)
class Motion:
    """One way in which the taps of a channel may change.

    Attributes:
        doppler: largest shift, cycles a symbol.
        linewidth: of a phase that is common to all taps, cycles a symbol.
    """

    doppler: float
    linewidth: float


class TapTracker:
    """Taps and their velocities, from one block of symbols to the next.

    A tap's velocity is a first-order Gauss-Markov process with the variance of Clarke's spectrum,
    (2 pi f)^2 / 2 of the tap's own, and forgets within 1 / (2 pi f); a common phase walks. One
    Kalman filter for each motion, all at once; the fixed-interval smoother goes back over the most
    likely one: H. E. Rauch, F. Tung, C. T. Striebel, "Maximum likelihood estimates of linear
    dynamic systems", AIAA J. 3(8), 1965.

    Args:
        taps: at the first block's middle, shape (k,).
        covariance: of their error, shape (k, k).
        power: that each tap may have, shape (k,).
        motions: shape (m,).
        block_symbols: from one block to the next.

    Attributes:
        state: taps, then velocities a block, of each motion, shape (m, 2 k).
        covariance: shape (m, 2 k, 2 k).
    """

    def __init__(
        self,
        taps: NDArray[np.complex128],
        covariance: NDArray[np.float64],
        power: NDArray[np.float64],
        motions: tuple[Motion, ...],
        block_symbols: int,
    ) -> None:
        count, ways = taps.size, len(motions)
        rates = 2 * np.pi * block_symbols * np.array([motion.doppler for motion in motions])
        walks = 2 * np.pi * block_symbols * np.array([motion.linewidth for motion in motions])
        kept = np.exp(-rates)
        driven = (1 - kept**2) * rates**2 / 2
        own, here, rate = np.diag(power), slice(0, count), slice(count, 2 * count)
        self._count, self._walks = count, walks
        self.state = np.zeros((ways, 2 * count), complex)
        self.state[:, here] = taps
        self.covariance = np.zeros((ways, 2 * count, 2 * count), complex)
        self.covariance[:, here, here] = covariance
        self.covariance[:, rate, rate] = own * (rates**2 / 2)[:, None, None]
        self._move = np.tile(np.eye(2 * count), (ways, 1, 1))
        self._move[:, here, rate] = np.eye(count) * ((1 - kept) / rates)[:, None, None]
        self._move[:, rate, rate] = np.eye(count) * kept[:, None, None]
        self._drive = np.zeros((ways, 2 * count, 2 * count))
        self._drive[:, here, here] = own * (driven / 3)[:, None, None]
        self._drive[:, here, rate] = own * (driven / 2)[:, None, None]
        self._drive[:, rate, here] = self._drive[:, here, rate]
        self._drive[:, rate, rate] = own * driven[:, None, None]
        self._drive += _LEAST_DRIVE * np.diag(np.tile(power, 2))
        self._score = np.zeros(ways)
        self._passed: list[tuple[NDArray[np.complex128], ...]] = []
        self._predicted = (self.state, self.covariance)

    @property
    def taps(self) -> NDArray[np.complex128]:
        """Of each motion, shape (m, k)."""
        return self.state[:, : self._count]

    def predict(self) -> None:
        """Go to the next block."""
        self._passed.append((*self._predicted, self.state, self.covariance))
        self.state = np.einsum("mij,mj->mi", self._move, self.state)
        covariance = self._move @ self.covariance @ self._move.transpose(0, 2, 1) + self._drive
        taps = self.taps
        turned = self._walks[:, None, None] * taps[:, :, None] * taps[:, None].conj()
        covariance[:, : self._count, : self._count] += turned
        self.covariance = covariance
        self._predicted = (self.state, self.covariance)

    def update(
        self,
        errors: NDArray[np.complexfloating],
        mixed: NDArray[np.complexfloating],
        places: NDArray[np.float64],
        noise: NDArray[np.float64],
    ) -> None:
        """Take what known symbols of the block show.

        Args:
            errors: of each motion's equaliser for the taps in the block's middle, shape (m, n).
            mixed: how each tap's change would show in them, shape (m, n, k).
            places: of the symbols, from -1/2 to 1/2 of the block, shape (n,).
            noise: variance of the errors, shape (m,).
        """
        columns = np.concatenate((mixed, places[:, None] * mixed), axis=2)
        moving = np.einsum("mnk,mk->mn", columns[..., self._count :], self.state[:, self._count :])
        surprise = errors - moving
        reach = np.einsum("mnk,mnk->mn", columns @ self.covariance, columns.conj()).real
        variance = noise[:, None] + self._walks[:, None] / 6
        power = np.abs(surprise) ** 2
        variance = variance * np.maximum(1, power / (_OUTLIER * (variance + reach)))
        weighted = columns.conj() / variance[..., None]
        gram = weighted.transpose(0, 2, 1) @ columns
        system = np.eye(gram.shape[1]) + self.covariance @ gram
        covariance = np.linalg.solve(system, self.covariance)
        self.covariance = (covariance + covariance.conj().transpose(0, 2, 1)) / 2
        agreement = np.einsum("mnk,mn->mk", weighted, surprise)
        correction = np.einsum("mij,mj->mi", self.covariance, agreement)
        self.state = self.state + correction
        explained = np.einsum("mk,mk->m", agreement.conj(), correction).real
        self._score += np.sum(np.log(variance) + power / variance, axis=1) - explained
        self._score += np.linalg.slogdet(system)[1]

    def smooth(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128], int]:
        """The most likely motion's taps in all blocks.

        Returns:
            taps, shape (blocks, k); covariances of their errors, shape (blocks, k, k); which
            motion.
        """
        best, count = int(np.argmin(self._score)), self._count
        state, covariance = self.state[best], self.covariance[best]
        following = self._predicted
        states, covariances = [state], [covariance]
        for passed in reversed(self._passed):
            expected, uncertainty = following[0][best], following[1][best]
            then, error = passed[2][best], passed[3][best]
            gain = np.linalg.solve(uncertainty, self._move[best] @ error).conj().T
            state = then + gain @ (state - expected)
            covariance = error + gain @ (covariance - uncertainty) @ gain.conj().T
            states.append(state)
            covariances.append(covariance)
            following = (passed[0], passed[1])
        taps = np.array(states[::-1])[:, :count]
        return taps, np.array(covariances[::-1])[:, :count, :count], best
