# SPDX-License-Identifier: GPL-3.0-or-later
"""Analog repetition: exact without noise, as precise as its kappas with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from implicitjscc.codec import repetition
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.codec.settings import EncoderSettings


@pytest.fixture(scope="module")
def profile() -> CodecProfile:
    return plan(64, 96, 3, IMAGE8, EncoderSettings(repetition_lsm=7, repetition_redu=13))


def scaled(profile: CodecProfile, parameters: np.ndarray, power: float = 1.0) -> CodecProfile:
    codes = repetition.fit_scales(profile, torch.from_numpy(parameters), np.full(11, power))
    return replace(profile, scale_codes=codes)


def draw(profile: CodecProfile) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(profile.parameters).astype(np.float32) * 0.2


def test_exact_without_noise(profile: CodecProfile) -> None:
    parameters = draw(profile)
    profile = scaled(profile, parameters)
    symbols = repetition.to_symbols(profile, parameters)
    assert symbols.shape == (profile.parameter_uses,)
    quiet = np.full(symbols.size, 1e-6, np.float32)
    received = repetition.from_symbols(profile, symbols, quiet)
    np.testing.assert_allclose(received, parameters, rtol=1e-5, atol=1e-7)


def test_scales_meet_the_power(profile: CodecProfile) -> None:
    parameters = draw(profile)
    symbols = repetition.to_symbols(scaled(profile, parameters, 4.0), parameters)
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(4.0, rel=0.1)


def test_training_sees_the_noise_that_reception_has(profile: CodecProfile) -> None:
    parameters = draw(profile)
    with_scales = scaled(profile, parameters)
    symbols = repetition.to_symbols(with_scales, parameters)
    rng = np.random.default_rng(5)
    variance = np.full(symbols.size, profile.noise_variance, np.float32)
    errors = []
    for _ in range(300):
        noise = rng.standard_normal((symbols.size, 2)) @ np.array([1, 1j])
        noisy = symbols + noise * np.sqrt(profile.noise_variance / 2)
        errors.append(repetition.from_symbols(with_scales, noisy, variance) - parameters)
    received_std = np.std(errors, axis=0)
    model = repetition.RepeatedParameters(profile, 1.0)
    generator = torch.Generator().manual_seed(6)
    flat = torch.from_numpy(parameters)
    with torch.inference_mode():
        received = [model.parameters_as_received(flat, generator) for _ in range(300)]
    trained_std = (torch.stack(received) - flat).std(0).numpy()
    first = 0
    for size in profile.tensor_sizes:
        part = slice(first, first + size)
        ratio = np.sqrt(np.mean(received_std[part] ** 2) / np.mean(trained_std[part] ** 2))
        # A scale's code is at most half of an eighth of an octave off.
        assert 0.9 < ratio < 1.1
        first += size


def test_lost_copies_do_not_count(profile: CodecProfile) -> None:
    parameters = draw(profile)
    profile = scaled(profile, parameters)
    symbols = repetition.to_symbols(profile, parameters)
    variance = np.full(symbols.size, 0.1, np.float32)
    lost = np.zeros(symbols.size, bool)
    lost[::2] = True
    symbols[lost], variance[lost] = 1e3, np.inf
    received = repetition.from_symbols(profile, symbols, variance)
    np.testing.assert_allclose(received, parameters, rtol=1e-5, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(lsm=st.integers(1, 9), redu=st.integers(1, 9), extra=st.integers(0, 63))
def test_every_parameter_is_sent_as_often_as_it_should(lsm: int, redu: int, extra: int) -> None:
    base = plan(32, 32, 3, IMAGE8, EncoderSettings(repetition_lsm=lsm, repetition_redu=redu))
    profile = replace(base, channel_uses=base.channel_uses + extra // 2)
    sent = repetition.copies(profile)
    split = profile.synthesis.parameters
    assert set(sent[:split]) == {lsm}
    assert sent[split:].min() == profile.repetition_redu >= redu
    assert sent[split:].max() <= sent[split:].min() + 1
    assert sent.sum() == 2 * profile.parameter_uses
