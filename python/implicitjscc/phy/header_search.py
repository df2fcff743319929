# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a content's header from the frames that have come so far, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
from .header_code import CODE_BITS
from .header_symbols import add_log_likelihoods, decode_header
from .profile import STANDARD, WaveformProfile


@dataclass(frozen=True)
class PendingFrame:
    """A frame whose content is not known yet.

    Attributes:
        detection: of its preamble.
        acquisitions: one for each number that it may have.
    """

    detection: Detection
    acquisitions: list[Acquisition]


@dataclass(frozen=True)
class FoundHeader:
    """A header, and the frames that it was read from.

    Attributes:
        header: checked.
        layout: of its content.
        frames: their pending frames by frame number.
    """

    header: Header
    layout: FrameLayout
    frames: dict[int, PendingFrame]


class HeaderSearch:
    """Tries each number of frames that leads to another number of header symbols a frame.

    Args:
        profile: of the waveform.
    """

    def __init__(self, profile: WaveformProfile = STANDARD) -> None:
        self._profile = profile
        most = profile.least_header_symbols // profile.header_symbols + 1
        # From many frames, the usual case of a picture, to few.
        self._hypotheses = {extra_header_slots(n, profile): n for n in range(most, 0, -1)}
        self._most_wraps = -(
            -MAXIMUM_PAYLOAD_SYMBOLS // (profile.payload_symbols * PILOT_SEQUENCES)
        )
        sps = profile.samples_per_symbol
        overhead = body_start(profile) + 1
        longest = profile.payload_symbols + profile.least_header_symbols
        pilots = profile.pilot_period / (profile.pilot_period - 1)
        # Contents of several frames fill at least half of each.
        self._shortest_frame = sps * profile.payload_symbols / 2
        self._longest_frame = sps * (overhead + longest * pilots) * 1.001

    def find(self, pending: list[PendingFrame]) -> FoundHeader | None:
        """The header of the last of some frames, with the help of those before.

        Raises:
            HeaderRefusedError: there is a header, but this receiver cannot follow it.
        """
        for acquisition in pending[-1].acquisitions:
            chain = self._chain(pending, acquisition)
            for extra, least_frames in self._hypotheses.items():
                if extra and acquisition.frame >= least_frames:
                    continue
                # Only contents of many frames have numbers that the pilots do not tell apart.
                for wraps in range(1 if extra else self._most_wraps):
                    found = self._try(chain, extra, wraps)
                    if found is None and len(chain) > 1:
                        alone = {acquisition.frame: chain[acquisition.frame]}
                        found = self._try(alone, extra, wraps)
                    if found is not None:
                        return found
        return None

    def _chain(
        self, pending: list[PendingFrame], last: Acquisition
    ) -> dict[int, tuple[PendingFrame, Acquisition]]:
        """Frames before the last that can be of the same burst, by their distance and number."""
        chain = {last.frame: (pending[-1], last)}
        number, time = last.frame, last.timing.start
        for frame in reversed(pending[:-1]):
            for acquisition in frame.acquisitions:
                steps = number - acquisition.frame
                distance = time - acquisition.timing.start
                if steps > 0 and (
                    steps * self._shortest_frame <= distance <= steps * self._longest_frame
                ):
                    number, time = acquisition.frame, acquisition.timing.start
                    chain[number] = (frame, acquisition)
                    break
        return chain

    def _try(
        self, chain: dict[int, tuple[PendingFrame, Acquisition]], extra: int, wraps: int
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
        try:
            header = decode_header(llr, self._profile)
        except HeaderDamagedError:
            return None
        layout = FrameLayout(header.payload_symbols, self._profile)
        if max(numbered) >= layout.frames or layout.extra_header_slots != extra:
            return None
        return FoundHeader(header, layout, {n: frame for n, (frame, _) in numbered.items()})
