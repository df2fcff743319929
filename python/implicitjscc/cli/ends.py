# SPDX-License-Identifier: GPL-3.0-or-later
"""Where samples go to and come from: ``SCHEME:WHERE``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError

SCHEMES = ("file", "sigmf", "zmq")
_LATER_SCHEMES = ("uhd", "soapy", "osmosdr")

Samples = NDArray[np.complex64]


class Sink(Protocol):
    """Takes samples."""

    def write(self, samples: Samples) -> None:
        """Send samples."""


class Source(Protocol):
    """Gives samples."""

    def chunks(self) -> Iterator[Samples]:
        """Samples as they come, until there are no more."""


def open_sink(
    end: str, sample_rate_hz: float, timeout_s: float | None
) -> AbstractContextManager[Sink]:
    """The end that ``--to`` names.

    Raises:
        ImplicitJsccError: the scheme is unknown, or the end cannot be opened.
    """
    scheme, where = split(end, "--to")
    if scheme == "file":
        from .file_ends import FileSink

        return FileSink(where)
    if scheme == "sigmf":
        from .sigmf_ends import SigmfSink

        return SigmfSink(where, sample_rate_hz)
    from .zmq_ends import ZmqSink

    return ZmqSink(where, sample_rate_hz, timeout_s)


def open_source(end: str, timeout_s: float | None) -> AbstractContextManager[Source]:
    """The end that ``--from`` names.

    Raises:
        ImplicitJsccError: the scheme is unknown, or the end cannot be opened.
    """
    scheme, where = split(end, "--from")
    if scheme == "file":
        from .file_ends import FileSource

        return FileSource(where)
    if scheme == "sigmf":
        from .sigmf_ends import SigmfSource

        return SigmfSource(where)
    from .zmq_ends import ZmqSource

    return ZmqSource(where, timeout_s)


def split(end: str, option: str) -> tuple[str, str]:
    """Scheme and place of an end.

    Raises:
        ImplicitJsccError: there is no such scheme, or no place.
    """
    scheme, colon, where = end.partition(":")
    if scheme in _LATER_SCHEMES:
        raise ImplicitJsccError(f"{option} {scheme}: is not in this version yet")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise ImplicitJsccError(f"{option} {end}: unknown scheme, one of {known} is needed")
    if not where:
        raise ImplicitJsccError(f"{option} {end}: it does not say where")
    return scheme, where
