# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's largest panel: a picture, a waveform or an array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QLineF, QRectF, Qt
from PyQt5.QtGui import QFont, QImage, QPainter, QPen

from .display_colours import Colours, mix
from .display_panels import Panel
from .display_state import View


class PicturePanel(Panel):
    """What was received, as large as fits, in its own proportions.

    Args:
        title: a heading, such as the name of the system.
    """

    def __init__(self, title: str = "") -> None:
        super().__init__(title, (200, 180))
        self._image: QImage | None = None
        self._serial = -1

    def show_view(self, view: View) -> None:
        """Paint this from now on."""
        if view.serial != self._serial:
            self._serial = view.serial
            pixels = None if view.source is None else picture_of(view.source)
            self._image = None if pixels is None else to_image(pixels)
        super().show_view(view)

    def title_font(self) -> QFont:
        """For the title."""
        font = QFont(self.font())
        font.setBold(True)
        return font

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint."""
        source = self.view.source
        line = painter.fontMetrics().height()
        words = self.view.status
        if source is not None:
            words = " \u00b7 ".join(filter(None, (source.describe(), words)))
        painter.setPen(colours.text if self.view.source is not None else colours.faint)
        caption = QRectF(area.x(), area.bottom() - line, area.width(), line)
        painter.drawText(caption, Qt.AlignHCenter | Qt.AlignVCenter, words)
        area.setBottom(area.bottom() - line - 4)
        if source is None:
            painter.setPen(QPen(mix(colours.panel, colours.text, 0.25), 1, Qt.DashLine))
            painter.drawRect(area)
        elif self._image is not None:
            self._paint_image(painter, area, self._image)
        else:
            _paint_waveform(painter, area, colours, waveform_of(source))

    def _paint_image(self, painter: QPainter, area: QRectF, image: QImage) -> None:
        size = image.size().scaled(area.size().toSize(), Qt.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(area.center())
        # Very small pictures show their pixels; large ones must not alias.
        painter.setRenderHint(QPainter.SmoothPixmapTransform, size.width() < 4 * image.width())
        if size.width() < image.width():
            image = image.scaled(size, Qt.IgnoreAspectRatio, Qt.SmoothTransformation)
        painter.drawImage(place, image)


def picture_of(source: Any) -> NDArray[np.uint8] | None:
    """A picture, or an array of two dimensions, as 8-bit grey or RGB; None for signals.

    Returns:
        shape (height, width, 1 or 3).
    """
    height, _, channels = source.size
    if height == 1 or channels not in (1, 3):
        return None
    values = source.normalised().transpose(1, 2, 0)
    return np.ascontiguousarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8))


def waveform_of(source: Any) -> NDArray[np.floating]:
    """Audio or an array as signals, shape (n, channels), scaled to -1 to 1."""
    values = source.normalised()
    return 2 * values.reshape(-1, values.shape[-1]).T.astype(np.float64) - 1


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with a copy of the pixels, shape (height, width, 1 or 3)."""
    height, width, channels = pixels.shape
    kind = QImage.Format_Grayscale8 if channels == 1 else QImage.Format_RGB888
    return QImage(pixels.tobytes(), width, height, channels * width, kind).copy()


def _paint_waveform(
    painter: QPainter, area: QRectF, colours: Colours, signals: NDArray[np.floating]
) -> None:
    count, channels = signals.shape
    columns = max(1, min(int(area.width()), count))
    edges = np.linspace(0, count, columns + 1).astype(int)[:-1]
    height = area.height() / channels
    across = area.width() / columns
    for channel in range(channels):
        low = np.minimum.reduceat(signals[:, channel], edges)
        high = np.maximum.reduceat(signals[:, channel], edges)
        # Joined to the column before, so that a slow signal is a line and not dots.
        low[1:] = np.minimum(low[1:], high[:-1])
        high[1:] = np.maximum(high[1:], low[:-1])
        middle = area.top() + (channel + 0.5) * height
        painter.setPen(mix(colours.panel, colours.text, 0.2))
        painter.drawLine(QLineF(area.left(), middle, area.right(), middle))
        painter.setPen(QPen(colours.source, max(1.0, across)))
        half = 0.48 * height
        lines = [
            QLineF(x, middle - half * b, x, middle - half * a + 1)
            for x, a, b in zip(
                (area.left() + across * (0.5 + np.arange(columns))).tolist(),
                low.tolist(),
                high.tolist(),
                strict=True,
            )
        ]
        painter.drawLines(lines)
