# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames, and parts of frames, of one burst to one content; what is missing stays marked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ..content import ReceivedContent
from .demodulated_frame import DemodulatedFrame
from .frame import FrameLayout
from .header import CODED_UNIT, Header
from .interleaver import Interleaver
from .reception import Reception, SpreadContent, snr_db_of
from .spreading import despread

_Figure = Callable[[DemodulatedFrame], float]


class ContentAssembler:
    """One content while its frames come in.

    Nothing is allocated by what a header claims before a frame has come that belongs to it.

    Args:
        header: of the content.
        layout: of its frames.
    """

    def __init__(self, header: Header, layout: FrameLayout) -> None:
        self.header, self.layout = header, layout
        self._interleaver: Interleaver | None = None
        self._symbols = np.empty(0, np.complex64)
        self._noise_variance = np.empty(0, np.float32)
        self._missing: dict[int, int] = {}
        self._parts: dict[int, list[tuple[int, DemodulatedFrame]]] = {}

    def place(self, frame: int, demodulated: DemodulatedFrame) -> None:
        """Put the payload of a frame, or of the part of it that is valid, where it belongs.

        A frame of which no block is whole, or nothing better than before, brings nothing.
        """
        if not demodulated.valid.any():
            return
        if self._interleaver is None:
            self._interleaver = Interleaver(self.layout)
            self._symbols = np.zeros(self.header.payload_symbols, np.complex64)
            self._noise_variance = np.full(self.header.payload_symbols, np.inf, np.float32)
        sources = self._interleaver.sources(frame)
        symbols, noise_variance, valid = despread(
            demodulated.symbols,
            np.broadcast_to(np.asarray(demodulated.noise_variance, np.float32), sources.shape),
            demodulated.valid,
            self.layout.profile.spreading_symbols,
        )
        content = sources < self._symbols.size
        carries = content & valid
        carries[carries] = noise_variance[carries] < self._noise_variance[sources[carries]]
        places = sources[carries]
        if not places.size:
            return
        new = int(np.count_nonzero(np.isinf(self._noise_variance[places])))
        turned_back = symbols * self._interleaver.turns(frame).conj()
        self._symbols[places] = turned_back[carries]
        self._noise_variance[places] = noise_variance[carries]
        self._missing[frame] = self._missing.get(frame, int(np.count_nonzero(content))) - new
        self._parts.setdefault(frame, []).append((int(places.size), demodulated))

    def finish(self, sample_rate_hz: float, interval: float) -> Reception | None:
        """What has come of the content; None where nothing has.

        Args:
            sample_rate_hz: of the stream.
            interval: samples a symbol.
        """
        if not self._parts:
            return None
        sps = self.layout.profile.samples_per_symbol
        numbers = sorted(self._parts)
        parts = [self._parts[frame] for frame in numbers]
        noise = [_mean(part, lambda frame: 10 ** (-frame.snr_db / 10)) for part in parts]
        cfo = [_mean(part, lambda frame: frame.cfo) for part in parts]
        power = [_mean(part, lambda frame: 10 ** (frame.level_dbfs / 10)) for part in parts]
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
            frames_received=len(parts),
            frames_lost=self.layout.frames - len(parts),
            frames_partial=sum(missing > 0 for missing in self._missing.values()),
            snr_db=snr_db_of(coefficients),
            cfo_hz=float(np.mean(cfo)) * sample_rate_hz / sps,
            sro_ppm=(interval / sps - 1) * 1e6,
            level_dbfs=float(10 * np.log10(np.mean(power))),
            frame_snr_db=[float(-10 * np.log10(value)) for value in noise],
            frame_numbers=numbers,
        )

    def partial(
        self, sample_rate_hz: float, interval: float, passed: int, at_least: int
    ) -> Reception | None:
        """What has come so far, as a copy; None where fewer frames than ``at_least`` have.

        Args:
            sample_rate_hz, interval: as for :meth:`finish`.
            passed: frames whose time has passed.
            at_least: see above.
        """
        so_far = self.finish(sample_rate_hz, interval) if len(self._parts) >= at_least else None
        if so_far is None:
            return None
        received = so_far.received
        frames_lost = max(passed - so_far.frames_received, 0)
        return dataclasses.replace(
            so_far,
            received=dataclasses.replace(
                received,
                symbols=received.symbols.copy(),
                noise_variance=received.noise_variance.copy(),
            ),
            spreading=None,
            frames_lost=frames_lost,
            frames_to_come=self.layout.frames - so_far.frames_received - frames_lost,
        )


def _mean(parts: list[tuple[int, DemodulatedFrame]], figure: _Figure) -> float:
    """Over the parts of a frame, by their symbols."""
    return sum(n * figure(frame) for n, frame in parts) / sum(n for n, _ in parts)
