# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Reconstruction Display knows: messages in, one consistent view out, from any thread."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

from implicitjscc.errors import ImplicitJsccError

from . import pdu, source_pdu

MOST_POINTS = 1500
_TURNS_KEPT = 60


def _no_points() -> NDArray[np.complex64]:
    return np.empty(0, np.complex64)


@dataclass(frozen=True)
class View:
    """One moment of a link.

    Attributes:
        source: picture, audio or array, or None where there is nothing to show.
        serial: changes when ``source`` does.
        status: why there is nothing to show, or what to know of what is shown; may be empty.
        facts: figures of the picture and of the reception that it comes from, by name.
        counters: the receiver's.
        frame_snr_db: shape (frames,), NaN where a frame was lost; empty where it is not known.
        lost_share: part of the channel symbols that never arrived, or None.
        points: received symbols of the source, a sample of them.
        parameter_points: those of the decoder's parameters.
        history: PSNR and SNR in dB (NaN where not known) of the last turns.
        turns: contents that came whole so far.
    """

    source: Any = None
    serial: int = 0
    status: str = "Waiting for a first frame"
    facts: dict[str, pdu.Scalar] = field(default_factory=dict)
    counters: dict[str, pdu.Scalar] = field(default_factory=dict)
    frame_snr_db: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    lost_share: float | None = None
    points: NDArray[np.complex64] = field(default_factory=_no_points)
    parameter_points: NDArray[np.complex64] = field(default_factory=_no_points)
    history: tuple[tuple[float, float], ...] = ()
    turns: int = 0


class DisplayState:
    """Collects what arrives; :meth:`view` may be called from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view = View()
        self._history: deque[tuple[float, float]] = deque(maxlen=_TURNS_KEPT)
        self._turns = 0

    @property
    def view(self) -> View:
        """The latest."""
        with self._lock:
            return self._view

    def take_reconstruction(self, message: Any) -> None:
        """A source PDU, or one with a dictionary and no vector that says why there is none.

        Raises:
            ImplicitJsccError: it is neither.
        """
        meta, vector = pdu.split(message)
        facts = pdu.scalars(meta)
        source = None if pmt.is_null(vector) else source_pdu.to_source(message)
        self._note_turn(facts)
        status = str(facts.get("status", _status(facts)))
        self._change(
            source=source,
            serial=self._view.serial + 1,
            status=status,
            facts=facts,
            history=tuple(self._history),
            turns=self._turns,
        )

    def skip_reconstruction(self, message: Any) -> None:
        """One that a newer one has overtaken: its turn counts, its picture is not looked at."""
        self._note_turn(pdu.scalars(pdu.split(message)[0]))

    def take_received(self, message: Any) -> None:
        """A received-content PDU: the losses, and a sample of the symbols.

        Raises:
            ImplicitJsccError: it is none.
        """
        received, facts = pdu.to_received(message)
        arrived = ~received.lost
        parameters_from = _symbol_uses(received)
        # The figures stay those of the picture that is shown, once there is one.
        self._change(
            facts=self._view.facts if self._view.serial else facts,
            frame_snr_db=pdu.frame_snr_db(message),
            lost_share=float(1 - np.mean(arrived)),
            points=_some(received.symbols[:parameters_from][arrived[:parameters_from]]),
            parameter_points=_some(received.symbols[parameters_from:][arrived[parameters_from:]]),
        )

    def take_stats(self, message: Any) -> None:
        """The receiver's counters.

        Raises:
            ImplicitJsccError: the message is no dictionary.
        """
        if not pmt.is_dict(message):
            raise ImplicitJsccError("the counters are no dictionary")
        self._change(counters=pdu.scalars(message))

    def _note_turn(self, facts: dict[str, pdu.Scalar]) -> None:
        if facts.get("complete") is False:
            return
        self._turns += 1
        figures = [facts.get(name) for name in ("psnr_db", "snr_db")]
        psnr_db, snr_db = (float(f) if isinstance(f, (int, float)) else np.nan for f in figures)
        self._history.append((psnr_db, snr_db))

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._view = dataclasses.replace(self._view, **changes)


def _status(facts: dict[str, pdu.Scalar]) -> str:
    if facts.get("complete") is False:
        return "still arriving"
    if facts.get("decoder") == "approximate":
        return "decoder lost: a grey likeness"
    return ""


def _symbol_uses(received: Any) -> int:
    """Where the parameters begin; behind everything where the description is of another kind."""
    try:
        from implicitjscc.codec.profile import CodecProfile

        profile = CodecProfile.from_bytes(received.description, received.symbols.size)
    except (ImportError, ImplicitJsccError):
        return int(received.symbols.size)
    return int(profile.symbol_uses)


def _some(symbols: NDArray[np.complex64]) -> NDArray[np.complex64]:
    return symbols[:: -(-symbols.size // MOST_POINTS) or 1].copy()
