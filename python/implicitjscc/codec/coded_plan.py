# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bits the coded parameters may have, and on which modulation: what arrives for certain.

Two margins decide. Parameters must arrive ``SNR_MARGIN_DB`` below the design SNR, and at the design
SNR with the part ``LOST_PART`` of all channel uses lost; where the second would leave fewer than
``LEAST_BITS`` a parameter, the first alone. A channel is counted by the mean information that its
soft bits carry, and a code needs a little more of it than its rate: ``information_needed`` is above
all that was measured (docs/codec.md), for a failure rate below 1 in 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from ..errors import ImplicitJsccError
from ..ldpc_profiles import HIGHEST_RATE, LOWEST_RATE
from .modulation import BITS_PER_SYMBOL, information_per_bit

SNR_MARGIN_DB = 3.0
LOST_PART = 0.5
LEAST_BITS = 6
MOST_BITS = 12
CRC_BITS = 32


@dataclass(frozen=True)
class CodedPlan:
    """One way to send the parameters.

    Attributes:
        bits: of a parameter.
        bits_per_symbol: of the modulation.
    """

    bits: int
    bits_per_symbol: int


def payload_bits(parameters: int, bits: int) -> int:
    """Information bits of the code word: the integers and their CRC-32."""
    return parameters * bits + CRC_BITS


def information_needed(information_bits: int, sent_bits: int) -> float:
    """Mean information a sent bit from which on a code word is decoded, 0 to 1 and beyond."""
    code_bits = min(sent_bits, int(information_bits / LOWEST_RATE))
    rate = information_bits / code_bits
    needed = 1.04 * rate + 0.025 + 2 / sqrt(code_bits)
    return needed * code_bits / sent_bits


def plans(parameters: int, uses: int, snr_db: float) -> list[CodedPlan]:
    """All depths that arrive under the margins, fewest bits first, each on its best modulation.

    Args:
        parameters: how many.
        uses: channel uses for them.
        snr_db: design SNR.
    """
    found = []
    for bits in range(LEAST_BITS, MOST_BITS + 1):
        information = payload_bits(parameters, bits)
        margin, bits_per_symbol = max(
            (_margin(information, uses, snr_db, order, lossy=bits > LEAST_BITS), order)
            for order in BITS_PER_SYMBOL
        )
        if margin < 1:
            break
        found.append(CodedPlan(bits, bits_per_symbol))
    return found


def least_uses(parameters: int, snr_db: float) -> int:
    """The fewest channel uses that carry the parameters with ``LEAST_BITS`` each.

    Raises:
        ImplicitJsccError: at this SNR no number would do.
    """
    carried, refused = 1, 0
    while not plans(parameters, carried, snr_db):
        carried, refused = 2 * carried, carried
        if carried > 1 << 31:
            raise ImplicitJsccError(f"coded parameters cannot be sent at {snr_db:g} dB")
    while carried - refused > 1:
        middle = (carried + refused) // 2
        if plans(parameters, middle, snr_db):
            carried = middle
        else:
            refused = middle
    return carried


def _margin(information: int, uses: int, snr_db: float, order: int, *, lossy: bool) -> float:
    """Information that arrives over what is needed, in the worse of the two cases."""
    sent = order * uses
    if information > HIGHEST_RATE * sent:
        return 0.0
    arrives = information_per_bit(snr_db - SNR_MARGIN_DB, order)
    if lossy:
        arrives = min(arrives, (1 - LOST_PART) * information_per_bit(snr_db, order))
    return arrives / information_needed(information, sent)
