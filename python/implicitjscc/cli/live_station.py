# SPDX-License-Identifier: GPL-3.0-or-later
"""What connects a folder's encoder with the air."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..live.carousel import Carousel
from .bursts import BurstMaker, LoadedBurst
from .on_air import OnAir

if TYPE_CHECKING:
    from ..live.backlog import Arrival
    from ..live.encoder import LiveEncoder

_log = logging.getLogger(__name__)


class LiveStation:
    """A carousel that a folder feeds.

    Args:
        options: as parsed.
        maker: of bursts.
        carousel: what is sent.

    Attributes:
        on_air: sends the carousel.
        encoder: feeds it; to be set before anything is sent.
    """

    def __init__(
        self, options: argparse.Namespace, maker: BurstMaker, carousel: Carousel[LoadedBurst]
    ) -> None:
        self.on_air = OnAir("live", options, maker, carousel, self._more)
        self.encoder: LiveEncoder | None = None
        self._maker = maker

    def deliver(self, arrival: Arrival, container: Path) -> None:
        """Put a container on the air.

        Raises:
            ImplicitJsccError: it cannot be sent.
        """
        loaded = self._maker.load(os.fspath(container), os.fspath(arrival.path))
        gone = self.on_air.add(arrival.number, loaded)
        content_id = loaded.content.content_id
        _log.info("%s: content %08x is on the carousel", arrival.path.name, content_id)
        for old in gone:
            if old.path != loaded.path:
                _log.info("%s: off the carousel", os.path.basename(old.path))

    def counters(self) -> dict[str, Any]:
        """Of the encoder: encoded, dropped, skipped."""
        assert self.encoder is not None
        status = self.encoder.status()
        return {key: status[key] for key in ("encoded", "dropped", "skipped")}

    def actions(self) -> dict[str, Callable[[Any], dict[str, Any] | None]]:
        """Commands; ``content`` is a file to take up as if it had arrived in the folder."""
        return {**self.on_air.actions(), "content": self._content}

    def _content(self, path: str) -> dict[str, Any]:
        assert self.encoder is not None
        self.encoder.push(Path(path))
        return {"queue": self.encoder.status()}

    def _more(self) -> dict[str, Any]:
        return {} if self.encoder is None else {"queue": self.encoder.status()}
