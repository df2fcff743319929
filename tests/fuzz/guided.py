# SPDX-License-Identifier: GPL-3.0-or-later
"""What a coverage-guided fuzzer does to bursts, headers and pictures, and what holds after it.

The harness makes decisions of a fuzzer's bytes; tests repeat what it found.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from fractions import Fraction
from unittest import mock

import numpy as np

from implicitjscc.codec import decoder, encoder, settings, sources
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.metrics import psnr_db
from implicitjscc.content import Content, ReceivedContent
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import diversity, header_symbols, transmitter
from implicitjscc.phy.header import CODED_UNIT, Header, HeaderError
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.receiver import MOST_RETAINED, BurstReceiver
from implicitjscc.phy.reception import Reception
from implicitjscc.phy.transmitter import modulate

from .streams import Change, check, contents, noisy, stream

# Coefficients may be noisier than said by so much, and a picture worse than they make it. Whoever
# looks long enough finds up to five pilots of a conjugated part whose phases agree by chance (one
# in 2^n), where nothing can tell: 320 symbols, and with them up to three blocks of coefficients.
DISHONEST_DB, WORSE_DB = 9.0, 6.0
UNSEEN = 768
# Of two streams of bursts in a row.
MOST_SAMPLES = 300_000


@dataclass(frozen=True)
class Hostility:
    """What happens to a stream on its way into a receiver.

    Attributes:
        changes: in this order.
        pieces: in which the stream is pushed.
        notes: before which of the pieces a discontinuity is reported.
    """

    changes: tuple[Change, ...]
    pieces: int = 1
    notes: tuple[int, ...] = ()

    def receive(self, samples: np.ndarray) -> list[Reception]:
        """All that a receiver makes of the changed stream; its counters and bounds hold."""
        for change in self.changes:
            samples = change.apply(samples)[:MOST_SAMPLES]
        receiver = BurstReceiver()
        found = []
        for number, piece in enumerate(np.array_split(samples, self.pieces)):
            if number in self.notes:
                receiver.note_discontinuity()
            found += receiver.push(piece)
            receiver.partial()
            assert receiver.retained_samples <= MOST_RETAINED
        found += receiver.flush()
        assert receiver.stats.samples == samples.size
        assert receiver.stats.contents == len(found)
        for reception in found:
            check(reception)
        return found


def bursts(order: tuple[int, ...], hostility: Hostility) -> None:
    """A stream of bursts: what comes out was sent, and is as noisy as is said."""
    sent = {content.content_id: content for content in contents()}
    for reception in hostility.receive(stream(order)):
        received = reception.received
        content = sent[received.content_id]
        assert received.description == content.description
        assert received.symbols.size == content.symbols.size
        assert excess_db(reception, content) < DISHONEST_DB


def excess_db(reception: Reception, content: Content) -> float:
    """By how much the coefficients are noisier than reported, but for those that may be unseen."""
    coefficients, errors = _errors(reception, content)
    ratio = np.abs(errors) ** 2 / coefficients.noise_variance
    ratio = ratio[~coefficients.lost]
    if ratio.size < 1.25 * UNSEEN:
        return -np.inf
    # Exponential variables of mean 1, where the report is right.
    part = UNSEEN / ratio.size
    return float(10 * np.log10(max(np.quantile(ratio, 1 - part), 1e-30) / -np.log(part)))


def _errors(reception: Reception, content: Content) -> tuple[ReceivedContent, np.ndarray]:
    """What came over the air, and its errors."""
    assert reception.spreading is not None
    left_out = Header.of(content, STANDARD).coded_units * CODED_UNIT
    sent = diversity.spread(content.symbols, left_out, STANDARD.diversity_symbols)
    coefficients = reception.spreading.coefficients
    return coefficients, coefficients.symbols.astype(np.complex128) - sent


class _Forged:
    """Stands in for :class:`Header` in the transmitter, which asks for little but its bytes."""

    coded_units = 0

    def __init__(self, data: bytes) -> None:
        self._data = data

    def to_bytes(self, profile: object = None) -> bytes:
        return self._data


def forged(data: bytes, which: int, hostility: Hostility) -> None:
    """A burst with a header of a valid CRC and any fields: refused, or what it claims is lost."""
    with mock.patch.object(transmitter.Header, "of", return_value=_Forged(data)):
        samples = modulate(contents()[which]).samples
    found = hostility.receive(noisy(np.pad(samples, (2_000, 9_000)), 20.0))
    for reception in found:
        received = reception.received
        assert received.symbols.size == Header.from_bytes(data).payload_symbols
        if received.symbols.size > 2 * contents()[which].symbols.size + 40_000:
            assert received.lost.mean() > 0.3
        if received.symbols.size < 20_000:
            # A message that passes its own CRC by chance: one in 2^32.
            assert status(received) != "exact"


def likelihoods(llr: np.ndarray) -> None:
    """Any log-likelihoods in the place of a header's: none has a valid CRC."""
    try:
        header_symbols.decode_header(llr)
    except HeaderError:
        return
    raise AssertionError("noise has a valid CRC")


@functools.cache
def picture() -> tuple[EncodedSource, sources.Image, Content, np.ndarray]:
    """A small picture, what it becomes, and its burst in noise."""
    rows, columns = np.mgrid[0:48, 0:64].astype(np.float64)
    channels = (128 + 100 * np.sin(columns / 11) * np.cos(rows / 9), 3.5 * columns, 5.0 * rows)
    image = sources.Image(np.stack(channels, axis=-1).round().astype(np.uint8))
    choice = settings.EncoderSettings(
        snr_db=10, preset="draft", steps=60, seed=1, bandwidth_ratio=Fraction(1, 2)
    )
    encoded = encoder.encode(image, choice)
    content = encoded.content()
    samples = np.pad(modulate(content).samples, (2_000, 9_000))
    return encoded, image, content, noisy(samples, 12.0)


def pictures(hostility: Hostility) -> None:
    """A picture: where it is called exact it is as good as the reported noise makes it."""
    encoded, image, content, samples = picture()
    for reception in hostility.receive(samples):
        received = reception.received
        assert received.description == content.description
        assert excess_db(reception, content) < DISHONEST_DB
        if status(received) == "exact":
            promised = psnr_db(image, decoder.decode(_as_reported(reception, encoded)).source)
            assert psnr_db(image, decoder.decode(received).source) > promised - WORSE_DB


def status(received: ReceivedContent) -> str:
    """What the decoder says of its picture; nothing where it shows none."""
    try:
        with np.errstate(all="ignore"):
            return decoder.decode(received).decoder
    except ImplicitJsccError:
        return ""


def _as_reported(reception: Reception, encoded: EncodedSource) -> ReceivedContent:
    """What was sent with the noise and gaps that are reported, and the errors that are unseen."""
    coefficients, errors = _errors(reception, encoded.content())
    sent = coefficients.symbols - errors
    std = np.sqrt(np.where(coefficients.lost, 0, coefficients.noise_variance) / 2)
    noise = std * (np.random.default_rng(3).standard_normal((std.size, 2)) @ [1, 1j])
    ratio = np.where(coefficients.lost, 0, np.abs(errors) / np.maximum(std, 1e-20))
    unseen = ratio > np.quantile(ratio, 1 - UNSEEN / ratio.size)
    symbols = np.where(coefficients.lost, 0, sent + np.where(unseen, errors, noise))
    assert reception.spreading is not None
    again = replace(coefficients, symbols=symbols.astype(np.complex64))
    received = replace(reception.spreading, coefficients=again).received()
    uses = encoded.profile.symbol_uses
    received.symbols[uses:] = encoded.content().symbols[uses:]
    received.noise_variance[uses:] = 1e-3
    return received
