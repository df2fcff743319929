# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver reports."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..content import ReceivedContent
from . import diversity


@dataclass(frozen=True)
class SpreadContent:
    """A content before the spreading over the frames is undone.

    Attributes:
        coefficients: as they came over the air.
        left_out: symbols at the end that were not spread.
        block: of the spreading; 0 for none.
    """

    coefficients: ReceivedContent
    left_out: int = 0
    block: int = 0

    def received(self) -> ReceivedContent:
        """The content's own symbols."""
        if not self.block:
            return self.coefficients
        symbols, noise_variance = diversity.despread(
            self.coefficients.symbols,
            self.coefficients.noise_variance,
            self.left_out,
            self.block,
        )
        return dataclasses.replace(
            self.coefficients, symbols=symbols, noise_variance=noise_variance
        )


@dataclass(frozen=True)
class Reception:
    """One content, received once, or several times and combined.

    Attributes:
        received: its symbols.
        frames_received, frames_lost: their sum is the content's number of frames so far.
        snr_db: Es/N0, of the mean noise over the received frames.
        cfo_hz: carrier frequency offset.
        sro_ppm: received symbol interval over the nominal one, minus 1, in 10^-6.
        level_dbfs: rms of the samples, 0 dB for full scale 1.0.
        frame_snr_db: of each received frame.
        frame_numbers: which frames have been received.
        frames_to_come: of a content that is still arriving; neither received nor lost.
        spreading: what receptions are combined by; None where it is the symbols themselves.
        receptions: that are combined in this one; frequency, clock and level are the last one's.
    """

    received: ReceivedContent
    frames_received: int
    frames_lost: int
    snr_db: float
    cfo_hz: float
    sro_ppm: float
    level_dbfs: float
    frame_snr_db: list[float] = field(default_factory=list)
    frame_numbers: list[int] = field(default_factory=list)
    spreading: SpreadContent | None = None
    receptions: int = 1
    frames_to_come: int = 0

    def frame_map_db(self) -> NDArray[np.float32]:
        """SNR by frame number, shape (frames,): NaN where one was lost, -inf where it is to come.

        Empty where it is not known which frames have been received.
        """
        passed = self.frames_received + self.frames_lost
        by_number = np.full(passed + self.frames_to_come, np.nan, np.float32)
        by_number[passed:] = -np.inf
        known = len(self.frame_numbers) == len(self.frame_snr_db) > 0
        if not known or max(self.frame_numbers) >= passed:
            return np.empty(0, np.float32)
        by_number[self.frame_numbers] = self.frame_snr_db
        return by_number


@dataclass
class ReceiverStats:
    """Counters of each stage, from the stream's beginning.

    Attributes:
        samples: taken.
        invalid_samples: of these, not finite or absurdly large: counted as 0.
        preambles: found.
        headers_good: contents whose header was read.
        header_errors: preambles whose frame never led to a header.
        headers_refused: headers that this receiver cannot follow.
        other_waveform: of these, headers of another waveform's profile.
        frames_received, frames_lost: of contents whose header was read.
        contents: delivered.
    """

    samples: int = 0
    invalid_samples: int = 0
    preambles: int = 0
    headers_good: int = 0
    header_errors: int = 0
    headers_refused: int = 0
    other_waveform: int = 0
    frames_received: int = 0
    frames_lost: int = 0
    contents: int = 0

    def as_dict(self) -> dict[str, int]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)
