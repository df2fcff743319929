# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices behind the Radio Sink and the Radio Source, by the scheme of their name.

A driver is imported when its device is opened, never before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.rates import Ranges, choose_radio_rate
from implicitjscc.radio.settings import RadioSettings, start_gain_db

TRANSMIT, RECEIVE = "transmit", "receive"
# A HackRF hands over 262,144 bytes at a time, and stops with what is not full still unsent.
HACKRF_TAIL = 131_072
# Below 2 Msamples/s its analog filters let aliases through.
_LEAST_RATE_HZ = 2e6
# Of the waveform's rate: what gives room for the oscillator beside the signal.
_OFFSET_FACTOR = 2
_LONGEST_MESSAGE = 200


class RadioDevice:
    """One direction of a radio that is open.

    Attributes:
        chain: its blocks in the order of the stream; they are connected one to the next.
        rate_hz: at which it runs.
        shift_hz: where in the radio's band the carrier lies, as far as the device has a wish.
        tail: zeros to send after the last burst, in samples of the radio.
        event_port: of the last block, where it tells of underruns; None where it does not.
    """

    tail: int = 0
    event_port: str | None = None

    def __init__(self, chain: Sequence[Any], rate_hz: float, shift_hz: float = 0.0) -> None:
        self.chain = list(chain)
        self.rate_hz = float(rate_hz)
        self.shift_hz = float(shift_hz)

    def tune(self, oscillator_hz: float) -> float:
        """Set the oscillator; where it is now."""
        return oscillator_hz

    def set_gain(self, whole_db: float | None, stages_db: dict[str, float]) -> None:
        """Set the gain of the whole chain, or of stages of it."""

    def start_gains(
        self,
        settings: RadioSettings,
        names: Iterable[str],
        known_db: dict[str, float],
        span_db: tuple[float, float],
    ) -> None:
        """Set the gains that were asked for, and before them, where the whole was not, safe ones.

        Args:
            settings: that were asked for.
            names: of the stages that the radio has.
            known_db: of a radio that is known, by stage; taken where it has these and no others.
            span_db: of the whole chain of any other radio.
        """
        if settings.gain_db is None:
            if set(names) == set(known_db):
                self.set_gain(None, known_db)
            else:
                self.set_gain(start_gain_db(*span_db), {})
        self.set_gain(settings.gain_db, settings.gains_db)

    def describe(self) -> dict[str, Any]:
        """What the device says of itself: gain_db and what else it knows."""
        return {}


Opener = Callable[[RadioSettings, str], RadioDevice]

_OPENERS: dict[str, Opener | str] = {
    "uhd": "radio_uhd",
    "soapy": "radio_soapy",
    "osmosdr": "radio_osmosdr",
    "file": "radio_dry_run",
    "zmq": "radio_dry_run",
    "sim": "radio_dry_run",
}


def register(scheme: str, opener: Opener) -> None:
    """Make a kind of device known.

    Args:
        scheme: what stands before the colon.
        opener: opens one for a direction; raises ImplicitJsccError where it cannot.
    """
    _OPENERS[scheme] = opener


def open_device(settings: RadioSettings, direction: str) -> RadioDevice:
    """The device that the settings name, set up but not yet tuned.

    Raises:
        ImplicitJsccError: the scheme is unknown, its driver or the device is absent, or a setting
            is refused.
    """
    opener = _OPENERS.get(settings.scheme)
    if opener is None:
        known = ", ".join(f"{name}:" for name in sorted(_OPENERS))
        raise ImplicitJsccError(f"{settings.device}: unknown kind of device, one of {known}")
    if isinstance(opener, str):
        opener = importlib.import_module(f".{opener}", __package__).open_device
    try:
        return opener(settings, direction)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        # What the drivers' own exceptions arrive as.
        raise ImplicitJsccError(f"{settings.device}: {one_line(error)}") from error


def driver(scheme: str, module: str, package: str) -> Any:
    """A driver's module.

    Raises:
        ImplicitJsccError: it cannot be imported; the text says what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImplicitJsccError(
            f"{scheme}: is not to be had here ({one_line(error)}): install {package}"
        ) from error


def check_stages(scheme: str, stages_db: Iterable[str], known: Sequence[str]) -> None:
    """Refuse gains that a radio does not have.

    Raises:
        ImplicitJsccError: it has no such stage.
    """
    for name in stages_db:
        if name not in known:
            raise ImplicitJsccError(f"{scheme}: has no gain {name}, only {', '.join(known)}")


def rate_to_ask_for(settings: RadioSettings, ranges: Ranges) -> float:
    """The radio's rate where the signal is put beside the oscillator in software.

    Raises:
        ImplicitJsccError: there is no such rate.
    """
    if settings.radio_rate_hz:
        return settings.radio_rate_hz
    factor = 1 if settings.lo_offset_hz == 0 else _OFFSET_FACTOR
    return choose_radio_rate(settings.sample_rate_hz, ranges, factor, _LEAST_RATE_HZ)


def one_line(error: Exception) -> str:
    """An exception's message on one line that can be read."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} ..."
