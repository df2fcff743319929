# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that a search may take from one allocation to the next.

A move is a function from an allocation to the allocations beside it along one dimension. It need
not know whether the budget allows them: the search leaves out those that cannot be planned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .allocation import Allocation
from .profile import CodecProfile

Move = Callable[[Allocation, CodecProfile], list[Allocation]]

_POWER_STEP_DB = 3.0
_REPETITION_STEP = 1.4
_DIM_STEP = 2
# Levels coarser than this hold too few symbols for their number of maps to matter.
_SEARCHED_LEVELS = 4


def hidden_dim(allocation: Allocation, profile: CodecProfile) -> list[Allocation]:
    """d, by two."""
    wider, narrower = allocation.hidden_dim + _DIM_STEP, allocation.hidden_dim - _DIM_STEP
    return [replace(allocation, hidden_dim=d) for d in (wider, narrower) if 1 <= d <= 64]


def level_channels(allocation: Allocation, profile: CodecProfile) -> list[Allocation]:
    """One map more or less in one level, or from one level into the next coarser one."""
    maps = allocation.level_channels
    searched = min(_SEARCHED_LEVELS, len(maps))
    changes: list[tuple[int, ...]] = []
    for level in range(searched):
        changes += [_changed(maps, level, 1), _changed(maps, level, -1)]
        if level + 1 < len(maps):
            changes.append(_changed(_changed(maps, level, -1), level + 1, 2))
    return [replace(allocation, level_channels=new) for new in changes if min(new) >= 0 < new[-1]]


def repetition(allocation: Allocation, profile: CodecProfile) -> list[Allocation]:
    """kappa_L, by a factor; kappa_T takes what is left."""
    if profile.strategy != "repetition":
        return []
    now = profile.repetition_lsm
    near = (round(now * _REPETITION_STEP), round(now / _REPETITION_STEP))
    return [replace(allocation, repetition_lsm=k) for k in near if k >= 1 and k != now]


def parameter_power(allocation: Allocation, profile: CodecProfile) -> list[Allocation]:
    """The parameters' power, by three decibels."""
    if allocation.power_db is None:
        return []
    return [
        replace(allocation, power_db=allocation.power_db + step)
        for step in (_POWER_STEP_DB, -_POWER_STEP_DB)
    ]


def noise_matrix(allocation: Allocation, profile: CodecProfile) -> list[Allocation]:
    """M in or out."""
    return [replace(allocation, noise_matrix=not allocation.noise_matrix)]


MOVES: dict[str, Move] = {
    "level-channels": level_channels,
    "hidden-dim": hidden_dim,
    "power": parameter_power,
    "repetition": repetition,
    "noise-matrix": noise_matrix,
}
"""By name; the order is the order in which a search tries them."""


def _changed(maps: Sequence[int], level: int, change: int) -> tuple[int, ...]:
    return (*maps[:level], maps[level] + change, *maps[level + 1 :])
