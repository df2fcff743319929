# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of the display: those of the desktop's theme, and a few that read well on them."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtGui import QColor, QPalette


@dataclass(frozen=True)
class Colours:
    """Of one theme, light or dark.

    Attributes:
        window, panel: behind everything, and behind a plot.
        text, faint: what is read, and what only guides the eye.
        source, parameters, good, lost: kinds of symbols, and what became of frames.
    """

    window: QColor
    panel: QColor
    text: QColor
    faint: QColor
    source: QColor
    parameters: QColor
    good: QColor
    lost: QColor

    @classmethod
    def of(cls, palette: QPalette) -> Colours:
        """Those that fit a palette."""
        window, text = palette.color(QPalette.Window), palette.color(QPalette.WindowText)
        panel = palette.color(QPalette.Base)
        if panel.lightness() > 128:
            bright = ("#1f6fb4", "#c45a00", "#2e8b57", "#c0392b")
        else:
            bright = ("#6cb6ff", "#ffb057", "#5fd38d", "#ff7b6b")
        return cls(window, panel, text, mix(panel, text, 0.55), *map(QColor, bright))


def mix(one: QColor, other: QColor, part: float) -> QColor:
    """A colour between two; ``part`` is the other's."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * part) for a, b in pairs))
