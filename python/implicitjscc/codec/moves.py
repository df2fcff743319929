# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that a search may take from one allocation to the next.

A move is a function from an allocation, its profile and the settings with it in them to the
allocations beside it along one dimension. It need not know whether the budget allows them: the
search leaves out those that cannot be planned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .allocation import Allocation
from .coded_plan import LEAST_BITS
from .planner import parameter_room
from .profile import MAXIMUM_HIDDEN_DIM, CodecProfile
from .settings import LEAST_PARAMETER_BITS, MOST_PARAMETER_BITS, EncoderSettings

Move = Callable[[Allocation, CodecProfile, EncoderSettings], list[Allocation]]

_POWER_STEP_DB = 3.0
_REPETITION_STEP = 1.4
_DIM_STEP = 2
# Levels coarser than this hold too few symbols for their number of maps to matter.
_SEARCHED_LEVELS = 4


def hidden_dim(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """d, by two."""
    wider, narrower = allocation.hidden_dim + _DIM_STEP, allocation.hidden_dim - _DIM_STEP
    return [
        replace(allocation, hidden_dim=d) for d in (wider, narrower) if 1 <= d <= MAXIMUM_HIDDEN_DIM
    ]


def level_channels(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """One map more or less in one level, or from one level into the next coarser one."""
    maps = allocation.level_channels
    searched = min(_SEARCHED_LEVELS, len(maps))
    changes: list[tuple[int, ...]] = []
    for level in range(searched):
        changes += [_changed(maps, level, 1), _changed(maps, level, -1)]
        if level + 1 < len(maps):
            changes.append(_changed(_changed(maps, level, -1), level + 1, 2))
    return [replace(allocation, level_channels=new) for new in changes if min(new) >= 0 < new[-1]]


def parameter_bits(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """The bits for which a coded parameter must have room: one fewer or more, and d with them.

    Fewer bits alone change nothing in what is sent, so d goes along where room is what bounds it:
    to the widest decoder that then has room, or by one step (where the widest multiplies too
    often). More bits narrow a decoder that then has none, or give up the margin for lost symbols.
    """
    if profile.strategy != "coded":
        return []
    now, d = settings.least_bits, allocation.hidden_dim

    def room(bits: float, hidden_dim: int) -> int:
        asked = replace(settings, parameter_bits=bits)
        return parameter_room(profile, hidden_dim, asked)

    def widest(bits: float) -> int:
        return max((w for w in range(1, MAXIMUM_HIDDEN_DIM + 1) if room(bits, w)), default=0)

    found: list[tuple[float, int]] = []
    fewer, more = now - 1, now + 1
    # Where there is room as it is, `hidden_dim` goes there.
    if fewer >= LEAST_PARAMETER_BITS and widest(now) < d + _DIM_STEP:
        there = widest(fewer)
        found += [(fewer, w) for w in dict.fromkeys((there, d + _DIM_STEP)) if d < w <= there]
    if more <= MOST_PARAMETER_BITS:
        narrower = min(d, widest(more))
        if 0 < narrower and (narrower < d or room(more, d) != room(now, d)):
            found.append((more, narrower))
    return [
        # 6 bits have one name only: measurements are found again by it.
        replace(allocation, parameter_bits=None if b == LEAST_BITS else b, hidden_dim=w)
        for b, w in found
    ]


def repetition(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """kappa_L, by a factor; kappa_T takes what is left."""
    if profile.strategy != "repetition":
        return []
    now = profile.repetition_lsm
    near = (round(now * _REPETITION_STEP), round(now / _REPETITION_STEP))
    return [replace(allocation, repetition_lsm=k) for k in near if k >= 1 and k != now]


def parameter_power(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """The parameters' power, by three decibels."""
    if allocation.power_db is None:
        return []
    return [
        replace(allocation, power_db=allocation.power_db + step)
        for step in (_POWER_STEP_DB, -_POWER_STEP_DB)
    ]


def noise_matrix(
    allocation: Allocation, profile: CodecProfile, settings: EncoderSettings
) -> list[Allocation]:
    """M in or out."""
    return [replace(allocation, noise_matrix=not allocation.noise_matrix)]


MOVES: dict[str, Move] = {
    "level-channels": level_channels,
    "hidden-dim": hidden_dim,
    "bits": parameter_bits,
    "power": parameter_power,
    "repetition": repetition,
    "noise-matrix": noise_matrix,
}
"""By name; the order is the order in which a search tries them."""


def _changed(maps: Sequence[int], level: int, change: int) -> tuple[int, ...]:
    return (*maps[:level], maps[level] + change, *maps[level + 1 :])
