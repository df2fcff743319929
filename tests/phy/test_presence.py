# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a frame in which its signal is not: found, left out, and no gain fitted to them."""

from __future__ import annotations

import numpy as np
import pytest

from implicitjscc.phy import diversity
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.interleaver import Interleaver
from implicitjscc.phy.presence import signal_there
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.transmitter import modulate

from .conftest import impaired, laplace_content, receive

SYMBOLS = 34_000
COUNTS = np.concatenate((np.full(14, 64), np.ones(516, np.int64)))
TIMES = np.concatenate((64.0 * np.arange(14) + 32, 912 + 64.0 * np.arange(516)))


def observed(es_n0_db: float, seed: int, elsewhere: slice = slice(0)) -> np.ndarray:
    """Gains that known symbols show, with phase noise and a frequency offset."""
    rng = np.random.default_rng(seed)
    step = np.sqrt(2 * np.pi * 10 * 64e-6)
    phase = np.cumsum(rng.normal(size=TIMES.size)) * step + 2e-4 * 2 * np.pi * TIMES
    energy = np.where(COUNTS > 1, 64.0, 2.0)
    scale = np.sqrt(10 ** (-es_n0_db / 10) / energy / 2)
    noise = scale * (rng.normal(size=TIMES.size) + 1j * rng.normal(size=TIMES.size))
    gain = np.exp(1j * phase)
    gain[elsewhere] = 0
    return gain + noise


@pytest.mark.parametrize("es_n0_db", [-5, 0, 10, 20])
def test_all_of_a_whole_frame_is_there(es_n0_db: float) -> None:
    found = [signal_there(TIMES, observed(es_n0_db, seed), COUNTS, SYMBOLS) for seed in range(30)]
    assert sum(not there.all() for there in found) <= 2


@pytest.mark.parametrize("es_n0_db", [0, 10, 20])
@pytest.mark.parametrize("observations", [(0, 60), (100, 130), (200, 480), (450, 530)])
def test_silence_is_not_there(es_n0_db: float, observations: tuple[int, int]) -> None:
    silent = slice(*observations)
    there = signal_there(TIMES, observed(es_n0_db, 1, silent), COUNTS, SYMBOLS)
    begin = int(TIMES[silent.start]) if silent.start else 0
    end = int(TIMES[silent.stop - 1]) if silent.stop < TIMES.size else SYMBOLS
    assert there[begin:end].mean() < (0.15 if es_n0_db == 0 else 0.05)
    around = np.concatenate((there[:begin], there[end:]))
    assert np.count_nonzero(~around) < (2000 if es_n0_db == 0 else 400)


@pytest.mark.parametrize("seed", [1, 3])
@pytest.mark.parametrize("settings", [{"loss": 0.2, "drop_rate": 20.0}, {"loss": 0.5}])
def test_the_noise_reported_is_that_of_each_part(settings: dict[str, float], seed: int) -> None:
    """A gain that is fitted to silence explains all noise away, and the part outweighs others."""
    content = laplace_content(67_584)
    sent = diversity.spread(content.symbols, 0, STANDARD.diversity_symbols)
    layout = FrameLayout(content.symbols.size)
    burst = np.pad(modulate(content).samples, (4096, 16_384))
    channel = {"sample_rate_hz": 1e6, "snr_db": 10.0, "seed": seed, **settings}
    receptions = receive(impaired(np.tile(burst, 3), **channel))
    assert len(receptions) >= 2
    for reception in receptions:
        assert reception.spreading is not None
        coefficients = reception.spreading.coefficients
        error = np.abs(coefficients.symbols - sent) ** 2
        for frame in range(layout.frames):
            sources = Interleaver(layout).sources(frame)
            for part in np.array_split(sources, sources.size // 2048):
                arrived = part[~coefficients.lost[part]]
                if arrived.size >= 512:
                    ratio = error[arrived].sum() / coefficients.noise_variance[arrived].sum()
                    assert 0.5 < ratio < 1.6
