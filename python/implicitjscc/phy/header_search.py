# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a content's header from the frames that have come so far, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .detector import Detection
from .frame import (
    MAXIMUM_PAYLOAD_SYMBOLS,
    PILOT_SEQUENCES,
    FrameLayout,
    body_start,
    extra_header_slots,
)
from .frame_receiver import Acquisition
from .header import Header, HeaderDamagedError
from .header_code import CODE_BITS, soft_syndrome
from .header_symbols import add_log_likelihoods, decode_header
from .profile import STANDARD, WaveformProfile
from .work_budget import WorkBudget

_DECODE_MS = 5


@dataclass
class Preamble:
    """A preamble that was found, and the beginning of its frame.

    Attributes:
        detection: of the preamble.
        acquisitions: one for each number that the frame may have; None before it was looked at.
    """

    detection: Detection
    acquisitions: list[Acquisition] | None = None

    @property
    def time(self) -> float:
        """Of the first symbol, in samples of the stream."""
        return self.detection.time


@dataclass(frozen=True)
class FoundHeader:
    """A header, and the frames that it was read from.

    Attributes:
        header: checked.
        layout: of its content.
        frames: their preambles by frame number.
        noise_variance: of the last one's header symbols.
    """

    header: Header
    layout: FrameLayout
    frames: dict[int, Preamble]
    noise_variance: float


class HeaderSearch:
    """Tries each number of frames that leads to another number of header symbols a frame.

    Args:
        profile: of the waveform.
        budget: what decoding may cost; without one, whatever it takes.

    Attributes:
        longest_frame: samples.
    """

    def __init__(
        self, profile: WaveformProfile = STANDARD, budget: WorkBudget | None = None
    ) -> None:
        self._profile = profile
        most = profile.least_header_symbols // profile.header_symbols + 1
        # From many frames, the usual case of a picture, to few.
        self._hypotheses = {extra_header_slots(n, profile): n for n in range(most, 0, -1)}
        self._budget = budget
        self._last_extra = 0
        self._most_wraps = -(
            -MAXIMUM_PAYLOAD_SYMBOLS // (profile.payload_symbols * PILOT_SEQUENCES)
        )
        sps = profile.samples_per_symbol
        overhead = body_start(profile) + 1
        longest = profile.payload_symbols + profile.least_header_symbols
        pilots = profile.pilot_period / (profile.pilot_period - 1)
        # Contents of several frames fill at least half of each.
        self._shortest_frame = sps * profile.payload_symbols / 2
        self.longest_frame = sps * (overhead + longest * pilots) * 1.001

    def find(self, pending: list[Preamble]) -> FoundHeader | None:
        """The header of the last of some frames, with the help of those before.

        Raises:
            HeaderRefusedError: there is a header, but this receiver cannot follow it.
        """
        # What the last content had comes first.
        extras = sorted(self._hypotheses, key=lambda extra: extra != self._last_extra)
        for acquisition in pending[-1].acquisitions or ():
            chain = self._chain(pending, acquisition)
            for extra in extras:
                if extra and acquisition.frame >= self._hypotheses[extra]:
                    continue
                # Only contents of many frames have numbers that the pilots do not tell apart.
                for wraps in range(1 if extra else self._most_wraps):
                    found = self._try(chain, acquisition, extra, wraps)
                    if found is None and len(chain) > 1:
                        alone = {acquisition.frame: chain[acquisition.frame]}
                        found = self._try(alone, acquisition, extra, wraps)
                    if found is not None:
                        self._last_extra = found.layout.extra_header_slots
                        return found
        return None

    def continues(self, pending: list[Preamble]) -> bool:
        """Whether the last of some frames may be of the same burst as one before it."""
        last = pending[-1]
        return any(len(self._chain(pending, a)) > 1 for a in last.acquisitions or ())

    def _chain(
        self, pending: list[Preamble], last: Acquisition
    ) -> dict[int, tuple[Preamble, Acquisition]]:
        """Frames before the last that can be of the same burst, by their distance and number."""
        chain = {last.frame: (pending[-1], last)}
        number, time = last.frame, last.timing.start
        for frame in reversed(pending[:-1]):
            for acquisition in frame.acquisitions or ():
                steps = number - acquisition.frame
                distance = time - acquisition.timing.start
                if steps > 0 and (
                    steps * self._shortest_frame <= distance <= steps * self.longest_frame
                ):
                    number, time = acquisition.frame, acquisition.timing.start
                    chain[number] = (frame, acquisition)
                    break
        return chain

    def _try(
        self,
        chain: dict[int, tuple[Preamble, Acquisition]],
        last: Acquisition,
        extra: int,
        wraps: int,
    ) -> FoundHeader | None:
        count = self._profile.header_symbols + extra
        llr = np.zeros(CODE_BITS)
        numbered = {n + wraps * PILOT_SEQUENCES: entry for n, entry in chain.items()}
        for number, (_, acquisition) in numbered.items():
            add_log_likelihoods(
                llr,
                acquisition.header[:count],
                acquisition.header_noise_variance,
                number,
                count,
            )
        if not _may_be_code_word(llr) or (self._budget and not self._budget.spend(_DECODE_MS)):
            return None
        try:
            header = decode_header(llr, self._profile)
        except HeaderDamagedError:
            return None
        layout = FrameLayout(header.payload_symbols, self._profile)
        if max(numbered) >= layout.frames:
            return None
        frames = {n: preamble for n, (preamble, _) in numbered.items()}
        return FoundHeader(header, layout, frames, last.header_noise_variance)


def _may_be_code_word(llr: NDArray[np.float64]) -> bool:
    """Far cheaper than decoding: whether the checks do not speak against it."""
    agreement, expected = soft_syndrome(llr)
    return agreement >= min(expected / 4, expected - 5 * np.sqrt(expected))
