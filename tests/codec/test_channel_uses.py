# SPDX-License-Identifier: GPL-3.0-or-later
"""Bandwidth arithmetic and complexity against the paper's figures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from implicitjscc.codec import coded_plan, complexity, repetition
from implicitjscc.codec.formats import IMAGE8, ArrayFormat, AudioFormat
from implicitjscc.codec.planner import parameter_power, parameter_room, plan
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.errors import ImplicitJsccError

# (d, kappa_L): parameters of the LSM, kappa_T. Paper, footnote 3, at R = 11/48 and 768 x 512.
PAPER_PAIRS = {
    (12, 25): (543, 44),
    (18, 17): (837, 34),
    (24, 12): (1203, 30),
    (30, 9): (1641, 25),
    (36, 7): (2151, 21),
}


@pytest.mark.parametrize(("pair", "expected"), PAPER_PAIRS.items())
def test_the_papers_pairs(pair: tuple[int, int], expected: tuple[int, int]) -> None:
    hidden_dim, repetition_lsm = pair
    profile = plan(
        512, 768, 3, IMAGE8, EncoderSettings(hidden_dim=hidden_dim, parameters="repetition")
    )
    assert profile.channel_uses == 270_336
    assert profile.symbol_uses == 262_128
    assert profile.parameter_uses == 8_208
    assert profile.bandwidth_ratio == pytest.approx(11 / 48)
    assert profile.repetition_lsm == repetition_lsm
    assert (profile.synthesis.parameters, profile.repetition_redu) == expected


def test_607_parameters_and_641_multiplications() -> None:
    profile = plan(512, 768, 3, IMAGE8, EncoderSettings(hidden_dim=12))
    assert profile.hidden_dim == 12
    assert profile.parameters == 607
    assert complexity.synthesis_macs_per_pixel(profile) == 510
    assert complexity.redu_macs_per_pixel(profile, padding=0) == pytest.approx(120.89, abs=0.01)
    assert complexity.macs_per_pixel(profile) == pytest.approx(640.8, abs=0.05)


def test_the_ratio_as_the_paper_prints_it() -> None:
    profile = plan(
        512,
        768,
        3,
        IMAGE8,
        EncoderSettings(bandwidth_ratio=Fraction("0.2292"), parameters="repetition"),
    )
    assert profile.parameter_uses == 8_247
    assert profile.repetition_redu == 45


def test_every_channel_use_of_the_parameters_is_used() -> None:
    profile = plan(512, 768, 3, IMAGE8, EncoderSettings(parameters="repetition"))
    sent = repetition.copies(profile)
    assert sent.sum() == 2 * 8_208
    assert set(sent[:543]) == {25}
    assert set(sent[543:]) == {44, 45}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_small_picture_gets_the_least_ratio(
    strategy: str, caplog: pytest.LogCaptureFixture
) -> None:
    profile = plan(16, 16, 3, IMAGE8, EncoderSettings(parameters=strategy))
    assert len(profile.level_channels) == 5
    if strategy == "repetition":
        assert profile.repetition_lsm == profile.repetition_redu == 1
    else:
        assert profile.payload_bits == coded_plan.least_information(profile.parameters)
    assert "raised to" in caplog.text


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("snr_db", [-3.0, 10.0, 60.0])
@pytest.mark.parametrize("size", [(16, 16), (64, 64)])
def test_an_explicit_ratio_that_is_too_small_names_the_least(
    size: tuple[int, int], snr_db: float, strategy: str
) -> None:
    settings = EncoderSettings(
        snr_db=snr_db, parameters=strategy, bandwidth_ratio=Fraction(11, 48), hidden_dim=12
    )
    with pytest.raises(ImplicitJsccError, match=r"least that can is (\d+\.\d+)") as refused:
        plan(*size, 3, IMAGE8, settings)
    least = Fraction(str(refused.value).rsplit(" ", 1)[1])
    profile = plan(*size, 3, IMAGE8, replace(settings, bandwidth_ratio=least))
    assert profile.strategy == strategy
    with pytest.raises(ImplicitJsccError, match="least that can"):
        plan(*size, 3, IMAGE8, replace(settings, bandwidth_ratio=least * Fraction(99, 100)))


def test_fewer_bits_a_parameter_make_room() -> None:
    """For a wider decoder in a picture, for the decoder at all in a small one."""
    found = {
        bits: plan(512, 768, 3, IMAGE8, EncoderSettings(snr_db=0, preset="best", parameter_bits=b))
        for bits, b in ((None, None), (5, 5.0), (6, 6.0), (8, 8.0))
    }
    assert found[5].hidden_dim == 30 > found[6].hidden_dim > found[8].hidden_dim
    assert 18 <= found[8].hidden_dim <= found[None].hidden_dim, "with half of the frames lost, too"
    assert {profile.channel_uses for profile in found.values()} == {270_336}
    small = [
        plan(64, 64, 3, IMAGE8, EncoderSettings(snr_db=0, hidden_dim=12, parameter_bits=b))
        for b in (4.0, None, 6.0, 8.0)
    ]
    uses = [profile.channel_uses for profile in small]
    assert uses[0] < uses[1] == uses[2] < uses[3]


@pytest.mark.parametrize(("preset", "bits"), [("standard", 6.5), ("best", 8.0)])
@pytest.mark.parametrize("snr_db", [0.0, 5.0, 10.0, 20.0])
def test_the_longer_the_training_the_more_bits_a_parameter(
    preset: str, bits: float, snr_db: float
) -> None:
    settings = EncoderSettings(snr_db=snr_db, preset=preset)
    profile = plan(512, 768, 3, IMAGE8, settings)
    room = parameter_room(profile, profile.hidden_dim, settings)
    assert room >= bits * profile.parameters
    wider = parameter_room(profile, profile.hidden_dim + 1, settings)
    count = replace(profile, hidden_dim=profile.hidden_dim + 1).parameters
    assert profile.hidden_dim == settings.recipe.hidden_dim or wider < bits * count


@pytest.mark.parametrize(
    ("size", "ratio"), [((64, 64), None), ((256, 384), Fraction("0.238")), ((256, 384), None)]
)
def test_more_bits_cost_no_channel_uses_and_no_narrow_decoder(
    size: tuple[int, int], ratio: Fraction | None
) -> None:
    standard, best = (
        plan(*size, 3, IMAGE8, EncoderSettings(snr_db=0, preset=preset, bandwidth_ratio=ratio))
        for preset in ("standard", "best")
    )
    assert best.channel_uses == standard.channel_uses
    assert best.hidden_dim >= min(standard.hidden_dim, 18)


@pytest.mark.parametrize("preset", ["standard", "best"])
def test_asking_for_more_bits_never_widens_the_decoder(preset: str) -> None:
    widths = [
        plan(
            512, 768, 3, IMAGE8, EncoderSettings(snr_db=0, preset=preset, parameter_bits=bits)
        ).hidden_dim
        for bits in range(4, 11)
    ]
    assert widths == sorted(widths, reverse=True)


def test_explicit_repetition_factors() -> None:
    both = plan(64, 64, 3, IMAGE8, EncoderSettings(repetition_lsm=5, repetition_redu=9))
    assert (both.repetition_lsm, both.repetition_redu) == (5, 9)
    one = plan(512, 768, 3, IMAGE8, EncoderSettings(repetition_redu=100))
    assert one.repetition_redu >= 100
    assert one.channel_uses == 270_336


def test_what_asks_for_repetition_and_what_contradicts_it() -> None:
    assert EncoderSettings().strategy == EncoderSettings(preset="best").strategy == "coded"
    asking: list[dict[str, Any]] = [
        {"preset": "paper"},
        {"repetition_lsm": 5},
        {"repetition_redu": 5},
        {"power_db": 0.0},
    ]
    for options in asking:
        assert EncoderSettings(**options).strategy == "repetition"
    for options in asking[1:]:
        with pytest.raises(ImplicitJsccError, match="no repetition factors"):
            EncoderSettings(parameters="coded", **options)
    assert EncoderSettings(preset="paper", parameters="coded").strategy == "coded"


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (100, 31), (512, 768)])
def test_power_leaves_the_symbols_some(size: tuple[int, int]) -> None:
    settings = EncoderSettings(parameters="repetition")
    profile = plan(*size, 3, IMAGE8, settings)
    share = parameter_power(profile, settings) * profile.parameter_uses / profile.channel_uses
    assert 0 < share <= 0.8


def test_a_power_that_leaves_none_is_refused() -> None:
    settings = EncoderSettings(power_db=20)
    with pytest.raises(ImplicitJsccError, match="no power for the symbols"):
        parameter_power(plan(512, 768, 3, IMAGE8, settings), settings)


# d: parameters and multiplications a sample by d^2 + 17 d + 17 and d^2 + 15 d + 6, plus ReDU's pass
# and the scaling of M.
AUDIO_COUNTS = {12: (365, 330), 18: (647, 600), 24: (1001, 942)}


@pytest.mark.parametrize(("hidden_dim", "expected"), AUDIO_COUNTS.items())
def test_the_papers_audio(hidden_dim: int, expected: tuple[int, int]) -> None:
    """Two seconds at 16 kHz: 31,750 uses for symbols, 6,000 for parameters (its section 4)."""
    settings = EncoderSettings(hidden_dim=hidden_dim, parameters="repetition")
    profile = plan(1, 32_000, 1, AudioFormat(16_000), settings)
    assert (profile.symbol_uses, profile.parameter_uses) == (31_750, 6_000)
    assert profile.bandwidth_ratio == 1.1796875
    assert profile.level_channels == (1,) * 7
    assert profile.level_sizes[-1] == (1, 500)
    d = hidden_dim
    assert profile.parameters == expected[0] == d**2 + 17 * d + 17
    assert complexity.synthesis_macs_per_pixel(profile) == expected[1] == d**2 + 15 * d + 6
    assert complexity.redu_macs_per_pixel(profile, padding=0) == pytest.approx(40.125)
    assert complexity.redu_macs_per_pixel(profile) == pytest.approx(40.17, abs=0.01)
    sent = repetition.copies(profile)
    assert sent.sum() == 12_000
    assert sent[-1] >= 2 * sent[0]


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_channels_of_a_signal_share_its_ratio(channels: int) -> None:
    profile = plan(1, 32_000, channels, AudioFormat(16_000), EncoderSettings())
    assert profile.symbol_uses == channels * 31_750
    assert profile.parameter_uses == channels * 6_000
    c, d, inputs = channels, profile.hidden_dim, 18 * channels
    # 1 x 1 layers n_in-d-d-C, residual layers C C 3 + C, 8 taps.
    assert profile.parameters == d**2 + (inputs + c + 2) * d + c + 2 * (3 * c**2 + c) + 8


def test_arrays_have_the_least_ratio_and_one_map_for_three_channels(
    caplog: pytest.LogCaptureFixture,
) -> None:
    array = ArrayFormat("float32", channel_axis=True)
    profile = plan(60, 70, 16, array, EncoderSettings(parameters="repetition"))
    assert "set to" in caplog.text
    assert profile.level_channels == (6,) * 7
    assert profile.repetition_lsm == profile.repetition_redu == 1
    signal = plan(1, 32_000, 1, ArrayFormat("int16", one_dimensional=True), EncoderSettings())
    assert signal.bandwidth_ratio == 1.1796875
