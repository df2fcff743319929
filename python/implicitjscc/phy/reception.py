# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver reports."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

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


def snr_db_of(coefficients: ReceivedContent) -> float:
    """Es/N0 over all symbols that arrived, whether once or several times and combined.

    What one noise variance for all of them would be that leaves a linear estimator the same error:
    with g the mean of 1 / (1 + v) over the symbols' variances v, it is g / (1 - g), 1 / v where v
    is the same everywhere. Spreading leaves its symbols just this ratio. -inf where none arrived.

    Args:
        coefficients: as they came over the air, before spreading is undone.
    """
    variance = coefficients.noise_variance
    variance = variance[np.isfinite(variance) & (variance > 0)]
    if not variance.size:
        return -np.inf
    wide = variance.astype(np.float64)
    left = float(np.mean(wide / (1 + wide)))
    return float(10 * np.log10((1 - left) / left))


@dataclass(frozen=True)
class Reception:
    """One content, received once, or several times and combined.

    Attributes:
        received: its symbols.
        frames_received, frames_lost: their sum is the content's number of frames so far.
        snr_db: Es/N0, as :func:`snr_db_of` has it; loss is not counted in.
        cfo_hz: carrier frequency offset.
        sro_ppm: received symbol interval over the nominal one, minus 1, in 10^-6.
        level_dbfs: rms of the samples, 0 dB for full scale 1.0.
        frame_snr_db: of each received frame, where nothing disturbs it.
        frame_numbers: which frames have been received.
        frames_to_come: of a content that is still arriving; neither received nor lost.
        spreading: what receptions are combined by; None where it is the symbols themselves.
        receptions: that are combined in this one; frequency, clock and level are the last one's.
        frames_partial: of the received ones, those of which a part is lost.
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
    frames_partial: int = 0
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
        clipped_samples: of these, I or Q at full scale (127/128 and more, where 8 bits end). None
            are counted, and what was counted is taken back, where a sample is beyond 1.001: such a
            stream is of floats that nothing has clipped there.
        discontinuities: places where samples are missing or too many, as the radio end said or as
            a preamble told that came earlier or later than it was due.
        candidates: places where the detector saw a preamble.
        preambles: of these, those that stood a closer look.
        bursts: preambles that no burst under way explained.
        headers_good: contents whose header was read.
        header_errors: preambles whose frame never led to a header.
        headers_refused: headers that this receiver cannot follow.
        other_waveform: of these, headers of another waveform's profile.
        overlaps: headers of bursts that a stronger one covered; they are not followed.
        work_refused: preambles and headers that were not looked at, because a stream offered more
            of them than any transmitter sends.
        frames_received, frames_lost: of contents whose header was read.
        frames_partial: of the received ones, those of which a part is lost.
        contents: delivered.
        last_snr_db, last_cfo_hz, last_sro_ppm: of the content that was delivered last.
    """

    samples: int = 0
    invalid_samples: int = 0
    clipped_samples: int = 0
    discontinuities: int = 0
    candidates: int = 0
    preambles: int = 0
    bursts: int = 0
    headers_good: int = 0
    header_errors: int = 0
    headers_refused: int = 0
    other_waveform: int = 0
    overlaps: int = 0
    work_refused: int = 0
    frames_received: int = 0
    frames_lost: int = 0
    frames_partial: int = 0
    contents: int = 0
    last_snr_db: float | None = None
    last_cfo_hz: float | None = None
    last_sro_ppm: float | None = None

    def note(self, reception: Reception) -> None:
        """Count a content that is delivered."""
        self.contents += 1
        self.frames_received += reception.frames_received
        self.frames_lost += reception.frames_lost
        self.frames_partial += reception.frames_partial
        self.last_snr_db = reception.snr_db
        self.last_cfo_hz = reception.cfo_hz
        self.last_sro_ppm = reception.sro_ppm

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; None where there has been no content yet."""
        return dataclasses.asdict(self)

    def line(self) -> str:
        """One line for a log; what is rare only where there has been some."""
        parts = [
            f"{self.samples / 1e6:.1f} Msamples",
            f"{self.bursts} bursts",
            f"{self.preambles} preambles",
            f"headers {self.headers_good} good {self.header_errors} bad "
            f"{self.headers_refused} refused",
            f"frames {self.frames_received} received {self.frames_lost} lost",
        ]
        rare = {
            "partial frames": self.frames_partial,
            "overlapped bursts": self.overlaps,
            "discontinuities": self.discontinuities,
            "clipped samples": self.clipped_samples,
            "invalid samples": self.invalid_samples,
            "refused jobs": self.work_refused,
        }
        parts += [f"{count} {name}" for name, count in rare.items() if count]
        if self.last_snr_db is not None:
            parts.append(
                f"last SNR {self.last_snr_db:.1f} dB, CFO {self.last_cfo_hz:.0f} Hz, "
                f"SRO {self.last_sro_ppm:.1f} ppm"
            )
        return ", ".join(parts)
