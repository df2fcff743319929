# SPDX-License-Identifier: GPL-3.0-or-later
"""What `receive` reads from, and what it writes beside its output: ``--record`` and ``--dump``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared

if TYPE_CHECKING:
    from ..content import Content
    from ..phy.observer import FrameObserver
    from ..recording.frame_dump import FrameDump
    from .ends import Samples
    from .sigmf_ends import SigmfSink


def add_options(parser: Any) -> None:
    """``--record`` and ``--dump``."""
    parser.add_argument(
        "--record",
        metavar="sigmf:BASE",
        help="keep the samples that come in as a SigMF recording; sigmf:BASE?datatype=ci8 smaller",
    )
    parser.add_argument(
        "--dump",
        metavar="FOLDER",
        help="write the receiver's internal signals of the first 64 frames, and a picture of them",
    )


class Session:
    """The stream's source, and who looks on while it is received.

    Args:
        options: as parsed.
        truth: what was sent; None where not known.

    Attributes:
        source: where samples come from.
        sample_rate_hz: of them.
        observer: for the receiver; None where nobody looks on.

    Raises:
        ImplicitJsccError: the source cannot be read, or the recording or the folder not written.
    """

    def __init__(self, options: argparse.Namespace, truth: Content | None) -> None:
        from ..phy.observer import Observers
        from ..recording.burst_log import BurstLog
        from .ends import open_source
        from .sigmf_ends import SigmfSource, file_sha256

        asked_hz = options.sample_rate
        options.sample_rate = asked_hz or shared.DEFAULT_SAMPLE_RATE_HZ
        self.sample_rate_hz: float = options.sample_rate
        self.source = open_source(options.source, options.timeout, options)
        self._content_sha256: dict[int, str] = {}
        if truth is not None:
            self._content_sha256[truth.content_id] = file_sha256(options.truth)
        if isinstance(self.source, SigmfSource):
            self.sample_rate_hz = self.source.sample_rate_hz(asked_hz)
            self.source.compare_truth(self._content_sha256)
        self._entered = ExitStack()
        self._sink: SigmfSink | None = None
        self._log = BurstLog(self.sample_rate_hz)
        self._dump: FrameDump | None = None
        observers: list[FrameObserver] = []
        if options.record:
            self._open_record(options.record, options.source)
            observers.append(self._log)
        if options.dump:
            from ..recording.frame_dump import FrameDump

            self._dump = FrameDump(options.dump, self.sample_rate_hz)
            observers.append(self._dump)
        self.observer = Observers(tuple(observers)) if observers else None

    def record(self, samples: Samples) -> None:
        """Keep samples as they came, where that was asked for."""
        if self._sink is not None:
            self._sink.write(samples)

    def __enter__(self) -> Session:
        for part in (self._dump, self._sink):
            if part is not None:
                self._entered.enter_context(part)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sink is not None:
            self._sink.annotate_received(self._log, self._content_sha256)
        self._entered.__exit__(kind, error, trace)

    def _open_record(self, end: str, source: str) -> None:
        from .ends import split
        from .sigmf_ends import SigmfSink, same_recording

        scheme, where = split(end, "--record")
        if scheme != "sigmf":
            raise ImplicitJsccError(f"--record {end}: only sigmf:BASE can be recorded to")
        if same_recording(where, source):
            raise ImplicitJsccError(f"--record {end}: that is what is read")
        self._sink = SigmfSink(where, self.sample_rate_hz, keep_partial=True)
