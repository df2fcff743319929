# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a radio's place where there is none: a file, a ZeroMQ socket, or nothing at all."""

from __future__ import annotations

import os

from gnuradio import analog, blocks, gr

from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import RadioSettings

from .radio_devices import TRANSMIT, RadioDevice

_NOISE = 1e-3
_ZMQ_TIMEOUT_MS = 100


class DryRunDevice(RadioDevice):
    """No radio: frequency and gain do nothing."""


def open_device(settings: RadioSettings, direction: str) -> DryRunDevice:
    """``file:PATH`` (raw complex64), ``zmq:ADDRESS`` (PUB bound, SUB connected), or ``sim:``.

    A receiver of ``sim:`` hears faint noise. All but a received file keep the radio's pace.

    Raises:
        ImplicitJsccError: the file cannot be opened, or the address makes no sense.
    """
    rate_hz = settings.radio_rate_hz or settings.sample_rate_hz
    item = gr.sizeof_gr_complex
    pace = blocks.throttle(item, rate_hz)
    where = settings.where
    if settings.scheme == "file":
        path = os.path.expanduser(where)
        if direction == TRANSMIT:
            if not os.path.isdir(os.path.dirname(path) or "."):
                raise ImplicitJsccError(f"{os.path.dirname(path)}: no such folder")
            chain = [pace, blocks.file_sink(item, path)]
        else:
            if not os.path.isfile(path):
                raise ImplicitJsccError(f"{path}: no such file")
            chain = [blocks.file_source(item, path, False)]
    elif settings.scheme == "zmq":
        from gnuradio import zeromq

        address = where if "://" in where else f"tcp://{where}"
        if direction == TRANSMIT:
            chain = [pace, zeromq.pub_sink(item, 1, address, _ZMQ_TIMEOUT_MS)]
        else:
            chain = [zeromq.sub_source(item, 1, address, _ZMQ_TIMEOUT_MS)]
    elif direction == TRANSMIT:
        chain = [pace, blocks.null_sink(item)]
    else:
        chain = [analog.fastnoise_source_c(analog.GR_GAUSSIAN, _NOISE), pace]
    shift_hz = 0.0 if settings.lo_offset_hz is None else settings.lo_offset_hz
    return DryRunDevice(chain, rate_hz, shift_hz)
