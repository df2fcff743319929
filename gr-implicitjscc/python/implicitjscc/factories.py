# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks for a flowgraph's program: what one cannot do ends it with a line, not a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from implicitjscc.errors import ImplicitJsccError

from .channel_laboratory import channel_laboratory
from .control_server import control_server
from .decoder import decoder
from .digital_reference import digital_reference
from .encoder import encoder
from .radio_sink import radio_sink
from .radio_source import radio_source
from .radio_status import radio_status
from .receiver import receiver
from .reconstruction_display import reconstruction_display
from .sigmf_sink import sigmf_sink
from .sigmf_source import sigmf_source
from .symbol_sink import symbol_sink
from .symbol_source import symbol_source
from .transmitter import transmitter


def _opener(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make, updated=())
    def open_block(**arguments: Any) -> Any:
        try:
            return make(**arguments)
        except ImplicitJsccError as error:
            raise _refusal(str(error)) from None
        except (AttributeError, IndexError, OSError, OverflowError, TypeError, ValueError) as error:
            # A parameter that Companion lets pass, such as a text where a pair of numbers belongs.
            raise _refusal(f"{make.__name__.replace('_', ' ')}: {error}") from None

    return open_block


def _refusal(text: str) -> SystemExit:
    return SystemExit(f"implicitjscc: {' '.join(text.split())}")


open_channel_laboratory = _opener(channel_laboratory)
open_control_server = _opener(control_server)
open_decoder = _opener(decoder)
open_digital_reference = _opener(digital_reference)
open_encoder = _opener(encoder)
open_radio_sink = _opener(radio_sink)
open_radio_source = _opener(radio_source)
open_radio_status = _opener(radio_status)
open_receiver = _opener(receiver)
open_reconstruction_display = _opener(reconstruction_display)
open_sigmf_sink = _opener(sigmf_sink)
open_sigmf_source = _opener(sigmf_source)
open_symbol_sink = _opener(symbol_sink)
open_symbol_source = _opener(symbol_source)
open_transmitter = _opener(transmitter)
