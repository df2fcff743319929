# SPDX-License-Identifier: GPL-3.0-or-later
"""From the detector's candidates to preambles, and on to the beginnings of frames, at a price."""

from __future__ import annotations

import logging

import numpy as np

from .detector import Detection
from .frame_receiver import Acquisition, FrameReceiver
from .header_search import Preamble
from .profile import STANDARD, WaveformProfile
from .sample_buffer import SampleBuffer
from .verification import CHIRP_THRESHOLD, PreambleVerifier
from .work_budget import WorkBudget

_log = logging.getLogger(__name__)

_CANDIDATE_MS, _ACQUISITION_MS = 0.7, 7.0


class CloserLook:
    """Looks at each candidate and at each preamble once.

    Args:
        frames: reads frames.
        budget: pays.
        profile: of the waveform.
    """

    def __init__(
        self,
        frames: FrameReceiver,
        budget: WorkBudget,
        profile: WaveformProfile = STANDARD,
    ) -> None:
        self._frames, self._budget = frames, budget
        self._verifier = PreambleVerifier(profile)

    def is_preamble(self, candidate: Detection, buffer: SampleBuffer) -> bool:
        """Whether the chirps add up coherently."""
        if not self._budget.spend(_CANDIDATE_MS):
            return False
        reach = self._verifier.reach
        start = int(candidate.time) - reach
        samples = buffer.piece(start, self._verifier.preamble_samples + 2 * reach)
        return self._verifier.chirp_metric(samples, start, candidate) > CHIRP_THRESHOLD

    def acquire(self, preamble: Preamble, buffer: SampleBuffer) -> list[Acquisition]:
        """Read the beginning of the frame behind a preamble; nothing where there is none."""
        if preamble.acquisitions is None:
            preamble.acquisitions = self._read(preamble.detection, buffer)
        return preamble.acquisitions

    def _read(self, detection: Detection, buffer: SampleBuffer) -> list[Acquisition]:
        if not self._budget.spend(_ACQUISITION_MS):
            return []
        start = int(detection.time) - self._frames.margin
        length = self._frames.acquisition_samples + 2 * self._frames.margin
        samples, origin = buffer.existing(start, length)
        timing = self._frames.refine(samples, origin, detection)
        numbers = self._verifier.frame_numbers(samples, origin, timing)
        if not numbers:
            return []
        try:
            return self._frames.acquire(samples, origin, detection, numbers)
        except np.linalg.LinAlgError as error:
            # Noise that no gain fits: there is nothing to read, and the stream goes on.
            _log.debug("a frame cannot be read: %s", error)
            return []
