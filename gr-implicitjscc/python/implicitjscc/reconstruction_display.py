# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconstructions on the screen, beside what the radio knows of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.errors import ImplicitJsccError

from .display_state import DisplayState, View
from .worker import take_pending


class reconstruction_display(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Show what the Decoder rebuilds: a picture, a waveform or an array.

    On the port ``reconstruction`` come source PDUs; their dictionaries say PSNR, SNR and the like.
    ``received`` takes the Receiver's PDUs for the map of frames and the plot of symbols, ``stats``
    its counters. All are optional. Where messages come faster than they can be shown, older ones
    are passed over. Nothing is decoded or painted in a thread of the radio's.

    The widget to put into a window is ``widget``; a QApplication must exist before the block.

    Args:
        title: above the picture.
        plots: whether to show history and symbols as well.

    Attributes:
        dropped: messages that were not what their port takes.
        passed_over: reconstructions that a newer one overtook.

    Raises:
        ImplicitJsccError: PyQt5 is missing, or no QApplication exists.
    """

    def __init__(self, title: str = "", plots: bool = True) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Reconstruction Display", None, None)
        try:
            from PyQt5.QtWidgets import QApplication

            from .display_window import DisplayWidget
        except ImportError as error:
            raise ImplicitJsccError(f"the display needs PyQt5 here: {error}") from error
        if QApplication.instance() is None:
            raise ImplicitJsccError("the display needs a QApplication: generate a QT GUI flowgraph")
        self.dropped = 0
        self.passed_over = 0
        self._state = DisplayState()
        self._lock = threading.Lock()
        self._rung = False
        self.widget = DisplayWidget(self._answer, str(title), bool(plots))
        for port in ("reconstruction", "received", "stats"):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"handle_{port}"))

    @property
    def view(self) -> View:
        """What is shown, or will be as soon as it is painted."""
        return self._state.view

    def stop(self) -> bool:
        """Called by the scheduler."""
        self.widget.stop()
        return True

    def handle_reconstruction(self, message: Any) -> None:
        """Show a source PDU, unless newer ones wait already."""
        waiting = [message]
        take_pending(self, "reconstruction", waiting.append)
        for older in waiting[:-1]:
            self.passed_over += 1
            self._take(self._state.skip_reconstruction, older)
        self._take(self._state.take_reconstruction, waiting[-1])

    def handle_received(self, message: Any) -> None:
        """Show where a received-content PDU has losses, and some of its symbols."""
        waiting = [message]
        take_pending(self, "received", waiting.append)
        self._take(self._state.take_received, waiting[-1])

    def handle_stats(self, message: Any) -> None:
        """Show the receiver's counters."""
        self._take(self._state.take_stats, message)

    def _take(self, take: Callable[[Any], None], message: Any) -> None:
        try:
            take(message)
        except ImplicitJsccError as error:
            self.dropped += 1
            self.logger.warn(str(error))
            return
        except Exception as error:
            # Whatever came, the flowgraph must live on, and the log must say what happened.
            self.dropped += 1
            self.logger.error(f"{type(error).__name__}: {error}")
            return
        with self._lock:
            ring, self._rung = not self._rung, True
        if ring:
            self.widget.bell.rung.emit()

    def _answer(self) -> View:
        with self._lock:
            self._rung = False
        return self._state.view
