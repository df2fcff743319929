# SPDX-License-Identifier: GPL-3.0-or-later
"""Where samples go to and come from: ``SCHEME:WHERE``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError
from ..radio.settings import RADIO_SCHEMES

SCHEMES = ("file", "sigmf", "zmq", *RADIO_SCHEMES)

Samples = NDArray[np.complex64]


class Sink(Protocol):
    """Takes samples."""

    def write(self, samples: Samples) -> None:
        """Send samples."""


class Source(Protocol):
    """Gives samples."""

    def chunks(self) -> Iterator[Samples]:
        """Samples as they come, until there are no more; none for a moment is an empty array."""


@runtime_checkable
class Gapped(Protocol):
    """A source that knows where samples are missing.

    Attributes:
        after_gap: whether some are before those that ``chunks`` gave last.
    """

    after_gap: bool


@runtime_checkable
class Reporting(Protocol):
    """An end that has something to say of itself."""

    def report(self) -> dict[str, Any]:
        """Keys for the command's JSON."""


@runtime_checkable
class Tunable(Protocol):
    """An end that is a radio: it has a gain and a frequency, and fills pauses by itself.

    The setters raise ImplicitJsccError where the radio refuses. All may be called in any thread.
    """

    def set_gain(self, gain: str) -> None:
        """In dB, of the whole chain or of stages: ``LNA=16,VGA=20``."""

    def set_frequency(self, frequency_hz: float) -> None:
        """The carrier."""

    def figures(self) -> dict[str, Any]:
        """The radio as it is now."""


def report(end: object) -> dict[str, Any]:
    """What an end says of itself after its work: radios do."""
    return end.report() if isinstance(end, Reporting) else {}


def open_sink(
    end: str,
    sample_rate_hz: float,
    timeout_s: float | None,
    radio: argparse.Namespace | None = None,
    keep_waiting: Callable[[], bool] | None = None,
) -> AbstractContextManager[Sink]:
    """The end that ``--to`` names; ``radio`` holds what ``add_radio_options`` parsed, and
    ``keep_waiting`` tells whether to go on waiting for a receiver (zmq:).

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
    if scheme in RADIO_SCHEMES and radio is not None:
        from .radio_ends import RadioSink

        return RadioSink(radio, end)
    from .zmq_ends import ZmqSink

    return ZmqSink(where, sample_rate_hz, timeout_s, keep_waiting)


def open_source(
    end: str, timeout_s: float | None, radio: argparse.Namespace | None = None
) -> AbstractContextManager[Source]:
    """The end that ``--from`` names; ``radio`` holds what ``add_radio_options`` parsed.

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
    if scheme in RADIO_SCHEMES and radio is not None:
        from .radio_ends import RadioSource

        return RadioSource(radio, end)
    from .zmq_ends import ZmqSource

    return ZmqSource(where, timeout_s)


def split(end: str, option: str) -> tuple[str, str]:
    """Scheme and place of an end.

    Raises:
        ImplicitJsccError: there is no such scheme, or no place.
    """
    scheme, colon, where = end.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise ImplicitJsccError(f"{option} {end}: unknown scheme, one of {known} is needed")
    if not where and scheme != "uhd":
        raise ImplicitJsccError(f"{option} {end}: it does not say where")
    return scheme, where
