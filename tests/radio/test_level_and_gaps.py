# SPDX-License-Identifier: GPL-3.0-or-later
"""Level meter, and gaps in a radio's stream."""

from __future__ import annotations

import numpy as np
import pytest

from implicitjscc.radio.gaps import GapFinder
from implicitjscc.radio.level import LevelMeter


def test_the_level_of_a_tone_and_its_clipped_samples():
    meter = LevelMeter()
    tone = (0.5 * np.exp(2j * np.pi * 0.01 * np.arange(1000))).astype(np.complex64)
    meter.add(tone)
    assert meter.read()["level_dbfs"] == pytest.approx(-6.02, abs=0.01)
    tone[[3, 5, 8]] = [1.0, -1j, 0.999 + 0.999j]
    meter.add(tone[:10])
    reading = meter.read()
    assert reading["clipped_samples"] == 3
    assert reading["peak_dbfs"] == pytest.approx(0, abs=0.01)
    # Nothing has come since.
    assert meter.read()["level_dbfs"] < -100
    assert meter.whole()["level_dbfs"] == pytest.approx(-6.0, abs=0.1)
    assert meter.samples == 1010


def test_silence_and_nothing():
    meter = LevelMeter()
    meter.add(np.empty(0, np.complex64))
    meter.add(np.zeros(100, np.complex64))
    assert meter.whole() == {"level_dbfs": -200.0, "peak_dbfs": -200.0, "clipped_samples": 0}


def test_times_tell_how_much_is_missing():
    gaps = GapFinder()
    assert gaps.mark(0, (1000, 0.25), 1e6) == 0
    assert gaps.mark(500_000, (1000, 0.75), 1e6) == 0  # tuned: a mark, but no gap
    assert gaps.mark(600_000, (1001, 0.85 - 1 + 0.007), 1e6) == 7000
    assert (gaps.discontinuities, gaps.samples_lost, gaps.unknown) == (1, 7000, 0)
    # The next gap is counted from the last mark.
    assert gaps.mark(700_000, (1000, 0.957 + 0.002), 1e6) == 2000
    assert gaps.samples_lost == 9000


def test_what_cannot_be_filled_is_counted():
    gaps = GapFinder()
    gaps.mark(0, (0, 0.0), 1e6)
    assert gaps.mark(1000, (3600, 0.0), 1e6) == 0  # an hour of zeros helps nobody
    assert gaps.discontinuities == 1
    assert gaps.mark(2000, (0, 0.0), 1e6) == 0  # the clock was set back
    assert (gaps.discontinuities, gaps.unknown) == (2, 1)


def test_marks_without_a_time():
    gaps = GapFinder()
    assert gaps.mark(0, None, 1e6) == 0
    assert gaps.mark(5000, None, 1e6) == 0
    assert (gaps.discontinuities, gaps.samples_lost, gaps.unknown) == (1, 0, 1)
