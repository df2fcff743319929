# SPDX-License-Identifier: GPL-3.0-or-later
"""A carousel on a radio, whose place a file takes."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from implicitjscc.cli.main import parser
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.live.carousel import Carousel
from implicitjscc.phy.receiver import BurstReceiver

pytest.importorskip("gnuradio.gr")

from implicitjscc.cli.bursts import BurstMaker
from implicitjscc.cli.on_air import OnAir
from implicitjscc.cli.radio_ends import RadioSink

from ..waiting import eventually
from .conftest import Files

RATE_HZ = 1e6


def test_a_radio_idles_sends_is_tuned_and_stops_with_a_whole_burst(
    files: Files, tmp_path: Path
) -> None:
    path = tmp_path / "air.cf32"
    options = parser().parse_args(
        [
            *("transmit", str(files.container), "--to", "uhd:", "--sample-rate", str(RATE_HZ)),
            *("--frequency-hz", "915e6", "--repeat", "forever"),
        ]
    )
    assert options.repeat is None
    maker = BurstMaker(options)
    on_air = OnAir("live", options, maker, Carousel(capacity=2))
    actions = on_air.actions()
    with pytest.raises(ImplicitJsccError, match="not open yet"):
        actions["gain"]("10")
    seen: dict[str, Any] = {}

    def command() -> None:
        eventually(lambda: on_air.status()["state"] == "idle")
        on_air.add(1, maker.load(str(files.container)))
        eventually(lambda: on_air.bursts >= 3)
        seen["status"] = on_air.status()
        seen["tuned"] = actions["frequency"](916e6)
        try:
            actions["gain"]("NOSUCH=3,")
        except ImplicitJsccError as error:
            seen["error"] = str(error)
        actions["stop"](None)

    commander = threading.Thread(target=command)
    commander.start()
    begun = time.monotonic()
    with RadioSink(options, f"file:{path}") as sink:
        on_air.send(sink, None)
    commander.join(30)
    report = sink.report()
    assert report["interrupted"] is True
    assert seen["status"]["state"] == "on air"
    assert seen["status"]["radio"]["frequency_hz"] == 915e6
    assert seen["tuned"]["radio"]["frequency_hz"] == 916e6
    assert "NOSUCH" in seen["error"]
    samples = np.fromfile(path, np.complex64)
    assert samples.size < 1.5 * RATE_HZ * (time.monotonic() - begun)
    receiver = BurstReceiver(sample_rate_hz=RATE_HZ)
    received = receiver.push(samples) + receiver.flush()
    assert len(received) == report["bursts"] >= 1
    assert all(one.frames_lost == 0 for one in received)
