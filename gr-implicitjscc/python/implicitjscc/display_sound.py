# SPDX-License-Identifier: GPL-3.0-or-later
"""Received audio to the loudspeaker, through GNU Radio's own audio sink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from gnuradio import blocks, gr
from numpy.typing import NDArray


def output_present() -> bool:
    """Whether there is anything to play on; asking the sink itself would write to the terminal."""
    if not sys.platform.startswith("linux"):
        return True
    return any(Path("/dev/snd").glob("pcm*p"))


class Player:
    """Plays one signal at a time, in a flowgraph of its own."""

    def __init__(self) -> None:
        self._graph: gr.top_block | None = None
        self._blocks: list[Any] = []

    def play(self, samples: NDArray[np.floating], sample_rate_hz: int) -> bool:
        """Begin; what was playing ends.

        Args:
            samples: shape (n, channels), from -1 to 1.
            sample_rate_hz: of them.

        Returns:
            whether the device took it.
        """
        self.stop()
        try:
            from gnuradio import audio

            sink = audio.sink(int(sample_rate_hz), "", True)
        except (ImportError, RuntimeError):  # no device, or one that refuses the rate
            return False
        graph = gr.top_block("Implicit-JSCC sound")
        self._blocks = [sink]
        for channel in range(min(samples.shape[1], 2)):
            values = samples[:, channel].astype(np.float32)
            source = blocks.vector_source_f(values.tolist(), False)
            graph.connect(source, (sink, channel))
            self._blocks.append(source)
        graph.start()
        self._graph = graph
        return True

    def stop(self) -> None:
        """Be silent."""
        if self._graph is not None:
            self._graph.stop()
            self._graph.wait()
            self._graph = None
            self._blocks = []
