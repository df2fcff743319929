# SPDX-License-Identifier: GPL-3.0-or-later
"""The control channel of a flowgraph: status out, commands in, as for the command line."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pmt
from gnuradio import gr

from implicitjscc.control.address import parse
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.radio.settings import parse_gain

from . import pdu
from .content_input import load_content
from .pmt_scalars import scalar, tree

_COMMANDS = ("level", "gain", "frequency", "content")


class control_server(gr.basic_block):  # noqa: N801 (GNU Radio's convention)
    """Let ``implicitjscc status`` and ``control`` watch and command a flowgraph (docs/control.md).

    Each command has a port, on which a pair of its name and its value goes out; GNU Radio's Message
    Pair to Var makes it the value of a variable, and so of every parameter that follows from it.
    A command that nothing is connected to is refused. ``stop`` ends the program as Ctrl-C does.
    What comes on ``transmitter`` (``status`` of a Transmitter), ``stats`` (of the Receiver),
    ``radio`` (``status`` of Radio Sink or Radio Source) and ``reconstruction`` (of the Decoder) is
    published about once a second.

    Args:
        address: ``tcp://HOST:PORT``, ``HOST:PORT`` or a port of 127.0.0.1; empty for none at all.
        allow_remote: whether other machines may command. There is no password.

    Raises:
        ImplicitJsccError: the address makes no sense, is in use, or other machines would reach it.
    """

    def __init__(self, address: str = "", allow_remote: bool = False) -> None:
        gr.basic_block.__init__(self, "Implicit-JSCC Control Server", None, None)
        self._address = parse(str(address)) if address else None
        self._allow_remote = bool(allow_remote)
        self._known: dict[str, Any] = {}
        self._began_s = time.monotonic()
        for port in ("transmitter", "stats", "radio", "reconstruction"):
            self.message_port_register_in(pmt.intern(port))
            self.set_msg_handler(pmt.intern(port), getattr(self, f"handle_{port}"))
        for port in _COMMANDS:
            self.message_port_register_out(pmt.intern(port))
        self._listening = self._listen()

    def start(self) -> bool:
        """Called by the scheduler."""
        self._began_s = time.monotonic()
        if self._listening is None:  # a second run
            try:
                self._listening = self._listen()
            except ImplicitJsccError as error:
                self.logger.error(str(error))
        return True

    def stop(self) -> bool:
        """Called by the scheduler."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()
        return True

    def handle_transmitter(self, message: Any) -> None:
        """What a Transmitter tells of itself."""
        self._note("transmitter", message)

    def handle_stats(self, message: Any) -> None:
        """The Receiver's counters."""
        self._note("counters", message)

    def handle_radio(self, message: Any) -> None:
        """A radio's level and counters."""
        self._note("radio", message)

    def handle_reconstruction(self, message: Any) -> None:
        """The figures of a whole content; what it holds is not looked at."""
        if pmt.is_pair(message) and not pdu.is_partial(message):
            self._note("last", pmt.car(message))

    def status(self) -> dict[str, Any]:
        """What is published."""
        known = dict(self._known)
        sending = known.pop("transmitter", {})
        last, radio = known.get("last", {}), known.get("radio", {})
        if isinstance(last.get("content_id"), int):
            known["last"] = {**last, "content_id": f"{last['content_id']:08x}"}
        if "counters" in known:
            known["input_dbfs"] = radio.get("level_dbfs", last.get("level_dbfs"))
        own = {"role": Path(sys.argv[0]).stem or "flowgraph", "state": "running"}
        return {**own, "uptime_s": time.monotonic() - self._began_s, **sending, **known}

    def _listen(self) -> ExitStack | None:
        if self._address is None:
            return None
        try:
            from implicitjscc.control.server import ControlServer
        except ImportError as error:
            raise ImplicitJsccError(f"control needs pyzmq here: {error}") from error
        actions = {name: self._action(name) for name in _COMMANDS}
        stop = {"stop": self._stop_program}
        listening = ExitStack()
        listening.enter_context(
            ControlServer(
                self._address, self.status, {**actions, **stop}, allow_remote=self._allow_remote
            )
        )
        return listening

    def _action(self, name: str) -> Callable[[Any], dict[str, Any]]:
        def command(value: Any) -> dict[str, Any]:
            port = pmt.intern(name)
            if not pmt.is_pair(self.message_subscribers(port)):
                raise ImplicitJsccError("nothing in this flowgraph follows it")
            _check(name, value)
            self.message_port_pub(port, pmt.cons(port, scalar(value)))
            return {name: value}

        return command

    def _stop_program(self, _: None) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {"state": "ending"}

    def _note(self, key: str, message: Any) -> None:
        if pmt.is_dict(message):
            self._known[key] = tree(message)


def _check(name: str, value: Any) -> None:
    """Refuse what would only be logged later."""
    if name == "level" and not -100 <= value <= 0:
        raise ImplicitJsccError(f"{value:g} dBFS is not from -100 to 0, full scale")
    if name == "gain":
        parse_gain(value)
    if name == "content":
        load_content(value)
