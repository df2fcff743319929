# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged streams: the receiver goes on, and does not call noise a signal."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from implicitjscc.codec import container, strategies
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy.receiver import MOST_RETAINED
from implicitjscc.phy.transmitter import modulate

from .limits import at_most, check_message, fuzzed
from .streams import Change, changes, check, contents, excess_db, noisy, receive, stream

# The stream itself, its chunks and what a frame's demodulation works on.
BOUND_MIB = 96
DISHONEST_DB = 9.0

orders = st.sampled_from([(0,), (1, 0), (0, 1, 1), (2,), (1, 2)])
damages = st.lists(changes, min_size=1, max_size=5)


def damaged(samples: np.ndarray, harm: list) -> np.ndarray:
    """Changed in so many ways, and no longer than a few bursts."""
    for change in harm:
        samples = change.apply(samples)[: 2 * stream((1, 2)).size]
    return samples


@fuzzed(30)
@given(orders, damages, st.integers(1, 9))
def test_damaged_bursts(order, harm, pieces) -> None:
    samples = damaged(stream(order), harm)
    sent = {content.content_id: content for content in contents()}
    with at_most(BOUND_MIB):
        receptions, receiver = receive(samples, pieces)
    assert receiver.retained_samples <= MOST_RETAINED
    assert receiver.stats.samples == samples.size
    for reception in receptions:
        check(reception)
        received = reception.received
        content = sent[received.content_id]
        assert received.description == content.description
        assert received.symbols.size == content.symbols.size


@example(order=(0,), harm=[Change("cut", 0.5, 0.0, 1.0, 1)])  # a single sample is missing
@example(order=(0,), harm=[Change("tone", 0.7, 0.3, 1.0, 1)])
@fuzzed(25)
@given(order=orders, harm=damages)
def test_noise_is_not_called_signal(order, harm) -> None:
    """No quarter of a content's symbols is noisier by decibels than the receiver says."""
    receptions, _ = receive(damaged(stream(order), harm))
    sent = {content.content_id: content for content in contents()}
    for reception in receptions:
        assert excess_db(reception, sent[reception.received.content_id]) < DISHONEST_DB


@fuzzed(15)
@given(damages)
def test_a_decoder_arrives_exactly_or_not_at_all(encoded, harm) -> None:
    """Coded parameters: a wrong one would paint a wrong picture over good symbols."""
    truth = container.load(encoded.path)
    profile = truth.profile
    burst = noisy(np.pad(modulate(encoded.content).samples, (2_000, 9_000)), 12.0)
    receptions, _ = receive(damaged(burst, harm))
    for reception in receptions:
        received = reception.received
        assert received.description == encoded.content.description
        uses = profile.symbol_uses
        try:
            parameters = strategies.from_symbols(
                profile, received.symbols[uses:], received.noise_variance[uses:]
            )
        except ImplicitJsccError as error:
            check_message(error)
            continue
        if parameters is not None:
            assert np.allclose(parameters, truth.parameters)


@fuzzed(12)
@given(st.integers(0, 1 << 32), st.integers(1, 60_000), st.floats(-30, 30))
def test_arbitrary_bytes_as_samples(seed, size, exponent) -> None:
    """A file of something else: every pattern of bits is a float32."""
    data = np.frombuffer(np.random.default_rng(seed).bytes(8 * size), np.complex64)
    with np.errstate(all="ignore"):
        samples = (data * np.float32(10**exponent)).astype(np.complex64)
    with at_most(BOUND_MIB):
        receptions, receiver = receive(samples, 3)
    assert receptions == []
    assert receiver.stats.samples == size
