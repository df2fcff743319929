# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's panels of words and frames, and what all of its panels share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from .display_colours import Colours, mix
from .display_state import View
from .pdu import Scalar

MARGIN = 6


class Panel(QWidget):
    """Paints one part of a view.

    Args:
        title: a word above it; empty for none.
        least: width and height in pixels below which it would not be legible.
    """

    def __init__(self, title: str, least: tuple[int, int]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self._least = QSize(*least)
        self._title = title
        self.view = View()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Called by the layout."""
        return self._least

    sizeHint = minimumSizeHint  # noqa: N815 (Qt's name)

    def show_view(self, view: View) -> None:
        """Paint this from now on."""
        self.view = view
        self.setVisible(self.has_something())
        self.update()

    def has_something(self) -> bool:
        """Whether it is worth its place; what another port feeds may never come."""
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        colours = Colours.of(self.palette())
        area = QRectF(self.rect())
        painter.fillRect(area, colours.panel)
        area.adjust(MARGIN, MARGIN / 2, -MARGIN, -MARGIN)
        if self._title:
            painter.setFont(self.title_font())
            painter.setPen(colours.faint)
            height = painter.fontMetrics().height()
            painter.drawText(QRectF(area.x(), area.y(), area.width(), height), 0, self._title)
            area.setTop(area.top() + height + 2)
        painter.setFont(self.font())
        self.paint(painter, area, colours)

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint the view into the area below the title; an empty panel has nothing there."""

    def title_font(self) -> QFont:
        """For the title."""
        return self.small_font()

    def small_font(self) -> QFont:
        """For titles and scales."""
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, 0.85 * font.pointSizeF()))
        return font


def _number(pattern: str) -> Callable[[Scalar], str]:
    def write(value: Scalar) -> str:
        if not isinstance(value, (int, float)):
            return str(value)
        text = pattern.format(value)
        return text[1:] if text[0] in "+-" and not any(d in text for d in "123456789") else text

    return write


_FACTS: tuple[tuple[str, str, Callable[[Scalar], str]], ...] = (
    ("snr_db", "SNR", _number("{:.1f} dB")),
    ("cfo_hz", "Carrier offset", _number("{:+,.0f} Hz")),
    ("sro_ppm", "Clock offset", _number("{:+.1f} ppm")),
    ("level_dbfs", "Level", _number("{:.0f} dBFS")),
    ("receptions", "Receptions combined", _number("{:.0f}")),
    ("modulation", "Modulation", str),
    ("code_words", "Code words", str),
    ("file_bytes", "File", _number("{:,.0f} bytes")),
    ("decoder", "Decoder", str),
    ("decode_ms", "Decoded in", _number("{:.0f} ms")),
)


class FactsPanel(Panel):
    """PSNR large, and a row for each other figure that is known."""

    def __init__(self) -> None:
        super().__init__("", (190, 150))

    def rows(self) -> list[tuple[str, str]]:
        """Label and text of each figure."""
        facts, counters = self.view.facts, self.view.counters
        found = [(label, write(facts[key])) for key, label, write in _FACTS if key in facts]
        if "frames_received" in facts:
            text = f"{facts['frames_received']} / {facts.get('frames_lost', 0)}"
            found.insert(min(1, len(found)), ("Frames got / lost", text))
        if "frames_received" in counters:
            text = f"{counters['frames_received']} / {counters.get('frames_lost', 0)}"
            found.append(("Frames in all", text))
        if counters.get("header_errors"):
            found.append(("Header errors", str(counters["header_errors"])))
        found.append(("Turns", str(self.view.turns)))
        return found

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint."""
        psnr_db = self.view.facts.get("psnr_db") if self.view.source is not None else None
        line = QFontMetricsF(self.font()).height()
        top = area.top()
        if isinstance(psnr_db, float):
            large = QFont(self.font())
            large.setPointSizeF(1.9 * large.pointSizeF())
            large.setBold(True)
            painter.setFont(large)
            height = QFontMetricsF(large).height()
            painter.setPen(colours.source)
            row = QRectF(area.x(), top, area.width(), height)
            painter.drawText(row, Qt.AlignLeft | Qt.AlignVCenter, f"{psnr_db:.1f} dB")
            painter.setFont(self.small_font())
            painter.setPen(colours.faint)
            painter.drawText(row, Qt.AlignRight | Qt.AlignVCenter, "PSNR")
            top += height
        rows = self.rows()
        step = min(1.25 * line, (area.bottom() - top) / max(len(rows), 1))
        painter.setFont(self.small_font() if step < line else self.font())
        for number, (label, text) in enumerate(rows):
            row = QRectF(area.x(), top + number * step, area.width(), step)
            painter.setPen(colours.faint)
            painter.drawText(row, Qt.AlignLeft | Qt.AlignVCenter, label)
            painter.setPen(colours.text)
            painter.drawText(row, Qt.AlignRight | Qt.AlignVCenter, text)


class FramesPanel(Panel):
    """One cell a frame: how good it was, or that it was lost."""

    def __init__(self) -> None:
        super().__init__("Frames of this content", (190, 56))

    def has_something(self) -> bool:
        """Whether a reception was seen; not every sender has frames."""
        self._title = "Frames of this content" if self.view.frame_snr_db.size else "What arrived"
        return self.view.lost_share is not None

    def paint(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Paint."""
        snrs_db, share = self.view.frame_snr_db, self.view.lost_share
        text_height = painter.fontMetrics().height()
        cells = QRectF(area)
        cells.setBottom(max(cells.top() + 8, cells.bottom() - text_height - 2))
        width = cells.width() / max(snrs_db.size, 1)
        gap = 2 if width > 6 else 0
        known = snrs_db[np.isfinite(snrs_db)]
        best = float(known.max()) if known.size else 0.0
        for number, snr_db in enumerate(snrs_db):
            cell = QRectF(cells.x() + number * width, cells.y(), width - gap, cells.height())
            if np.isnan(snr_db):
                painter.fillRect(cell, mix(colours.panel, colours.lost, 0.2))
                painter.fillRect(cell, colours.lost if width <= 3 else colours.panel)
                painter.setPen(colours.lost)
                painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))
                painter.drawLine(cell.topLeft(), cell.bottomRight())
            elif np.isneginf(snr_db):  # still to come
                painter.setPen(mix(colours.panel, colours.text, 0.3))
                painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))
            else:  # paler where it was worse than the best, by up to 6 dB
                part = 1 - 0.7 * float(np.clip((best - snr_db) / 6, 0, 1))
                painter.fillRect(cell, mix(colours.panel, colours.good, part))
        painter.setPen(colours.text)
        painter.setFont(self.small_font())
        words = [f"{known.size} of {snrs_db.size} frames"] if snrs_db.size else []
        # Symbols are spread over the frames: before the last one the share says nothing.
        if share is not None and not np.isneginf(snrs_db).any():
            words.append(f"{100 * (1 - share):.0f} % of the symbols")
        painter.drawText(area, Qt.AlignBottom | Qt.AlignLeft, ", ".join(words))
