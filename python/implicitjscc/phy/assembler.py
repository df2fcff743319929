# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of one burst to one content: their times, their symbols, what is missing."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..content import ReceivedContent
from .frame import FrameLayout
from .frame_receiver import DemodulatedFrame
from .header import CODED_UNIT, Header
from .interleaver import Interleaver
from .matched_filter import Timing
from .reception import Reception, SpreadContent
from .spreading import despread

# What crystals do, and how well a preamble tells the time.
_DRIFT_PRIOR_STD = 25e-6
_TIME_STD = 0.02  # samples


class ContentAssembler:
    """One content while its frames come in.

    Args:
        header: of the content.
        layout: of its frames.

    Attributes:
        header, layout: as given.
        next_frame: the frame that is due.
    """

    def __init__(self, header: Header, layout: FrameLayout, first_frame: int) -> None:
        self.header, self.layout = header, layout
        self.next_frame = first_frame
        self._interleaver = Interleaver(layout)
        self._symbols = np.zeros(header.payload_symbols, np.complex64)
        self._noise_variance = np.full(header.payload_symbols, np.inf, np.float32)
        self._starts: dict[int, float] = {}
        self._cfo = 0.0
        self._measured_interval: float | None = None
        self._frames: list[DemodulatedFrame] = []
        self._numbers: list[int] = []

    @property
    def done(self) -> bool:
        """Whether the last frame's time has passed."""
        return self.next_frame >= self.layout.frames

    def note_time(self, frame: int, timing: Timing) -> None:
        """A frame's preamble was found."""
        self._starts[frame] = timing.start
        self._cfo = timing.cfo

    def has_time(self, frame: int) -> bool:
        """Whether a frame's preamble was found."""
        return frame in self._starts

    def timing_of(self, frame: int) -> Timing:
        """When a frame comes: where its preamble is, or where its neighbours' tell."""
        length = self.layout.frame_symbols
        interval = self._interval()
        if frame in self._starts:
            return Timing(self._starts[frame], interval, self._cfo)
        starts = [start + (frame - n) * length * interval for n, start in self._starts.items()]
        return Timing(float(np.mean(starts)), interval, self._cfo)

    @property
    def knows_drift(self) -> bool:
        """Whether two preambles have told the sampling offset."""
        return len(self._starts) > 1

    def _interval(self) -> float:
        """Samples a symbol: a line through the frames' times, held by what crystals do."""
        nominal = self.layout.profile.samples_per_symbol
        if not self.knows_drift:
            return self._measured_interval or float(nominal)
        numbers = np.array(list(self._starts), dtype=np.float64)
        times = np.array(list(self._starts.values()))
        length = self.layout.frame_symbols * nominal
        centred = (numbers - numbers.mean()) * length
        excess = times - times.mean() - centred
        precision = float(np.sum(centred**2)) / _TIME_STD**2
        drift = float(np.sum(centred * excess)) / _TIME_STD**2
        return nominal * (1 + drift / (precision + _DRIFT_PRIOR_STD**-2))

    def place(self, frame: int, demodulated: DemodulatedFrame) -> None:
        """Put a frame's payload where it belongs."""
        sources = self._interleaver.sources(frame)
        symbols, noise_variance, valid = despread(
            demodulated.symbols,
            np.broadcast_to(np.float32(demodulated.noise_variance), sources.shape),
            demodulated.valid,
            self.layout.profile.spreading_symbols,
        )
        carries = (sources < self._symbols.size) & valid
        turned_back = symbols * self._interleaver.turns(frame).conj()
        self._symbols[sources[carries]] = turned_back[carries]
        self._noise_variance[sources[carries]] = noise_variance[carries]
        self._numbers.append(frame)
        self._measured_interval = demodulated.interval
        self._frames.append(demodulated)

    def finish(self, sample_rate_hz: float) -> Reception | None:
        """What has come of the content; None where not one frame has."""
        if not self._frames:
            return None
        frames = self._frames
        sps = self.layout.profile.samples_per_symbol
        symbol_rate_hz = sample_rate_hz / sps
        mean_noise = float(np.mean([10 ** (-frame.snr_db / 10) for frame in frames]))
        mean_power = float(np.mean([10 ** (frame.level_dbfs / 10) for frame in frames]))
        coefficients = ReceivedContent(
            self._symbols, self._noise_variance, self.header.description, self.header.content_id
        )
        spreading = SpreadContent(
            coefficients,
            self.header.coded_units * CODED_UNIT,
            self.layout.profile.diversity_symbols,
        )
        return Reception(
            received=spreading.received(),
            spreading=spreading,
            frames_received=len(frames),
            frames_lost=self.layout.frames - len(frames),
            snr_db=float(-10 * np.log10(mean_noise)),
            cfo_hz=float(np.mean([frame.cfo for frame in frames])) * symbol_rate_hz,
            sro_ppm=(self._interval() / sps - 1) * 1e6,
            level_dbfs=float(10 * np.log10(mean_power)),
            frame_snr_db=[frame.snr_db for frame in frames],
            frame_numbers=self._numbers,
        )

    def partial(self, sample_rate_hz: float, at_least: int) -> Reception | None:
        """What has come so far, as a copy; None where fewer frames than ``at_least`` have."""
        if len(self._frames) < max(at_least, 1):
            return None
        so_far = self.finish(sample_rate_hz)
        assert so_far is not None
        received = so_far.received
        return dataclasses.replace(
            so_far,
            received=dataclasses.replace(
                received,
                symbols=received.symbols.copy(),
                noise_variance=received.noise_variance.copy(),
            ),
            frames_lost=self.next_frame - so_far.frames_received,
            frames_to_come=self.layout.frames - self.next_frame,
            frame_numbers=list(self._numbers),
            spreading=None,
        )
