# SPDX-License-Identifier: GPL-3.0-or-later
"""What the coverage-guided fuzzer found, and that its checks can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from implicitjscc.phy.receiver import BurstReceiver

from . import guided
from .guided import Hostility
from .streams import Change, contents, stream


@pytest.mark.parametrize(
    "hostility",
    [
        # Not one block of the only frame is whole: a content of which nothing came was delivered.
        Hostility(
            (
                Change("repeat", 0.3098, 0.00315, -13.7, 93),
                Change("flip", 0.6902, 0.0069, 0.1, 176),
                Change("flip", 0.68805, 0.0069, -4.7, 176),
            ),
            9,
            (6, 5),
        ),
        # Three pilots that agree by chance; nothing can tell.
        Hostility(
            (
                Change("swap", 0.5868011269753782, 0.017871713677237694, 1.7, 239),
                Change("clip", 0.6769815814116454, 0.010589606879504849, 28.8, 222),
            ),
            3,
        ),
    ],
)
def test_pictures(hostility: Hostility) -> None:
    guided.pictures(hostility)


END = Change("swap", 0.7607843137254902, 0.3803921568627451, 1.3, 194)
MIDDLE = Change("splice", 0.4627450980392157, 0.23137254901960785, 14.9, 0)


@pytest.mark.parametrize("changes", [(END,), (MIDDLE, END)])
def test_bursts(changes: tuple[Change, ...]) -> None:
    """Five pilots at the end that agree by chance; and what was displaced before is lost."""
    guided.bursts((0,), Hostility(changes, 6, (5,)))


def test_nothing_is_delivered_of_which_no_block_is_whole() -> None:
    """A header alone is no content, and its SNR would be -inf."""
    samples = stream((0,)).copy()
    payload = samples[2_000 + 800 + 2 * 2_600 :]
    for first in range(0, payload.size - 300, 2 * 200):
        payload[first : first + 300] = 0
    receiver = BurstReceiver()
    found = receiver.push(samples) + receiver.flush()
    assert receiver.stats.headers_good == 1
    assert found == []
    assert receiver.stats.contents == receiver.stats.frames_received == 0


def test_a_receiver_that_lies_is_found_out(monkeypatch) -> None:
    """With a noise variance that is 20 times too small both checks fail."""
    receive = Hostility.receive

    def lying(self: Hostility, samples: np.ndarray) -> list:
        receptions = []
        for reception in receive(self, samples):
            spreading = reception.spreading
            assert spreading is not None
            coefficients = spreading.coefficients
            less = replace(coefficients, noise_variance=coefficients.noise_variance / 20)
            spreading = replace(spreading, coefficients=less)
            receptions.append(
                replace(reception, received=spreading.received(), spreading=spreading)
            )
        return receptions

    guided.bursts((0,), Hostility(()))
    guided.pictures(Hostility(()))
    monkeypatch.setattr(Hostility, "receive", lying)
    with pytest.raises(AssertionError):
        guided.bursts((0,), Hostility(()))
    with pytest.raises(AssertionError):
        guided.pictures(Hostility(()))


def test_excess_of_an_honest_receiver() -> None:
    (reception,) = Hostility(()).receive(stream((0,)))
    assert abs(guided.excess_db(reception, contents()[0])) < 0.5
