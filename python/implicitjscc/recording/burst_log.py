# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a receiver found bursts in a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log10

from ..phy.frame_receiver import LEAST_SNR_DB
from ..phy.observer import FrameSignals
from ..phy.profile import WaveformProfile
from .metadata import BurstNote
from .writer import MOST_NOTES


@dataclass
class _Burst:
    content_id: int
    profile: WaveformProfile
    start: float
    end: float
    last_frame: int
    of_frames: int
    noise: list[float] = field(default_factory=list)

    def goes_on_with(self, signals: FrameSignals) -> bool:
        """Whether a frame is a later one of this burst, and not of a repetition."""
        skipped = signals.frame - self.last_frame - 1
        if signals.header.content_id != self.content_id or skipped < 0:
            return False
        length = signals.layout.frame_symbols * signals.timing.interval
        return abs(signals.timing.start - self.end - skipped * length) < length / 2

    def add(self, signals: FrameSignals) -> None:
        self.last_frame = signals.frame
        self.end = signals.timing.time_of(signals.layout.frame_symbols)
        self.noise.append(10 ** (-signals.demodulated.snr_db / 10))


class BurstLog:
    """Observes a receiver and remembers its bursts, the first ``MOST_NOTES`` of them.

    Args:
        sample_rate_hz: of the stream.
    """

    def __init__(self, sample_rate_hz: float) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._bursts: list[_Burst] = []

    def frame(self, signals: FrameSignals) -> None:
        """A frame of the burst before, or the first one of another."""
        if signals.demodulated.snr_db < LEAST_SNR_DB:
            return
        if self._bursts and self._bursts[-1].goes_on_with(signals):
            self._bursts[-1].add(signals)
        elif len(self._bursts) < MOST_NOTES:
            start, layout = signals.timing.start, signals.layout
            content_id = signals.header.content_id
            burst = _Burst(content_id, layout.profile, start, start, 0, layout.frames)
            burst.add(signals)
            self._bursts.append(burst)

    def notes(self) -> list[BurstNote]:
        """One for each burst."""
        return [self._note(burst) for burst in self._bursts]

    def _note(self, burst: _Burst) -> BurstNote:
        profile, received = burst.profile, len(burst.noise)
        symbol_rate_hz = self._sample_rate_hz / profile.samples_per_symbol
        start = max(round(burst.start), 0)
        return BurstNote(
            sample_start=start,
            sample_count=max(round(burst.end) - start, 0),
            content_id=burst.content_id,
            frames=received,
            waveform=profile.name,
            waveform_digest=profile.digest,
            bandwidth_hz=(1 + profile.rolloff) * symbol_rate_hz,
            es_n0_db=-10 * log10(sum(burst.noise) / received),
            comment=f"{received} of {burst.of_frames} frames, as received",
        )
