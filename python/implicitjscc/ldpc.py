# SPDX-License-Identifier: GPL-3.0-or-later
"""Irregular repeat-accumulate LDPC codes of any length and rate, and their sum-product decoder.

Information bits are repeated, permuted, and combined some at a time into accumulated parity bits:
H. Jin, A. Khandekar, R. McEliece, "Irregular repeat-accumulate codes", 2nd Int. Symp. on Turbo
Codes, 2000. The header and the decoder's parameters are sent with them; ``ldpc_profiles`` says
how often bits of a code of a given rate are repeated.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from . import prng

Bits = NDArray[np.uint8]

DEFAULT_ITERATIONS = 200
# Beyond these a float32 hyperbolic tangent is 1: messages carry no more.
_LARGEST_LLR = 25.0
_LARGEST_PRODUCT = np.float32(1 - 1e-6)
_SEARCH_LIMIT = 64


def connect(
    degrees: NDArray[np.int64], per_check: int, seed: int, stream: prng.Stream
) -> NDArray[np.int64]:
    """Which information bits each check combines; never one bit twice, where that can be.

    Args:
        degrees: how often each information bit is repeated, in any order, shape (bits,); strong
            and weak bits are mixed, so that no part of a message has only weak ones. Their sum is
            a multiple of ``per_check``.
        per_check: information bits that a check combines.
        seed, stream: of the permutation.

    Returns:
        shape (checks, per_check), part of the air format.
    """
    order = prng.permutation(seed, stream, degrees.size, 1)
    sockets = np.repeat(np.arange(degrees.size), degrees[order])
    flat = sockets[prng.permutation(seed, stream, sockets.size)]
    rows = flat.reshape(-1, per_check)
    ordered = np.sort(rows, axis=1)
    # A bit twice in one check would cancel: it trades places with one of a later check.
    waiting = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)).tolist()
    trades = 0
    while waiting and trades < _SEARCH_LIMIT * rows.shape[0]:
        check = heapq.heappop(waiting)
        for place in range(1, per_check):
            step = per_check
            while rows[check, place] in rows[check, :place] and step < flat.size:
                own, other = check * per_check + place, check * per_check + place + step
                other %= flat.size
                flat[own], flat[other] = flat[other], flat[own]
                if np.unique(rows[other // per_check]).size < per_check:
                    heapq.heappush(waiting, other // per_check)
                step += per_check
                trades += 1
    return rows


class RepeatAccumulateCode:
    """One systematic code: the information bits, then the parity bits.

    Args:
        information_bits: how many.
        connections: what :func:`connect` returns; as many rows as there are parity bits.
    """

    def __init__(self, information_bits: int, connections: NDArray[np.int64]) -> None:
        self.information_bits = information_bits
        self.connections = connections
        self.parity_bits, self.per_check = connections.shape
        self.code_bits = information_bits + self.parity_bits
        self._columns = np.ascontiguousarray(connections.T)

    def encode(self, information: Bits) -> Bits:
        """The code word, shape (code_bits,), of information bits 0 or 1."""
        checks = np.bitwise_xor.reduce(information[self._columns], axis=0)
        parity = np.bitwise_xor.accumulate(checks)
        return np.concatenate((information, parity)).astype(np.uint8)

    def decode(
        self, llr: NDArray[np.floating], iterations: int = DEFAULT_ITERATIONS
    ) -> tuple[Bits, bool]:
        """The most likely information bits, by the sum-product algorithm.

        Args:
            llr: shape (code_bits,), log P(0) / P(1) of each code bit, 0 where nothing is known.
            iterations: after so many it gives up.

        Returns:
            shape (information_bits,) and whether every check is satisfied; without that the bits
            are a guess.
        """
        size, columns = self.information_bits, self._columns
        flat = columns.reshape(-1)
        channel = np.clip(llr, -_LARGEST_LLR, _LARGEST_LLR).astype(np.float32)
        information, parity = channel[:size], channel[size:]
        # Rows: the checks' information bits, their own parity bit, the parity bit before.
        inputs = np.empty((self.per_check + 2, self.parity_bits), np.float32)
        messages = np.zeros_like(inputs)
        # The bit before the first parity bit is a known 0.
        inputs[-1, 0] = _LARGEST_LLR
        total = information
        hard = (information < 0).astype(np.uint8)
        for _ in range(iterations):
            to_own, to_previous = messages[-2], messages[-1]
            np.subtract(total[columns], messages[:-2], out=inputs[:-2])
            inputs[-2] = parity
            inputs[-2, :-1] += to_previous[1:]
            inputs[-1, 1:] = (parity + to_own)[:-1]
            messages = _check_messages(inputs)
            total = information + np.bincount(
                flat, messages[:-2].reshape(-1), minlength=size
            ).astype(np.float32)
            hard = (total < 0).astype(np.uint8)
            belief = parity + messages[-2]
            belief[:-1] += messages[-1, 1:]
            if np.array_equal(self.encode(hard)[size:], (belief < 0).astype(np.uint8)):
                return hard, True
        return hard, False


def _check_messages(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each check tells each of its bits (rows) from what the other bits told it."""
    t = np.clip(inputs, -_LARGEST_LLR, _LARGEST_LLR)
    t *= 0.5
    np.tanh(t, out=t)
    # Products of all rows but one: of those before it times those behind it.
    products = np.empty_like(t)
    products[0] = 1
    for row in range(1, t.shape[0]):
        np.multiply(products[row - 1], t[row - 1], out=products[row])
    behind = t[-1].copy()
    for row in range(t.shape[0] - 2, -1, -1):
        products[row] *= behind
        behind *= t[row]
    np.clip(products, -_LARGEST_PRODUCT, _LARGEST_PRODUCT, out=products)
    result: NDArray[np.float32] = np.log((1 + products) / (1 - products))
    return result
