# SPDX-License-Identifier: GPL-3.0-or-later
"""How often information bits are repeated: degree profiles for repeat-accumulate codes by rate.

Designed by density evolution under the Gaussian approximation (S.-Y. Chung, T. Richardson,
R. Urbanke, IEEE Trans. Inf. Theory 47(2), 2001) with a linear program over the degrees from 3 to
30, for the binary-input AWGN channel. What codes of finite length reach:
docs/codec-measurements.md.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from . import prng
from .ldpc import RepeatAccumulateCode, connect

# Below it a code word is better sent more than once.
LOWEST_RATE = 0.15
HIGHEST_RATE = 0.84
LEAST_INFORMATION_BITS = 64
_LEAST_DEGREE = 3

# Rate: information bits a check, and degrees above 3 with the part of the information bits that
# have them; all others have degree 3. Part of the air format.
_PROFILES: dict[float, tuple[int, tuple[tuple[int, float], ...]]] = {
    0.15: (2, ((7, 0.2044), (30, 0.2783))),
    0.20: (2, ((10, 0.2492), (12, 0.0236), (24, 0.1449))),
    0.25: (3, ((9, 0.0159), (10, 0.2621), (30, 0.1507))),
    0.30: (4, ((8, 0.1604), (9, 0.0802), (30, 0.1870))),
    0.35: (4, ((10, 0.2209), (12, 0.0711), (24, 0.0340), (30, 0.0566))),
    0.40: (5, ((10, 0.2462), (12, 0.0376), (30, 0.0903))),
    0.45: (5, ((10, 0.2096), (12, 0.0492), (20, 0.0706))),
    0.50: (6, ((10, 0.1217), (12, 0.1490), (20, 0.0037), (24, 0.0354))),
    0.55: (8, ((10, 0.2089), (12, 0.0455), (30, 0.0620))),
    0.60: (8, ((10, 0.0077), (12, 0.2533))),
    0.65: (10, ((10, 0.0800), (12, 0.1421), (20, 0.0321))),
    0.70: (12, ((12, 0.1947), (14, 0.0355))),
    0.75: (14, ((10, 0.1022), (12, 0.1057))),
    0.80: (18, ((10, 0.1243), (12, 0.0700))),
}


@functools.lru_cache(maxsize=4)
def make_code(
    information_bits: int, code_bits: int, seed: int, stream: prng.Stream
) -> RepeatAccumulateCode:
    """The code of a length and a rate.

    Args:
        information_bits: at least ``LEAST_INFORMATION_BITS``.
        code_bits: so many that the rate is from ``LOWEST_RATE`` to ``HIGHEST_RATE``.
        seed, stream: of its permutation.

    Raises:
        ValueError: the sizes are out of these bounds.
    """
    rate = information_bits / code_bits
    if information_bits < LEAST_INFORMATION_BITS or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ValueError(f"no code of {information_bits} bits in {code_bits}")
    degrees, per_check = _degrees(information_bits, code_bits - information_bits)
    return RepeatAccumulateCode(information_bits, connect(degrees, per_check, seed, stream))


def _degrees(information_bits: int, checks: int) -> tuple[NDArray[np.int64], int]:
    """Degrees of the information bits, strongest first, and how many a check combines."""
    rate = information_bits / (information_bits + checks)
    per_check, classes = _PROFILES[min(_PROFILES, key=lambda known: abs(known - rate))]
    degrees = np.full(information_bits, _LEAST_DEGREE)
    first = 0
    for degree, part in reversed(classes):
        count = int(part * information_bits)
        degrees[first : first + count] = degree
        first += count
    # The profile is for another rate than this one: bits of its highest degree make up for that.
    highest = classes[-1][0]
    missing = per_check * checks - int(degrees.sum())
    if missing > 0:
        more = missing // (highest - _LEAST_DEGREE)
        degrees[first : first + more] = highest
    else:
        surplus, place = -missing, 0
        while surplus > 0:
            surplus -= int(degrees[place]) - _LEAST_DEGREE
            degrees[place] = _LEAST_DEGREE
            place += 1
    missing = per_check * checks - int(degrees.sum())
    # The last are of degree 3 in every profile; what is left over goes to them, one by one.
    degrees[information_bits - missing :] += 1
    return np.sort(degrees)[::-1].copy(), per_check
