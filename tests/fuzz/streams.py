# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams of bursts, and what can be done to them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.receiver import BurstReceiver, Reception
from implicitjscc.phy.transmitter import modulate

PAYLOAD_RMS = 0.25
ES_N0_DB = 15.0
# One frame, one frame that is hardly longer than its header, and two.
SIZES = (2_500, 40, 34_000)


@functools.cache
def contents() -> tuple[Content, ...]:
    """Heavy-tailed symbols of unit power, each with its own description."""
    made = []
    for number, size in enumerate(SIZES, 1):
        rng = np.random.default_rng(number)
        symbols = rng.laplace(size=size) + 1j * rng.laplace(size=size)
        symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
        description = rng.bytes(DESCRIPTION_BYTES)
        made.append(Content(symbols.astype(np.complex64), description, 0x1000 + number))
    return tuple(made)


@functools.cache
def stream(which: tuple[int, ...]) -> np.ndarray:
    """Bursts of these contents in a row, in noise."""
    bursts = [np.pad(modulate(contents()[n]).samples, (800, 300)) for n in which]
    samples = np.pad(np.concatenate(bursts), (2_000, 3_000))
    turned = samples * np.exp(2j * np.pi * 0.004 * np.arange(samples.size))
    return noisy(turned, ES_N0_DB)


def noisy(samples: np.ndarray, es_n0_db: float) -> np.ndarray:
    """White noise added, two samples a symbol."""
    std = PAYLOAD_RMS * 10 ** (-es_n0_db / 20)
    noise = np.random.default_rng(5).standard_normal((samples.size, 2)) @ [1, 1j]
    return (samples + std * noise).astype(np.complex64)


@dataclass(frozen=True)
class Change:
    """Something done to a part of a stream.

    Attributes:
        kind: what.
        start, length: of the part, as fractions of the stream.
        amount: exponent of ten of a scale, or a place to copy from.
        seed: of what is random in it.
    """

    kind: str
    start: float
    length: float
    amount: float
    seed: int

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """The changed stream; the one that is given stays as it is."""
        first = int(self.start * samples.size)
        last = min(first + int(self.length * samples.size) + 1, samples.size)
        head, part, tail = samples[:first], samples[first:last], samples[last:]
        with np.errstate(all="ignore"):
            return np.concatenate((head, self._changed(part, samples), tail)).astype(np.complex64)

    def _changed(self, part: np.ndarray, samples: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        other = int(abs(self.amount) / 40 * samples.size)
        simple = {
            "flip": lambda: -part,
            "conjugate": lambda: part.conj(),
            "swap": lambda: part.imag + 1j * part.real,
            "reverse": lambda: part[::-1],
            "cut": lambda: part[:0],
            "repeat": lambda: np.concatenate((part, part)),
            "splice": lambda: samples[other : other + part.size],
            "scale": lambda: part.astype(np.complex128) * 10.0**self.amount,
            "offset": lambda: part + 10.0 ** min(self.amount, 6.0),
            "clip": lambda: np.sign(part.real) + 1j * np.sign(part.imag),
            "zero": lambda: np.zeros_like(part),
            "nan": lambda: np.where(rng.random(part.size) < 0.5, np.nan, part),
            "infinite": lambda: np.where(rng.random(part.size) < 0.5, np.inf, part),
            "noise": lambda: part + rng.standard_normal((part.size, 2)) @ [1, 1j],
            "tone": lambda: np.exp(1j * self.amount * np.arange(part.size)),
            "bits": lambda: _flip_bits(part, rng),
        }
        return simple[self.kind]()


KINDS = (
    *("flip", "conjugate", "swap", "reverse", "cut", "repeat", "splice", "scale", "offset", "clip"),
    *("zero", "nan", "infinite", "noise", "tone", "bits"),
)

changes = st.builds(
    Change,
    kind=st.sampled_from(KINDS),
    start=st.floats(0, 1),
    length=st.one_of(st.floats(0, 0.01), st.floats(0, 0.5)),
    amount=st.floats(-38, 38),
    seed=st.integers(0, 1 << 16),
)


def _flip_bits(part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    words = np.ascontiguousarray(part, np.complex64).view(np.uint32).copy()
    if words.size:
        places = rng.integers(0, words.size, 1 + words.size // 50)
        words[places] ^= np.uint32(1) << rng.integers(0, 32, places.size, dtype=np.uint32)
    return words.view(np.complex64)


def receive(samples: np.ndarray, pieces: int = 1) -> tuple[list[Reception], BurstReceiver]:
    """All that a receiver makes of a stream, in so many pieces."""
    receiver = BurstReceiver()
    found = []
    for piece in np.array_split(samples, pieces):
        found += receiver.push(piece)
    return found + receiver.flush(), receiver


def check(reception: Reception) -> None:
    """What holds for every reception, whatever came in."""
    received = reception.received
    lost = received.lost
    assert np.isfinite(received.symbols).all()
    assert not np.isnan(received.noise_variance).any()
    assert (received.noise_variance > 0).all()
    assert (received.symbols[lost] == 0).all()
    assert reception.frames_received > 0
    assert reception.frames_lost >= 0
    figures = (reception.snr_db, reception.cfo_hz, reception.sro_ppm, reception.level_dbfs)
    assert np.isfinite(figures).all()


def excess_db(reception: Reception, content: Content) -> float:
    """By how much the worse part of the symbols is noisier than reported.

    Squared errors over the reported variance are exponential variables of mean 1, of which a
    quarter is above ln 4; a few wild symbols, which pilots cannot see, do not count.
    """
    received = reception.received
    arrived = ~received.lost
    if not arrived.any():
        return -np.inf
    errors = received.symbols[arrived].astype(np.complex128) - content.symbols[arrived]
    ratio = np.abs(errors) ** 2 / received.noise_variance[arrived]
    return float(10 * np.log10(max(np.quantile(ratio, 0.75), 1e-30) / np.log(4)))
