# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's widget: the picture, and beside it what is known of the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import QObject, QSize, pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from .display_panels import FactsPanel, FramesPanel
from .display_picture import PicturePanel
from .display_plots import ConstellationPanel, HistoryPanel
from .display_sound import Player, output_present
from .display_state import View


class Bell(QObject):
    """Carries the news of a change from any thread to the one that paints."""

    rung = pyqtSignal()


class DisplayWidget(QWidget):
    """Shows the latest view whenever the bell rings.

    Args:
        latest: gives the view.
        title: above the picture.
        plots: whether history and symbols are shown too.
    """

    def __init__(self, latest: Callable[[], View], title: str = "", plots: bool = True) -> None:
        super().__init__()
        self.bell = Bell()
        self._latest = latest
        self._player = Player()
        self._picture = PicturePanel(title)
        self._panels = [self._picture, FactsPanel(), FramesPanel()]
        stretches = [5, 1]
        if plots:
            self._panels += [HistoryPanel(), ConstellationPanel()]
            stretches += [3, 5]
        self._play = QPushButton("Play")
        self._play.clicked.connect(self._play_source)
        self._play.hide()
        layout = QGridLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        rows = len(stretches) + 1
        layout.addWidget(self._picture, 0, 0, rows, 1)
        layout.setColumnStretch(0, 5)
        layout.setColumnStretch(1, 2)
        for row, (panel, stretch) in enumerate(zip(self._panels[1:], stretches, strict=True)):
            layout.addWidget(panel, row, 1)
            layout.setRowStretch(row, stretch)
        layout.addWidget(self._play, rows - 1, 1)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        # From whatever thread it is rung, the slot runs in the one that this widget belongs to.
        self.bell.rung.connect(self.show_latest)
        self.show_latest()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Called by layouts."""
        return QSize(900, 560)

    def show_latest(self) -> None:
        """Repaint; Qt merges what comes faster than it can paint."""
        view = self._latest()
        for panel in self._panels:
            panel.show_view(view)
        self._play.setVisible(_sample_rate_hz(view.source) > 0 and output_present())

    def stop(self) -> None:
        """Be silent."""
        self._player.stop()

    def _play_source(self) -> None:
        source = self._latest().source
        rate_hz = _sample_rate_hz(source)
        if rate_hz and not self._player.play(source.samples, rate_hz):
            self._play.setText("The audio device does not play this")
            self._play.setEnabled(False)


def _sample_rate_hz(source: Any) -> int:
    """Of audio; 0 of anything else."""
    return int(getattr(getattr(source, "format", None), "sample_rate_hz", 0))
