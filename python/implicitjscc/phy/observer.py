# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver's insides look like from outside: one call a demodulated frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .demodulated_frame import DemodulatedFrame
    from .frame import FrameLayout
    from .header import Header
    from .matched_filter import Timing


class ComplexGain(Protocol):
    """What a frame's symbols were multiplied by."""

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.complex64]:
        """The gain at symbols of the frame."""


@dataclass(frozen=True)
class FrameSignals:
    """The signals inside one frame's demodulation. Observers must not change the arrays.

    Attributes:
        header: of the frame's content.
        layout: of its content's frames.
        frame: its number.
        samples: the piece of the stream that was worked on, as it came; shape (n,), complex64.
        origin: place of its first sample in the stream.
        timing: of the frame's symbols.
        filtered: matched filter's output, shape (frame_symbols,), complex64, frequency offset
            removed; of the equaliser where there is one.
        gain: complex gain over the frame.
        known_positions: of the known symbols in the frame, in symbols.
        known_symbols: sent there.
        demodulated: what comes out.
        equaliser_response: of the filter that took the matched filter's place, shape (m,), complex,
            at ``numpy.fft.fftfreq(m)`` cycles a sample; None where there was no need for one. Where
            the channel moves, that of the frame's beginning.
    """

    header: Header
    layout: FrameLayout
    frame: int
    samples: NDArray[np.complex64]
    origin: int
    timing: Timing
    filtered: NDArray[np.complex64]
    gain: ComplexGain
    known_positions: NDArray[np.int64]
    known_symbols: NDArray[np.complex64]
    demodulated: DemodulatedFrame
    equaliser_response: NDArray[np.complexfloating] | None = None


class FrameObserver(Protocol):
    """Looks on while frames are demodulated."""

    def frame(self, signals: FrameSignals) -> None:
        """A frame was demodulated; it may still be dropped as too weak."""


@dataclass(frozen=True)
class Observers:
    """Several observers as one."""

    each: tuple[FrameObserver, ...]

    def frame(self, signals: FrameSignals) -> None:
        """Tell all of them."""
        for observer in self.each:
            observer.frame(signals)
