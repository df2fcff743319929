# SPDX-License-Identifier: GPL-3.0-or-later
"""The search: it improves, keeps to its budget, goes on where it ended."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest

from implicitjscc.codec import moves
from implicitjscc.codec import search as searches
from implicitjscc.codec.allocation import Allocation
from implicitjscc.codec.complexity import macs_per_pixel
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.moves import MOVES
from implicitjscc.codec.planner import plan
from implicitjscc.codec.search import Budget, Measurement, Search
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.codec.simulation import Quality
from implicitjscc.codec.sources import Image
from implicitjscc.errors import ImplicitJsccError

from .conftest import smooth_picture

SETTINGS = EncoderSettings(steps=2, bandwidth_ratio=Fraction(1, 2))


@pytest.fixture(scope="module")
def image() -> Image:
    return smooth_picture(48, 64)


@pytest.fixture
def landscape(monkeypatch: pytest.MonkeyPatch) -> list[EncoderSettings]:
    """Encodings in place of real ones: best at d = 20, L_1 = 0, L_2 = 3 and no M."""
    asked: list[EncoderSettings] = []

    def encode(image: Image, settings: EncoderSettings, *_: object) -> EncodedSource:
        asked.append(settings)
        height, width, channels = image.pixels.shape
        profile = plan(height, width, channels, IMAGE8, settings)
        return EncodedSource(profile, None, None, {"interrupted": False})  # type: ignore[arg-type]

    def simulate(encoded: EncodedSource, *_: object, **__: object) -> Quality:
        profile = encoded.profile
        first, second = profile.level_channels[:2]
        psnr_db = 40 - abs(profile.hidden_dim - 20) / 4 - first - abs(second - 3) / 2
        return Quality(0, psnr_db - 0.3 * profile.noise_matrix, 0.01, None, 1, "exact", 0)

    monkeypatch.setattr(searches, "encode", encode)
    monkeypatch.setattr(searches, "simulate", simulate)
    return asked


@pytest.fixture
def wider_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encodings whose PSNR follows d alone."""

    def encode(image: Image, settings: EncoderSettings, *_: object) -> EncodedSource:
        profile = plan(*image.size, IMAGE8, settings)
        return EncodedSource(profile, None, None, {"interrupted": False})  # type: ignore[arg-type]

    def simulate(encoded: EncodedSource, *_: object, **__: object) -> Quality:
        return Quality(0, 20 + encoded.profile.hidden_dim / 10, 0.01, None, 1, "exact", 0)

    monkeypatch.setattr(searches, "encode", encode)
    monkeypatch.setattr(searches, "simulate", simulate)


def ignore(found: Measurement, best: bool) -> None:
    """No report."""


def test_it_climbs_to_the_best(image: Image, landscape: list[EncoderSettings]) -> None:
    search = Search(image, SETTINGS, Budget())
    search.run(ignore)
    assert search.ended == "nothing improves"
    assert search.best is not None
    found = search.best.allocation
    assert abs(found.hidden_dim - 20) <= 2, "half a step of the best"
    assert (found.level_channels[:2], found.noise_matrix) == ((0, 3), False)
    assert len(landscape) == search.encoded == len(search.measured)
    shared = {(s.seed, s.steps, s.snr_db, s.bandwidth_ratio) for s in landscape}
    assert len(shared) == 1, "candidates differ in nothing but the allocation"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_candidates_send_their_parameters_as_was_asked(
    strategy: str, image: Image, landscape: list[EncoderSettings]
) -> None:
    search = Search(image, replace(SETTINGS, parameters=strategy), Budget(candidates=12))
    search.run(ignore)
    assert {settings.strategy for settings in landscape} == {strategy}
    assert search.best is not None
    assert (search.best.allocation.power_db is None) == (strategy == "coded")


def test_complexity_is_bounded(image: Image, landscape: list[EncoderSettings]) -> None:
    search = Search(image, SETTINGS, Budget(macs_per_pixel=500))
    search.run(ignore)
    costs = [macs_per_pixel(plan(48, 64, 3, IMAGE8, settings)) for settings in landscape]
    assert max(costs) <= 500
    assert search.best is not None
    assert search.best.macs_per_pixel <= 500


def test_a_budget_that_nobody_can_meet(image: Image) -> None:
    with pytest.raises(ImplicitJsccError, match=r"no decoder of 20 .*the least found is \d+$"):
        Search(image, SETTINGS, Budget(macs_per_pixel=20))


def test_a_ratio_that_nobody_can_meet(image: Image) -> None:
    with pytest.raises(ImplicitJsccError, match="the least that can is"):
        Search(image, replace(SETTINGS, bandwidth_ratio=Fraction(1, 100)), Budget())


def test_the_ratio_is_the_same_for_all(image: Image, landscape: list[EncoderSettings]) -> None:
    search = Search(image, EncoderSettings(steps=2), Budget())
    search.run(ignore)
    profiles = [plan(48, 64, 3, IMAGE8, settings) for settings in landscape]
    assert len({profile.channel_uses for profile in profiles}) == 1


def test_it_goes_on_where_it_ended(image: Image, landscape: list[EncoderSettings]) -> None:
    first = Search(image, SETTINGS, Budget(candidates=5))
    first.run(ignore)
    assert (first.ended, first.encoded) == ("budget used", 5)
    second = Search(image, SETTINGS, Budget(), first.measured)
    second.run(ignore)
    whole = Search(image, SETTINGS, Budget())
    whole.run(ignore)
    assert second.best == whole.best
    assert second.encoded == whole.encoded - 5


def test_ctrl_c_leaves_the_best_so_far(
    image: Image, landscape: list[EncoderSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = searches.encode

    def interrupted(image: Image, settings: EncoderSettings, *rest: object) -> EncodedSource:
        encoded = encode(image, settings, *rest)  # type: ignore[arg-type]
        encoded.figures["interrupted"] = len(landscape) == 4
        return encoded

    monkeypatch.setattr(searches, "encode", interrupted)
    search = Search(image, SETTINGS, Budget())
    search.run(ignore)
    assert (search.ended, search.encoded) == ("interrupted", 3)
    assert search.best is not None


def test_a_source_without_error_is_refused() -> None:
    """A grey picture arrives exactly, and no profile file holds an infinite PSNR."""
    grey = Image(np.full((48, 64, 3), 128, np.uint8))
    with pytest.raises(ImplicitJsccError, match="arrives without any error"):
        Search(grey, SETTINGS, Budget()).run(ignore)


def test_bits_are_given_up_for_a_wider_decoder(image: Image, wider_is_better: None) -> None:
    """What there is room for is no bound where fewer bits a parameter do."""
    settings = replace(SETTINGS, snr_db=0, bandwidth_ratio=Fraction(9, 10))
    without = Search(
        image, settings, Budget(), moves={"d": moves.hidden_dim, "L": moves.level_channels}
    )
    without.run(ignore)
    search = Search(image, settings, Budget())
    search.run(ignore)
    assert search.best is not None
    assert without.best is not None
    assert search.best.allocation.parameter_bits == 4
    assert search.best.allocation.hidden_dim > without.best.allocation.hidden_dim + 2
    found = plan(*image.size, IMAGE8, search.best.allocation.applied(settings))
    assert found.channel_uses == plan(*image.size, IMAGE8, settings).channel_uses


def test_a_search_starts_from_the_bits_that_were_asked_for(
    image: Image, wider_is_better: None
) -> None:
    search = Search(image, replace(SETTINGS, parameter_bits=5.0), Budget(candidates=1))
    search.run(ignore)
    assert search.best is not None
    assert search.best.allocation.parameter_bits == 5


def test_real_encodings_and_a_range(image: Image) -> None:
    settings = replace(SETTINGS, snr_range_db=(0.0, 20.0), bandwidth_ratio=Fraction(4, 5))
    search = Search(image, settings, Budget(candidates=3, trials=2))
    reports: list[tuple[float, bool]] = []
    search.run(lambda found, best: reports.append((found.psnr_db, best)))
    assert len(reports) == 3
    assert reports[0][1]
    assert all(10 < psnr_db < 60 for psnr_db, _ in reports)


def test_no_time_for_one_candidate(image: Image) -> None:
    search = Search(image, replace(SETTINGS, steps=100_000), Budget(seconds=0.1))
    search.run(ignore)
    assert (search.ended, search.best) == ("budget used", None)


def test_moves_change_one_dimension_and_never_stay() -> None:
    start = Allocation((1, 1, 1, 1, 1, 1, 1), 12, None, 9.0)
    settings = start.applied(EncoderSettings())
    profile = plan(512, 768, 3, IMAGE8, settings)
    for name, move in MOVES.items():
        beside = move(start, profile, settings)
        if name == "bits":
            assert not beside, "repeated parameters have none"
            continue
        assert beside, name
        assert start not in beside
        assert len(set(beside)) == len(beside)
        changed = [
            [f.name for f in fields(start) if getattr(new, f.name) != getattr(start, f.name)]
            for new in beside
        ]
        assert all(len(names) == 1 for names in changed), name


def bits_beside(hidden_dim: int, bits: float | None = None) -> list[tuple[float | None, int]]:
    """Bits and d that the move names, for a picture of 768x512 at 0 dB and R = 11/48."""
    start = Allocation((1, 0, 4, 1, 1, 1, 1), hidden_dim, parameter_bits=bits)
    settings = start.applied(EncoderSettings(snr_db=0, bandwidth_ratio=Fraction(11, 48)))
    profile = plan(512, 768, 3, IMAGE8, settings)
    beside = MOVES["bits"](start, profile, settings)
    for new in beside:
        plan(512, 768, 3, IMAGE8, new.applied(settings))
        assert replace(new, hidden_dim=hidden_dim, parameter_bits=bits) == start
    return [(new.parameter_bits, new.hidden_dim) for new in beside]


@pytest.mark.parametrize(
    ("hidden_dim", "bits", "beside"),
    [
        # Room for more of it: the bits bound nothing.
        (14, None, []),
        # 6 bits a parameter for 28, 5 for 32, 4 for 37; 7 only for 25.
        (28, None, [(5, 32), (5, 30), (7, 25)]),
        (32, 5, [(4, 37), (4, 34), (None, 28)]),
        (37, 4, [(5, 32)]),
        # 7 bits only where the margin for lost symbols is given up.
        (22, None, [(7, 22)]),
    ],
)
def test_d_goes_along_with_the_bits(
    hidden_dim: int, bits: float | None, beside: list[tuple[float | None, int]]
) -> None:
    assert bits_beside(hidden_dim, bits) == beside


def test_measurements_without_bits_are_those_of_the_default() -> None:
    """Search files of before the bits could be set go on being read."""
    old = {"level_channels": (1, 1), "hidden_dim": 12, "repetition_lsm": None, "power_db": None}
    assert Allocation(**old, noise_matrix=True).parameter_bits is None  # type: ignore[arg-type]
