# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver counts of its source's samples, whatever the source's rate."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from implicitjscc.phy.intake import SampleIntake
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.reception import ReceiverStats
from implicitjscc.phy.work_budget import MOST_SAVED_MS, SAMPLES_PER_MS, WorkBudget


def noise(size: int, rms: float = 0.1) -> np.ndarray:
    values = np.random.default_rng(1).standard_normal(2 * size, np.float32)
    return values.view(np.complex64) * np.float32(rms / np.sqrt(2))


def clipped_of(*pieces: np.ndarray) -> int:
    stats = ReceiverStats()
    intake = SampleIntake(STANDARD, stats, WorkBudget())
    for piece in pieces:
        intake.push(piece)
    return stats.clipped_samples


def eight_bits(samples: np.ndarray) -> np.ndarray:
    parts = np.clip(np.rint(samples.view(np.float32) * 128), -128, 127) / np.float32(128)
    return parts.astype(np.float32).view(np.complex64)


@pytest.mark.parametrize("samples_per_symbol", [2, 8])
def test_a_symbol_earns_the_same_at_every_rate(samples_per_symbol: int) -> None:
    budget, stats = WorkBudget(), ReceiverStats()
    intake = SampleIntake(STANDARD.at(samples_per_symbol), stats, budget)
    assert budget.spend(MOST_SAVED_MS)
    symbols = 10_000
    intake.push(noise(symbols * samples_per_symbol))
    intake.flush()
    assert stats.samples == symbols * samples_per_symbol
    earned_ms = 2 * symbols / SAMPLES_PER_MS
    assert not budget.spend(1.1 * earned_ms)
    assert budget.spend(0.9 * earned_ms)


@pytest.mark.parametrize("samples_per_symbol", [2, 8])
def test_the_log_has_a_line_every_ten_seconds_of_the_source(
    samples_per_symbol: int, caplog: pytest.LogCaptureFixture
) -> None:
    rate_hz = 20_000.0
    receiver = BurstReceiver(STANDARD.at(samples_per_symbol), rate_hz)
    with caplog.at_level(logging.INFO):
        for _ in range(41):
            receiver.push(noise(20_000))
    assert len([r for r in caplog.records if "Msamples" in r.getMessage()]) == 4


def test_clipped_samples_of_a_converter() -> None:
    samples = eight_bits(noise(50_000, rms=0.6))
    rails = np.maximum(np.abs(samples.real), np.abs(samples.imag)) >= 127 / 128
    assert clipped_of(*np.split(samples, 5)) == np.count_nonzero(rails) > 100
    # A driver that divides by 32,767.
    assert clipped_of(np.array([-32_768 / 32_767, 0.5], np.complex64)) == 1


def test_floats_beyond_full_scale_clip_nowhere() -> None:
    assert clipped_of(np.full(10, 1.0, np.complex64), noise(50_000, rms=0.6)) == 0
    # It stays so, also where a piece has none beyond, and ends with the stream.
    stats = ReceiverStats()
    intake = SampleIntake(STANDARD, stats, WorkBudget())
    for value in (1.5, 1.0):
        intake.push(np.full(10, value, np.complex64))
    assert stats.clipped_samples == 0
    intake.flush()
    intake.push(np.full(10, 1.0, np.complex64))
    assert stats.clipped_samples == 10
