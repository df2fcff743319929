# SPDX-License-Identifier: GPL-3.0-or-later
"""Overfit a source: the loop around the training step, its budget and its interruption."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from .. import engine as engines
from ..errors import ImplicitJsccError
from .complexity import macs_per_pixel
from .encoded import EncodedSource
from .planner import parameter_power, plan
from .settings import EncoderSettings
from .simulation import simulate
from .sources import Source
from .training import Trainer, loss_to_psnr_db

_log = logging.getLogger(__name__)

_CHECKPOINTS = 20
_CHECKPOINT_DRAWS = 2
_FINAL_DRAWS = 5
_CHECKPOINT_SEED = 0x5EED
_LOSS_MEMORY = 0.9
# The last evaluations take about as long as this many steps.
_FINISHING_STEPS = 6


@dataclass(frozen=True)
class Progress:
    """Where an encoding stands.

    Attributes:
        step: steps done.
        steps: steps that the budget of steps allows.
        psnr_db: of the training's last steps, smoothed.
        done: part of the budget that is used, 0 to 1.
        seconds_left: estimate.
    """

    step: int
    steps: int
    psnr_db: float
    done: float
    seconds_left: float


def encode(
    source: Source,
    settings: EncoderSettings,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    started: float | None = None,
) -> EncodedSource:
    """Overfit channel symbols and a decoder to one source.

    Args:
        source: a picture, audio or an array.
        settings: what the user set.
        progress: called after every step.
        stop: when it is set, encoding ends with the best so far; so it does on KeyboardInterrupt.
        started: ``time.monotonic()`` from which ``settings.seconds`` counts; now if None.

    Raises:
        ImplicitJsccError: the settings cannot be met, or training did not converge.
    """
    began = time.monotonic()
    engine = engines.select(settings.engine)
    profile = plan(*source.size, source.format, settings)
    recipe = settings.recipe.for_dimensions(profile.dimensions)
    power = parameter_power(profile, settings)
    trainer = Trainer(
        source, profile, recipe, power, engine, settings.snr_range_db, settings.least_bits
    )
    budget = _Budget(settings, began if started is None else started)
    best, best_psnr_db = trainer.snapshot(), trainer.psnr_db(_CHECKPOINT_DRAWS, _CHECKPOINT_SEED)
    next_checkpoint = 1 / _CHECKPOINTS
    smoothed_loss = 0.0
    interrupted = False
    trained_s = 0.0
    try:
        # However little time there is, one step is taken: figures of none would mean nothing.
        while budget.step == 0 or budget.done < 1:
            if stop is not None and stop.is_set():
                break
            step_began = time.monotonic()
            loss = trainer.step(budget.done)
            trained_s += time.monotonic() - step_began
            budget.step += 1
            if not isfinite(loss):
                raise ImplicitJsccError("training diverged: use another --seed or preset")
            memory = min(_LOSS_MEMORY, 1 - 1 / budget.step)
            smoothed_loss = memory * smoothed_loss + (1 - memory) * loss
            if budget.done >= next_checkpoint:
                next_checkpoint = budget.done + 1 / _CHECKPOINTS
                psnr_db = trainer.psnr_db(_CHECKPOINT_DRAWS, _CHECKPOINT_SEED)
                if psnr_db > best_psnr_db:
                    best, best_psnr_db = trainer.snapshot(), psnr_db
            if progress is not None:
                progress(budget.progress(loss_to_psnr_db(smoothed_loss)))
    except KeyboardInterrupt:
        interrupted = True
        _log.warning("interrupted: the best of %d steps is kept", budget.step)
    if trainer.psnr_db(_CHECKPOINT_DRAWS, _CHECKPOINT_SEED) >= best_psnr_db:
        best = trainer.snapshot()
    figures: dict[str, Any] = {
        "snr_db": profile.snr_db,
        "snr_range_db": settings.snr_range_db and list(settings.snr_range_db),
        "preset": settings.preset,
        "steps": budget.step,
        "step_ms": 1e3 * trained_s / max(budget.step, 1),
        "bandwidth_ratio": profile.bandwidth_ratio,
        "channel_uses": profile.channel_uses,
        "parameter_channel_uses": profile.parameter_uses,
        "parameters": profile.parameters,
        "parameter_strategy": profile.strategy,
        "macs_per_pixel": macs_per_pixel(profile),
        "engine": engine,
        "interrupted": interrupted,
    }
    encoded = trainer.finish(best, figures)
    del trainer, best  # their memory, before the decoder takes its own
    if profile.strategy == "coded":
        figures["bits_per_parameter"] = encoded.profile.bits_per_parameter
    figures["psnr_db"] = simulate(encoded, source, profile.snr_db, _FINAL_DRAWS).psnr_db
    figures["encode_s"] = time.monotonic() - began
    return encoded


class _Budget:
    """Steps and seconds, whichever ends first."""

    def __init__(self, settings: EncoderSettings, started: float) -> None:
        self._limited_by_time_only = settings.seconds is not None and settings.steps is None
        self._steps = settings.recipe.steps
        self._seconds = settings.seconds
        self._started = started
        self._training_began = time.monotonic()
        self.step = 0

    @property
    def done(self) -> float:
        """Part that is used, 0 to 1 and beyond."""
        by_steps = 0.0 if self._limited_by_time_only else self.step / self._steps
        return max(by_steps, self._time_done())

    def progress(self, psnr_db: float) -> Progress:
        done = self.done
        elapsed = time.monotonic() - self._training_began
        left = elapsed * (1 - done) / done if done > 0 else float("inf")
        return Progress(self.step, self._steps, psnr_db, min(done, 1.0), max(left, 0.0))

    def _time_done(self) -> float:
        """Of the time between the first step and the last that leaves time to finish."""
        if self._seconds is None:
            return 0.0
        before = self._training_began - self._started
        now = time.monotonic() - self._training_began
        return now / max(self._seconds - before - self._finishing_s(now), 1e-3)

    def _finishing_s(self, training_s: float) -> float:
        """Time that the last evaluation and the file take: some steps' worth, and a bit."""
        return 0.8 + _FINISHING_STEPS * training_s / max(self.step, 1)
