# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out of one frame: its symbols, turned back and scaled, and what to think of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import gain_tracker
from .image import image_of, remove_image
from .local_noise import burst_variance
from .presence import signal_there

_FREQUENCY_RANGE = 3e-4  # cycles a symbol that a preamble's frequency may be wrong by
_MOST_VARIANCE = 30.0  # of the noise on a symbol that is still worth something
_LEAST_KNOWN = 16  # symbols
_LEAST_LEFT = 0.1  # of the noise, once an image is taken out of it


@dataclass(frozen=True)
class DemodulatedFrame:
    """The payload slots of a frame.

    Attributes:
        symbols: shape (P,), unit gain, as they were sent in the slots.
        noise_variance: shape (P,), of the complex noise on each.
        valid: shape (P,), False behind the end of the stream, and where interference buries all.
        snr_db: Es/N0.
        cfo: cycles a nominal symbol.
        interval: samples a symbol that it was taken at.
        level_dbfs: rms of the frame's samples, 0 dB for full scale 1.0.
        equalised: whether echoes made it worth while.
    """

    symbols: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    valid: NDArray[np.bool_]
    snr_db: float
    cfo: float
    interval: float
    level_dbfs: float
    equalised: bool = False


@dataclass(frozen=True)
class KnownSymbols:
    """What both ends know of a frame.

    Attributes:
        positions: increasing, in symbols from the frame's start.
        values: sent there.
        preamble: symbols of it, which come first.
    """

    positions: NDArray[np.int64]
    values: NDArray[np.complex64]
    preamble: int

    @property
    def run(self) -> int:
        """Symbols from the frame's start on that are all known."""
        return int(np.count_nonzero(self.positions == np.arange(self.positions.size)))

    def where(self, there: NDArray[np.bool_]) -> KnownSymbols:
        """Those that are there.

        Args:
            there: for each symbol of the frame.
        """
        kept = there[self.positions]
        return KnownSymbols(self.positions[kept], self.values[kept], self.preamble)


def settle(
    value: NDArray[np.complex64],
    inside: NDArray[np.bool_],
    known: KnownSymbols,
    slots: NDArray[np.int64],
    *,
    equalised: bool,
    cfo: float,
    interval: float,
    nominal_interval: float,
    level: float,
    weights: NDArray[np.float32] | None = None,
) -> tuple[DemodulatedFrame, gain_tracker.Gain | None]:
    """Track the gain, take out the transmitter's image, weigh the noise.

    Args:
        value: the filter's output at all symbols of the frame.
        inside: which of them the stream has.
        known: symbols of the frame.
        slots: positions of the payload.
        equalised: whether the filter was an equaliser.
        cfo: already taken out, cycles a symbol.
        interval, nominal_interval: samples a symbol.
        level: mean power of the frame's samples.
        weights: of each symbol of the frame, one over its noise's deviation, relative; None where
            the noise is the same on all.

    Returns:
        the payload, and the gain over the frame; None where there is nothing to tell it.
    """
    level_dbfs = float(10 * np.log10(max(level, 1e-30)))
    known = known.where(inside)
    if known.positions.size >= _LEAST_KNOWN:
        times, observed, _, counts = gain_tracker.observations(
            known.positions, value[known.positions], known.values
        )
        inside = inside & signal_there(times, observed, counts, inside.size)
        known = known.where(inside)
    if known.positions.size < _LEAST_KNOWN or not np.any(value[known.positions]):
        nothing = np.zeros(slots.size, np.complex64)
        unknown = np.full(slots.size, np.inf, np.float32)
        valid = np.zeros(slots.size, bool)
        return DemodulatedFrame(nothing, unknown, valid, -np.inf, cfo, interval, level_dbfs), None
    power = value.real**2 + value.imag**2
    if weights is not None:
        # With even noise on symbols of known, uneven amplitudes.
        value = value * weights
        known = replace(known, values=known.values * weights[known.positions])
    gain = gain_tracker.track(
        known.positions,
        value[known.positions],
        known.values,
        _FREQUENCY_RANGE,
        # Behind an equaliser the chirps, whose neighbours are no chance, show other errors.
        uncounted=known.preamble if equalised else 0,
        power=power,
    )
    variance = gain.noise_variance_at(slots)
    if weights is not None:
        variance /= np.square(weights[slots])
    relative = power / np.square(gain.amplitude_at(np.arange(power.size)))
    variance += burst_variance(relative, 1 + gain.noise_ratio)[slots]
    later = known.positions >= known.preamble
    places, sent = known.positions[later], known.values[later]
    image = image_of(value[places] / gain.at(places), sent, gain.noise_variance_at(places))
    # The known symbols' residuals hold the image that is now taken out.
    imaged = abs(image) ** 2 * float(np.mean(np.abs(known.values) ** 2)) / gain.noise_ratio
    left = max(1 - imaged, _LEAST_LEFT)
    variance *= np.float32(left)
    symbols = remove_image(value[slots] / gain.at(slots), image)
    if weights is not None:
        symbols /= weights[slots]
    demodulated = DemodulatedFrame(
        symbols=symbols,
        noise_variance=variance,
        valid=inside[slots] & (variance < _MOST_VARIANCE),
        snr_db=gain.snr_db - float(10 * np.log10(left)),
        cfo=(cfo + gain.frequency) * nominal_interval / interval,
        interval=interval,
        level_dbfs=level_dbfs,
        equalised=equalised,
    )
    return demodulated, gain
