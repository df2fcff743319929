# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a frame its signal is: not where it is silent, buried, or elsewhere by dropped samples.

Known symbols there share their neighbours' phase; anywhere else their phases are random, whatever
the amplitude. The most likely succession of the two states is a Viterbi path with a price on each
change (G. D. Forney, "The Viterbi algorithm", Proc. IEEE 61(3), 1973).

A gain must not be fitted to what is not there: as a fade, as steps of the gain or as phase noise
it explains everything, and no noise is left to report.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEIGHBOURS = 4  # observations on each side that tell the phase
_AVERAGED = 16  # observations
_MOST_PRESENT = 0.9  # quantile of the averages that lies where the signal is
_PASSES = 3
_CHANGE = 10.0  # log-likelihood that a change of the state takes
_MOST_EVIDENCE = 4.0  # of one observation
_LEAST_OBSERVATIONS = 32
_LEAST_COHERENCE = 0.05
_GUARD = 1  # observations at each end that are given up


def signal_there(
    times: NDArray[np.float64],
    values: NDArray[np.complex128],
    counts: NDArray[np.int64],
    symbols: int,
) -> NDArray[np.bool_]:
    """Which symbols of a frame lie between observations of the signal.

    Args:
        times: of the observations of the gain, increasing, in symbols from the frame's start.
        values: observed, shape (n,).
        counts: known symbols in each.
        symbols: of the frame.

    Returns:
        shape (symbols,); all True where nothing speaks against it.
    """
    if times.size < _LEAST_OBSERVATIONS:
        return np.ones(symbols, bool)
    agreement = _agreement(values)
    groups = [group for group in (counts > 1, counts == 1) if group.any()]
    present = np.ones(times.size, bool)
    for turn in range(_PASSES):
        evidence = np.zeros(times.size)
        for group in groups:
            inside = agreement[group & present]
            if turn and inside.size:
                typical = float(np.mean(inside))
            else:
                typical = float(np.quantile(_averaged(agreement[group]), _MOST_PRESENT))
            spread = float(np.var(inside)) if inside.size else 0.0
            typical = max(typical, _LEAST_COHERENCE)
            # At least that of random phases; each pair of neighbours counts twice in the sums.
            spread = 2 * max(spread, 0.25 / _NEIGHBOURS)
            evidence[group] = (agreement[group] - typical / 2) * typical / spread
        found = _path(np.clip(evidence, -_MOST_EVIDENCE, _MOST_EVIDENCE))
        if np.array_equal(found, present):
            break
        present = found
    if present.all():
        return np.ones(symbols, bool)
    return _between(times, present, symbols)


def _agreement(values: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Of each observation's phase with its neighbours', 1 at most, about 0 where there is none."""
    size = np.abs(values)
    phases = np.divide(values, size, out=np.zeros_like(values), where=size > 0)
    window = np.ones(2 * _NEIGHBOURS + 1)
    window[_NEIGHBOURS] = 0
    around = np.convolve(phases, window, mode="same")
    present = np.convolve(np.ones(values.size), window, mode="same")
    return np.asarray((phases * around.conj()).real / present)


def _averaged(values: NDArray[np.float64]) -> NDArray[np.float64]:
    window = min(_AVERAGED, values.size)
    return np.convolve(values, np.full(window, 1 / window), mode="valid")


def _path(evidence: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The likelier state of each observation, all together."""
    total = np.cumsum(evidence)
    if (np.maximum.accumulate(np.maximum(total, 0)) - total).max() < _CHANGE:
        return np.ones(evidence.size, bool)  # not even at an end is absence worth one change
    stays = np.zeros((evidence.size, 2), bool)  # absent, present
    absent, present = 0.0, 0.0
    for n, gained in enumerate(evidence.tolist()):
        stays[n] = absent >= present - _CHANGE, present >= absent - _CHANGE
        absent, present = max(absent, present - _CHANGE), max(present, absent - _CHANGE) + gained
    found = np.zeros(evidence.size, bool)
    state = int(present > absent)
    for n in range(evidence.size - 1, -1, -1):
        found[n] = bool(state)
        if not stays[n, state]:
            state = 1 - state
    return found


def _between(
    times: NDArray[np.float64], present: NDArray[np.bool_], symbols: int
) -> NDArray[np.bool_]:
    there = np.zeros(symbols, bool)
    edges = np.flatnonzero(np.diff(present.astype(np.int8), prepend=0, append=0))
    for first, last in edges.reshape(-1, 2):
        first = first + _GUARD if first else 0
        last = last - _GUARD if last < present.size else last
        if last <= first:
            continue
        begin = int(times[first]) if first else 0
        end = int(times[last - 1]) + 1 if last < present.size else symbols
        there[begin:end] = True
    return there
