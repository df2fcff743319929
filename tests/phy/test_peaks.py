# SPDX-License-Identifier: GPL-3.0-or-later
"""Peaks: what spreading and clipping do to them, and what they cost."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from implicitjscc.content import Content
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.profile import WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.spreading import despread, spread
from implicitjscc.phy.transmitter import clip, modulate

from .conftest import PAYLOAD_RMS, PLAIN, laplace_content, receive

SPREAD = dataclasses.replace(PLAIN, spreading_symbols=256)


def heavy_content(size: int) -> Content:
    """Tails as heavy as those of pictures: a few symbols 20 dB above the mean."""
    rng = np.random.default_rng(1)
    content = laplace_content(size)
    symbols = content.symbols * rng.gamma(0.3, size=size)
    symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
    return dataclasses.replace(content, symbols=symbols.astype(np.complex64))


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 1000])
def test_spreading_is_undone(size: int) -> None:
    rng = np.random.default_rng(size)
    symbols = (rng.normal(size=size) + 1j * rng.normal(size=size)).astype(np.complex64)
    sent = spread(symbols, 256)
    assert np.sum(np.abs(sent) ** 2) == pytest.approx(np.sum(np.abs(symbols) ** 2), rel=1e-5)
    noise = rng.uniform(0.1, 0.3, size).astype(np.float32)
    found, variance, valid = despread(sent, noise, np.ones(size, bool), 256)
    np.testing.assert_allclose(found, symbols, atol=1e-5)
    assert valid.all()
    assert variance.mean() == pytest.approx(noise.mean(), rel=1e-4)
    assert np.array_equal(spread(symbols, 0), symbols)


def test_every_slot_is_spread_and_what_is_lost_costs_its_block() -> None:
    one = np.zeros(1000, np.complex64)
    for slot in (0, 743, 744, 767, 768, 999):
        one[:] = 0
        one[slot] = 16
        # Slots 744 to 767 lie in two blocks.
        assert np.abs(spread(one, 256)).max() < 2.6
    valid = np.ones(1000, bool)
    valid[300] = False
    _, _, left = despread(one, np.ones(1000), valid, 256)
    assert not left[256:512].any()
    assert left.sum() == 744


def test_spreading_flattens_the_peaks_of_heavy_tails() -> None:
    content = heavy_content(40_000)
    plain, flat = modulate(content, PLAIN), modulate(content, SPREAD)
    assert plain.papr_db > 20
    assert flat.papr_db < 14
    assert flat.overhead == plain.overhead


def test_a_radio_that_clips_costs_less_with_spreading() -> None:
    content = heavy_content(40_000)
    errors_db = []
    for profile in (PLAIN, SPREAD):
        burst = modulate(content, profile, PAYLOAD_RMS, clip_db=9.0)
        assert burst.papr_db == pytest.approx(9.0, abs=0.01)
        (reception,) = receive(np.pad(burst.samples, 3000), BurstReceiver(profile))
        error = np.mean(np.abs(reception.received.symbols - content.symbols) ** 2)
        errors_db.append(10 * np.log10(error))
        # What the transmitter says of it is about what the receiver sees, which has its own loss.
        assert errors_db[-1] == pytest.approx(-burst.clipping_snr_db, abs=3)
    assert errors_db[1] < errors_db[0] - 12


def test_clipping_keeps_phases() -> None:
    samples = np.array([0.1, 2j, -3 - 4j, 0], np.complex64)
    limited, fraction = clip(samples, 1.0)
    np.testing.assert_allclose(limited, [0.1, 1j, -0.6 - 0.8j, 0], rtol=1e-6)
    assert fraction == 0.5
    assert clip(samples, 10.0) == (pytest.approx(samples), 0.0)
    burst = modulate(laplace_content(3000), clip_db=40.0)
    assert (burst.clipped, burst.clipping_snr_db) == (0.0, np.inf)


def test_a_cut_burst_that_is_spread() -> None:
    profile = WaveformProfile(payload_symbols=4096, spreading_symbols=256, diversity_symbols=0)
    content = laplace_content(8000)
    layout = FrameLayout(8000, profile)
    samples = np.pad(modulate(content, profile, PAYLOAD_RMS).samples, (3000, 0))
    part = samples[: 3000 + int(3.2 * layout.frame_symbols)]
    (reception,) = receive(part, BurstReceiver(profile))
    lost = reception.received.lost
    assert 0.1 < lost.mean() < 0.5
    error = reception.received.symbols[~lost] - content.symbols[~lost]
    assert np.mean(np.abs(error) ** 2) < 0.01
