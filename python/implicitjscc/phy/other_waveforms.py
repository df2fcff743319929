# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is on the air where a receiver is set to another waveform than the transmitter.

The digest in the header cannot tell it alone: where the two layouts differ, the header lies
elsewhere and cannot be read. All shipped profiles have the same preamble, so that a receiver finds
the frames of each; where it cannot read a header, it looks for one where the others have it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .closer_look import CloserLook
from .detector import Detection
from .frame_receiver import FrameReceiver
from .header import HeaderRefusedError, OtherWaveformError
from .header_search import HeaderSearch, Preamble
from .profile import WaveformProfile
from .profile_file import shipped
from .sample_buffer import SampleBuffer
from .work_budget import WorkBudget

_MOST_PENDING = 8


@dataclass
class _Candidate:
    looker: CloserLook
    headers: HeaderSearch
    profile: WaveformProfile
    pending: list[Preamble] = field(default_factory=list)


class OtherWaveforms:
    """The other shipped profiles with the same preamble.

    Args:
        profile: the receiver's own.
        budget: pays.
    """

    def __init__(self, profile: WaveformProfile, budget: WorkBudget) -> None:
        self._profile, self._budget = profile, budget
        self._candidates: list[_Candidate] | None = None
        self._failures = 0

    def restart(self) -> None:
        """The receiver's own waveform is on the air, or the stream is a new one."""
        self._failures = 0
        for candidate in self._candidates or []:
            candidate.pending.clear()

    def check(self, detection: Detection, buffer: SampleBuffer) -> None:
        """Try a frame whose header could not be read.

        Headers are tried after 1, 2, 4, 8 and then each 8 such frames: at low SNR it takes several
        frames to read one, and the receiver's own frames must not wait for what is none.

        Args:
            detection: of the frame's preamble.
            buffer: the stream.

        Raises:
            OtherWaveformError: it is a header of another profile.
        """
        self._failures += 1
        due = self._failures % 8 == 0 or self._failures in (1, 2, 4)
        for candidate in self._all():
            preamble = Preamble(detection)
            if not candidate.looker.acquire(preamble, buffer):
                continue
            candidate.pending.append(preamble)
            del candidate.pending[:-_MOST_PENDING]
            if due:
                self._try(candidate)

    def _try(self, candidate: _Candidate) -> None:
        try:
            found = candidate.headers.find(candidate.pending)
            sent = found and (found.header.content_id, candidate.profile.digest)
        except OtherWaveformError as error:  # a third one, or the receiver's own, read by luck
            sent = error.content_id, error.sent
        except HeaderRefusedError:
            return
        if sent and sent[1] != self._profile.digest:
            self.restart()
            raise OtherWaveformError(*sent, self._profile)

    def _all(self) -> list[_Candidate]:
        if self._candidates is None:
            own = self._profile
            self._candidates = [
                _Candidate(
                    CloserLook(FrameReceiver(other), self._budget, other),
                    HeaderSearch(other, self._budget),
                    other,
                )
                for other in (p.at(own.samples_per_symbol) for p in shipped().values())
                if other.digest != own.digest
                and (other.chirp_symbols, other.rolloff) == (own.chirp_symbols, own.rolloff)
            ]
        return self._candidates
