# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's plots: symbols in the plane, and figures over the turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen, QPolygonF

from .display_colours import Colours, mix
from .display_panels import Panel


class ConstellationPanel(Panel):
    """Received channel symbols; those of the decoder's parameters in a colour of their own."""

    def __init__(self) -> None:
        super().__init__("Channel symbols", (190, 110))

    def has_something(self) -> bool:
        """Whether a reception was seen."""
        return self.view.lost_share is not None

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint."""
        side = min(area.width(), area.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(area.center())
        reach = _reach(self.view.points, self.view.parameter_points)
        painter.setPen(QPen(mix(colours.panel, colours.text, 0.2), 1))
        middle = square.center()
        painter.drawLine(QPointF(square.left(), middle.y()), QPointF(square.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), square.top()), QPointF(middle.x(), square.bottom()))
        radius = side / 2 / reach  # the circle of unit power
        painter.drawEllipse(middle, radius, radius)
        painter.setClipRect(square)
        for points, colour in (
            (self.view.points, colours.source),
            (self.view.parameter_points, colours.parameters),
        ):
            shade = QColor(colour)
            shade.setAlpha(130)
            painter.setPen(QPen(shade, 2.2 if side > 160 else 1.4))
            painter.drawPoints(_polygon(points.real, -points.imag, middle, radius))
        painter.setClipping(False)
        if self.view.parameter_points.size and area.width() > side + 60:
            painter.setFont(self.small_font())
            line = painter.fontMetrics().height()
            for number, (word, colour) in enumerate(
                (("source", colours.source), ("decoder", colours.parameters))
            ):
                painter.setPen(colour)
                row = area.adjusted(0, number * line, 0, 0)
                painter.drawText(row, Qt.AlignTop | Qt.AlignLeft, word)


class HistoryPanel(Panel):
    """PSNR and SNR of the last turns."""

    def __init__(self) -> None:
        super().__init__("dB over the turns", (190, 90))

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint."""
        values = np.array(self.view.history, np.float64).reshape(-1, 2)
        painter.setFont(self.small_font())
        metrics = painter.fontMetrics()
        painter.setPen(colours.faint)
        finite = values[np.isfinite(values)]
        if not finite.size:
            return
        low = 10 * np.floor(min(finite.min(), 0) / 10)
        high = max(10 * np.ceil((finite.max() + 0.5) / 10), low + 10)
        plot = area.adjusted(metrics.horizontalAdvance("-40 "), 2, -2, -2)
        scale = plot.height() / (high - low)
        step = 10 if scale * 10 > 1.1 * metrics.height() else 20
        for level in np.arange(low, high + 1, step):
            y = plot.bottom() - (level - low) * scale
            painter.setPen(mix(colours.panel, colours.text, 0.15))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.faint)
            row = QRectF(area.left(), y - metrics.height() / 2, plot.left() - area.left() - 4, 0)
            row.setHeight(metrics.height())
            painter.drawText(row, Qt.AlignRight | Qt.AlignVCenter, f"{level:.0f}")
        across = plot.width() / max(len(values) - 1, 1)
        for column, (word, colour) in enumerate(
            (("PSNR", colours.source), ("SNR", colours.parameters))
        ):
            turns = np.flatnonzero(np.isfinite(values[:, column]))
            if not turns.size:
                continue
            heights = (values[turns, column] - low) * -scale
            origin = QPointF(plot.left(), plot.bottom())
            line = _polygon(turns * across, heights, origin, 1.0)
            painter.setPen(QPen(colour, 2))
            painter.drawPolyline(line)
            painter.setBrush(colour)
            painter.drawEllipse(line[len(line) - 1], 2.5, 2.5)
            painter.setBrush(Qt.NoBrush)
            place = QRectF(plot.right() - 80, area.top() - metrics.height() - 2, 80, 0)
            place.setHeight(metrics.height())
            place.translate(-45 * (1 - column), 0)
            painter.drawText(place, Qt.AlignRight | Qt.AlignVCenter, word)


def _reach(*clouds: NDArray[np.complex64]) -> float:
    """Half of the plane's side that holds nearly all points."""
    sizes = np.concatenate([np.maximum(abs(p.real), abs(p.imag)) for p in clouds])
    if not sizes.size:
        return 2.0
    return float(np.clip(1.1 * np.percentile(sizes, 99), 1.5, 100))


def _polygon(
    x: NDArray[np.floating], y: NDArray[np.floating], origin: QPointF, scale: float
) -> QPolygonF:
    polygon = QPolygonF(x.size)
    memory = polygon.data()  # pairs of doubles: a Python object for each would hold up other blocks
    memory.setsize(2 * 8 * x.size)
    points = np.frombuffer(memory, np.float64).reshape(-1, 2)
    points[:, 0] = origin.x() + scale * x
    points[:, 1] = origin.y() + scale * y
    return polygon
