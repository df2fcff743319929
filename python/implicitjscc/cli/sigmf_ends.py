# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF recordings as an end of a link: ``sigmf:BASE?key=value&...``."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from ..recording.burst_log import BurstLog
from ..recording.datatypes import datatype_of
from ..recording.metadata import HIGHEST_SAMPLE_RATE_HZ, BurstNote, Description
from ..recording.paths import recording_paths
from ..recording.reader import SigmfReader
from ..recording.writer import SigmfWriter
from .ends import Samples
from .options import DEFAULT_SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from ..phy.profile import WaveformProfile
    from .bursts import LoadedBurst

_log = logging.getLogger(__name__)

_DEFAULT_DATATYPE = "cf32_le"
_LONGEST_TEXT = 1000


class SigmfSink:
    """Writes a recording.

    Args:
        where: ``BASE``, with ``?datatype=``, ``frequency=``, ``author=``, ``description=`` behind.
        sample_rate_hz: of its samples.
        keep_partial: whether an error leaves what was written before it.

    Raises:
        ImplicitJsccError: a key or value makes no sense, or it cannot be written.
    """

    def __init__(self, where: str, sample_rate_hz: float, *, keep_partial: bool = False) -> None:
        base, query = _split_query(where, ("datatype", "frequency", "author", "description"))
        if sample_rate_hz > HIGHEST_SAMPLE_RATE_HZ:
            raise ImplicitJsccError("SigMF knows no sample rate above 1e12 Hz")
        description = Description(
            datatype=datatype_of(query.get("datatype", _DEFAULT_DATATYPE)),
            sample_rate_hz=sample_rate_hz,
            frequency_hz=_value(query, "frequency", _frequency_hz, None),
            description=query.get("description", "Implicit-JSCC bursts"),
            author=query.get("author"),
        )
        self._writer = SigmfWriter(base, description, keep_partial=keep_partial)

    def __enter__(self) -> SigmfSink:
        self._writer.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    def write(self, samples: Samples) -> None:
        """Append samples."""
        self._writer.write(samples)

    def annotate(self, note: BurstNote) -> None:
        """Note a burst whose start counts from what is written next."""
        self._writer.annotate(replace(note, sample_start=self._writer.samples + note.sample_start))

    def annotate_received(self, bursts: BurstLog, content_sha256: dict[int, str]) -> None:
        """Note what a receiver found in all that was written.

        Args:
            bursts: as observed.
            content_sha256: of known containers, by content id.
        """
        for note in bursts.notes():
            sha256 = content_sha256.get(note.content_id)
            self._writer.annotate(replace(note, content_sha256=sha256))


class SigmfSource:
    """Reads a recording.

    Args:
        where: ``BASE``, with ``?verify=yes`` behind to check its hash first.

    Attributes:
        after_gap: whether the recording says that samples are missing before those that
            :meth:`chunks` gave last.

    Raises:
        ImplicitJsccError: a key makes no sense, or the recording cannot be read.
    """

    def __init__(self, where: str) -> None:
        self.after_gap = False
        base, query = _split_query(where, ("verify",))
        self._reader = SigmfReader(base, verify=_value(query, "verify", _yes_or_no, False))

    def __enter__(self) -> SigmfSource:
        return self

    def __exit__(self, *_: object) -> None:
        """The file is open only while it is read."""

    def compare_truth(self, content_sha256: dict[int, str]) -> None:
        """Warn where a recording was made of other containers than those at hand.

        Args:
            content_sha256: of the container files at hand, by content id.
        """
        said = self._reader.recorded.content_sha256
        for content_id, sha256 in content_sha256.items():
            if said and said.get(content_id) != sha256:
                _log.warning("the truth is none of the containers that the recording names")

    def chunks(self) -> Iterator[Samples]:
        """The recording's samples, a piece at a time."""
        position = 0
        for samples in self._reader.chunks():
            self.after_gap = position in self._reader.recorded.cuts
            yield samples
            position += samples.size

    def sample_rate_hz(self, asked_hz: float | None) -> float:
        """The recording's own rate, or what was asked for where it has none.

        Raises:
            ImplicitJsccError: both are there and differ.
        """
        own = self._reader.recorded.sample_rate_hz
        if own is None:
            rate = DEFAULT_SAMPLE_RATE_HZ if asked_hz is None else asked_hz
            _log.warning("the recording does not say its sample rate; %g Hz it is", rate)
            return rate
        if asked_hz is not None and not math.isclose(asked_hz, own, rel_tol=1e-9):
            raise ImplicitJsccError(
                f"--sample-rate {asked_hz:g} contradicts the recording's {own:g} Hz"
            )
        _log.info("the recording's sample rate is %g Hz", own)
        return own


def sent_note(loaded: LoadedBurst, sample_rate_hz: float, profile: WaveformProfile) -> BurstNote:
    """What there is to say of a burst that is about to be written.

    Args:
        loaded: the burst and where it comes from.
        sample_rate_hz: of the recording.
        profile: of the waveform.
    """
    from .bursts import SILENCE_BEFORE

    symbol_rate_hz = sample_rate_hz / profile.samples_per_symbol
    content, burst = loaded.content, loaded.burst
    return BurstNote(
        sample_start=SILENCE_BEFORE * profile.samples_per_symbol,
        sample_count=burst.samples.size,
        content_id=content.content_id,
        frames=burst.frames,
        waveform=profile.name,
        waveform_digest=profile.digest,
        bandwidth_hz=(1 + profile.rolloff) * symbol_rate_hz,
        payload_rms=burst.payload_rms,
        content_sha256=loaded.sha256,
        comment=f"{Path(loaded.path).name}, {content.symbols.size} channel uses, as sent",
    )


def file_sha256(path: str) -> str:
    """Hash of a file, as `info` prints it."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def same_recording(where: str, end: str) -> bool:
    """Whether a recording to be written is the one that another end names."""
    scheme, _, other = end.partition(":")
    if scheme != "sigmf":
        return False
    mine, theirs = (recording_paths(text.partition("?")[0])[1] for text in (where, other))
    return mine.resolve() == theirs.resolve()


def _split_query(where: str, keys: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    base, mark, query = where.partition("?")
    if not base:
        raise ImplicitJsccError(f"sigmf:{where}: it does not say where")
    values: dict[str, str] = {}
    for part in query.split("&") if mark else []:
        key, _, value = part.partition("=")
        if key not in keys or not value or len(value) > _LONGEST_TEXT:
            known = ", ".join(f"{name}=" for name in keys)
            raise ImplicitJsccError(f"sigmf: {part[:60]!r} makes no sense here, there is {known}")
        values[key] = value
    return base, values


def _value(query: dict[str, str], key: str, convert: Callable[[str], Any], default: Any) -> Any:
    if key not in query:
        return default
    try:
        return convert(query[key])
    except ValueError:
        raise ImplicitJsccError(f"sigmf: {key}={query[key][:40]} makes no sense") from None


def _frequency_hz(text: str) -> float:
    value = float(text)
    if not 0 <= value <= HIGHEST_SAMPLE_RATE_HZ:
        raise ValueError(text)
    return value


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(text)
    return text == "yes"
