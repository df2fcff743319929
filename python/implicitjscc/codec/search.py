# SPDX-License-Identifier: GPL-3.0-or-later
"""Greedy search for the allocation of best PSNR under a budget (paper section 3.3).

Every candidate is encoded with the same short budget of steps and the same seed, and judged by the
mean PSNR over several draws of the channel. From the best so far, each dimension is tried in turn,
step by step as long as it improves; a round over all of them without improvement ends the search.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isinf, log10, sqrt

from ..errors import ImplicitJsccError
from .allocation import Allocation
from .coded_plan import LEAST_BITS
from .complexity import macs_per_pixel
from .encoder import Progress, encode
from .moves import MOVES, Move
from .planner import parameter_power, plan
from .profile import CodecProfile
from .receivers import Receivers
from .settings import EncoderSettings
from .simulation import simulate
from .sources import Source

_LEAST_GAIN_DB = 0.02


@dataclass(frozen=True)
class Measurement:
    """How good an allocation is.

    Attributes:
        allocation: what was encoded.
        psnr_db: mean over the draws, and over the checked SNRs of a range.
        error_db: standard error of that mean.
        macs_per_pixel: of the decoder.
    """

    allocation: Allocation
    psnr_db: float
    error_db: float
    macs_per_pixel: float


@dataclass(frozen=True)
class Budget:
    """What a search may cost, and what its result may cost.

    Attributes:
        macs_per_pixel: most multiplications a pixel of the decoder.
        trials: draws of the channel for each candidate.
        candidates: most encodings.
        seconds: wall time; the candidate that runs out of it is dropped.
    """

    macs_per_pixel: float = inf
    trials: int = 8
    candidates: int | None = None
    seconds: float | None = None


class Search:
    """One search.

    Args:
        source: what is encoded.
        settings: what all candidates share: SNR, bandwidth ratio, steps, seed; where the search
            starts.
        budget: its limits.
        known: measurements of an earlier search under the same conditions.
        moves: the dimensions that are searched.

    Raises:
        ImplicitJsccError: no allocation meets the budget.
    """

    def __init__(
        self,
        source: Source,
        settings: EncoderSettings,
        budget: Budget,
        known: Mapping[Allocation, Measurement] | None = None,
        moves: Mapping[str, Move] = MOVES,
    ) -> None:
        self._source, self._budget, self._moves = source, budget, moves
        self.settings, self._start = self._find_start(settings)
        self.measured: dict[Allocation, Measurement] = dict(known or {})
        self.best: Measurement | None = None
        self.encoded = 0
        self.ended = ""

    def run(self, report: Callable[[Measurement, bool], None]) -> None:
        """Search until nothing improves, the budget is used or Ctrl-C comes.

        :attr:`best`, :attr:`measured` and :attr:`ended` tell the result at any time.

        Args:
            report: called with every candidate that is new or better, and whether it is the best.
        """
        self._began = time.monotonic()
        self._report = report
        try:
            self._consider(self._start)
            while self._round():
                pass
            self.ended = "nothing improves"
        except _BudgetUsedError:
            self.ended = "budget used"
        except KeyboardInterrupt:
            self.ended = "interrupted"

    def _round(self) -> bool:
        improved = False
        for move in self._moves.values():
            improved = self._climb(move) or improved
        return improved

    def _climb(self, move: Move) -> bool:
        """Follow one dimension as long as it improves."""
        improved = False
        while True:
            assert self.best is not None
            now = self.best.allocation
            settings = now.applied(self.settings)
            beside = move(now, self._plan_of(settings), settings)
            if not any(self._consider(allocation) for allocation in beside):
                return improved
            improved = True

    def _consider(self, allocation: Allocation) -> bool:
        """Measure an allocation unless it is known or too expensive; whether it is the best."""
        if self.best is not None and allocation == self.best.allocation:
            return False
        try:
            profile = self._plan(allocation)
            parameter_power(profile, allocation.applied(self.settings))
        except ImplicitJsccError:
            return False
        if macs_per_pixel(profile) > self._budget.macs_per_pixel:
            return False
        known = allocation in self.measured
        if not known:
            self.measured[allocation] = self._measure(allocation, profile)
        found = self.measured[allocation]
        better = self.best is None or found.psnr_db > self.best.psnr_db + max(
            _LEAST_GAIN_DB, found.error_db
        )
        if better:
            self.best = found
        if better or not known:
            self._report(found, better)
        return better

    def _measure(self, allocation: Allocation, profile: CodecProfile) -> Measurement:
        if self._budget.candidates is not None and self.encoded >= self._budget.candidates:
            raise _BudgetUsedError
        late = threading.Event()

        def watch(_: Progress) -> None:
            seconds = self._budget.seconds
            if seconds is not None and time.monotonic() - self._began > seconds:
                late.set()

        settings = allocation.applied(self.settings)
        encoded = encode(self._source, settings, watch, late)
        if encoded.figures["interrupted"]:
            raise KeyboardInterrupt
        if late.is_set():
            raise _BudgetUsedError
        self.encoded += 1
        snrs_db = Receivers(settings.snr_db, settings.snr_range_db).checked_snrs_db
        trials = self._budget.trials
        qualities = [
            simulate(encoded, self._source, snr_db, trials, engine=settings.engine)
            for snr_db in snrs_db
        ]
        if any(isinf(quality.psnr_db) for quality in qualities):
            raise ImplicitJsccError("the source arrives without any error: nothing can be better")
        return Measurement(
            allocation,
            sum(quality.psnr_db for quality in qualities) / len(qualities),
            sqrt(sum(q.psnr_std_db**2 for q in qualities) / trials) / len(qualities),
            macs_per_pixel(profile),
        )

    def _plan(self, allocation: Allocation) -> CodecProfile:
        return self._plan_of(allocation.applied(self.settings))

    def _plan_of(self, settings: EncoderSettings) -> CodecProfile:
        return plan(*self._source.size, self._source.format, settings)

    def _find_start(self, settings: EncoderSettings) -> tuple[EncoderSettings, Allocation]:
        """The default allocation, or the nearest cheaper one that meets the budget.

        The bandwidth ratio is fixed here: candidates are compared at the same one.
        """
        default = self._plan_of(settings)
        ratio = settings.bandwidth_ratio or Fraction(default.channel_uses, default.samples)
        settings = replace(settings, bandwidth_ratio=ratio)
        # A power of their own is for repeated parameters only.
        repeated = default.strategy == "repetition"
        power_db = round(10 * log10(parameter_power(default, settings)), 1) if repeated else None
        maps = default.level_channels
        cheapest = inf
        for dropped in range(len(maps)):
            level_channels = (0,) * dropped + maps[dropped:]
            for hidden_dim in range(default.hidden_dim, 0, -1):
                allocation = Allocation(
                    level_channels,
                    hidden_dim,
                    power_db=power_db,
                    noise_matrix=settings.noise_matrix,
                    # 6 bits have one name only, as in the moves.
                    parameter_bits=None
                    if settings.parameter_bits == LEAST_BITS
                    else settings.parameter_bits,
                )
                try:
                    cost = macs_per_pixel(self._plan_of(allocation.applied(settings)))
                except ImplicitJsccError:
                    continue
                if cost <= self._budget.macs_per_pixel:
                    return settings, allocation
                cheapest = min(cheapest, cost)
        raise ImplicitJsccError(
            f"no decoder of {self._budget.macs_per_pixel:g} multiplications a pixel can be had at "
            f"a bandwidth ratio of {float(ratio):.6g}: the least found is {cheapest:.0f}"
        )


class _BudgetUsedError(Exception):
    """No candidate more."""
