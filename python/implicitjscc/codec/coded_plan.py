# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bits the coded parameters may have, and on which modulation: what arrives for certain.

Two margins decide. Parameters must arrive ``SNR_MARGIN_DB`` below the design SNR, and at the design
SNR with the part ``LOST_PART`` of all channel uses lost; where the second would leave fewer bits a
parameter than there must be room for, the first alone. A channel is counted by the mean information
that its soft bits carry, and a code needs a little more of it than its rate: ``information_needed``
is above all that was measured (docs/codec-measurements.md), for a failure rate below 1 in 100; on
the longest messages that there is room for at 20 dB it is 1 in 40 with half of the symbols lost at
random (docs/codec.md).
"""

from __future__ import annotations

from math import ceil, sqrt

from ..errors import ImplicitJsccError
from ..ldpc_profiles import HIGHEST_RATE, LEAST_INFORMATION_BITS, LOWEST_RATE
from .modulation import BITS_PER_SYMBOL, information_per_bit

SNR_MARGIN_DB = 3.0
LOST_PART = 0.5
LEAST_BITS = 6
"""Mean bits a parameter for which there must be channel uses where nothing else was asked for."""

# Orders of eleven tensors and the CRC.
_FRAME_BITS = 11 * 4 + 32
# Memory of the demodulator follows from these.
_MOST_QPSK_BITS = 1 << 24
_MOST_QAM_BITS = 1 << 22


def can_be_sent(information_bits: int, uses: int, bits_per_symbol: int) -> bool:
    """Whether there is a code of that rate and length at all."""
    sent = uses * bits_per_symbol
    most = _MOST_QPSK_BITS if bits_per_symbol == 2 else _MOST_QAM_BITS
    return LEAST_INFORMATION_BITS <= information_bits <= HIGHEST_RATE * sent and sent <= most


def information_needed(information_bits: int, sent_bits: int) -> float:
    """Mean information a sent bit from which on a code word is decoded, 0 to 1 and beyond."""
    code_bits = min(sent_bits, int(information_bits / LOWEST_RATE))
    rate = information_bits / code_bits
    needed = 1.04 * rate + 0.017 + 3 / sqrt(code_bits)
    return needed * code_bits / sent_bits


def best_modulation(information_bits: int, uses: int, snr_db: float) -> int:
    """Bits a symbol of the modulation that leaves the largest margin.

    Args:
        information_bits: of the message.
        uses: channel uses for it.
        snr_db: design SNR.
    """
    for lossy in (True, False):
        margins = {
            order: _margin(information_bits, uses, snr_db, order, lossy=lossy)
            for order in BITS_PER_SYMBOL
        }
        best = max(margins, key=lambda order: margins[order])
        if margins[best] >= 1:
            break
    return best


def budget(parameters: int, uses: int, snr_db: float, least_bits: float = LEAST_BITS) -> int:
    """The longest message that arrives under the margins; 0 where none does.

    Args:
        parameters: how many.
        uses: channel uses for them.
        snr_db: design SNR.
        least_bits: mean bits a parameter that it must have.
    """
    least = least_information(parameters, least_bits)
    for lossy in (True, False):
        longest = _longest(uses, snr_db, lossy=lossy)
        if longest >= least:
            return longest
    return 0


def least_information(parameters: int, least_bits: float = LEAST_BITS) -> int:
    """Length of the shortest message that there must be room for."""
    return ceil(least_bits * parameters) + _FRAME_BITS


def least_uses(parameters: int, snr_db: float, least_bits: float = LEAST_BITS) -> int:
    """The fewest channel uses that carry the parameters with ``least_bits`` each.

    Raises:
        ImplicitJsccError: no number that this version handles would do.
    """
    carried, refused = 1, 0
    while not budget(parameters, carried, snr_db, least_bits):
        carried, refused = 2 * carried, carried
        if carried > _MOST_QPSK_BITS:
            raise ImplicitJsccError(
                f"{parameters} coded parameters cannot be sent at {snr_db:g} dB"
            )
    while carried - refused > 1:
        middle = (carried + refused) // 2
        if budget(parameters, middle, snr_db, least_bits):
            carried = middle
        else:
            refused = middle
    return carried


def _longest(uses: int, snr_db: float, *, lossy: bool) -> int:
    longest = 0
    for order in BITS_PER_SYMBOL:
        fits, fails = longest, int(HIGHEST_RATE * order * uses) + 1
        while fails - fits > 1:
            middle = (fits + fails) // 2
            if _margin(middle, uses, snr_db, order, lossy=lossy) >= 1:
                fits = middle
            else:
                fails = middle
        longest = max(longest, fits)
    return longest


def _margin(information: int, uses: int, snr_db: float, order: int, *, lossy: bool) -> float:
    """Information that arrives over what is needed, in the worse of the two cases."""
    if not can_be_sent(max(information, LEAST_INFORMATION_BITS), uses, order):
        return 0.0
    arrives = information_per_bit(snr_db - SNR_MARGIN_DB, order)
    if lossy:
        arrives = min(arrives, (1 - LOST_PART) * information_per_bit(snr_db, order))
    return arrives / information_needed(max(information, 1), order * uses)
