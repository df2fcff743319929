# SPDX-License-Identifier: GPL-3.0-or-later
"""The Reconstruction Display: a real window, photographed from the X server and looked at."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import pdu, source_pdu
from gnuradio.implicitjscc.pmt_scalars import to_pmt_dict

from implicitjscc.codec import sources
from implicitjscc.content import DESCRIPTION_BYTES, ReceivedContent
from tests.screen import run_screen

from .helpers import message_source

RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 200, 20), (30, 30, 240), (250, 240, 20)


@pytest.fixture(scope="module")
def application():
    """A QApplication on a screen of its own."""
    for display in run_screen():
        from PyQt5.QtWidgets import QApplication

        running = QApplication.instance()
        kept = running or QApplication(["tests", "-platform", "xcb", "-display", display])
        yield kept


@pytest.fixture
def show(application):
    """show(block, width, height) gives what is on the screen, shape (height, width, 3)."""
    shown = []

    def photograph(block, width=1000, height=640):
        from PyQt5.QtGui import QImage

        if block not in shown:
            shown.append(block)
        block.widget.resize(width, height)
        block.widget.show()
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            application.processEvents()
            time.sleep(0.01)
        screen = application.primaryScreen()
        image = screen.grabWindow(block.widget.winId()).toImage()
        image = image.convertToFormat(QImage.Format_RGB888)
        bits = image.constBits().asarray(image.bytesPerLine() * image.height())
        rows = np.array(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)

    yield photograph
    for block in shown:
        block.widget.close()


def quarters(height=96, width=128):
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = YELLOW
    return sources.Image(pixels)


def place_of(photograph, colour):
    """Left, top, right, bottom of a colour, and how much of that rectangle has it."""
    near = np.abs(photograph.astype(int) - colour).max(axis=2) < 12
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return None
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return (*box, near[box[1] : box[3], box[0] : box[2]].mean())


def received_message(frames, lost_frames=(), size=3000):
    rng = np.random.default_rng(1)
    symbols = rng.normal(size=(size, 2)).astype(np.float32).view(np.complex64)[:, 0]
    variance = np.full(size, 0.1, np.float32)
    snr_db = np.full(frames, 10, np.float32)
    for frame in lost_frames:
        variance[frame::frames] = np.inf
        symbols[frame::frames] = 0
        snr_db[frame] = np.nan
    received = ReceivedContent(symbols, variance, bytes(DESCRIPTION_BYTES), 7)
    measured = {"snr_db": 10.0, "cfo_hz": -123.0, "frames_received": frames - len(lost_frames)}
    return pdu.from_received(received, measured, snr_db)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1500, 850)])
def test_a_picture_stands_where_it_should_in_its_own_proportions(show, width, height):
    display = implicitjscc.reconstruction_display("Title")
    display.handle_reconstruction(source_pdu.from_source(quarters(), {"psnr_db": 33.3}))
    photograph = show(display, width, height)
    assert photograph.shape == (height, width, 3)
    red, green, blue, yellow = (place_of(photograph, c) for c in (RED, GREEN, BLUE, YELLOW))
    for place in (red, green, blue, yellow):
        assert place is not None
        assert place[4] > 0.97  # a whole rectangle, nothing painted over it
    assert red[2] <= green[0] + 4
    assert red[3] <= blue[1] + 4
    assert abs(blue[2] - yellow[0]) < 5
    ratio = (green[2] - red[0]) / (blue[3] - red[1])
    assert ratio == pytest.approx(128 / 96, rel=0.01)
    assert green[2] - red[0] > 0.5 * width
    assert green[2] < 0.75 * width  # the figures' column is beside it


def test_why_there_is_no_picture(show):
    display = implicitjscc.reconstruction_display()
    display.handle_reconstruction(source_pdu.from_source(quarters(), {}))
    assert place_of(show(display), RED) is not None
    why = to_pmt_dict({"status": "no picture: the file is damaged"})
    display.handle_reconstruction(pmt.cons(why, pmt.PMT_NIL))
    assert place_of(show(display), RED) is None
    assert display.view.status == "no picture: the file is damaged"
    assert display.dropped == 0


def test_a_lost_frame_is_seen_in_its_place(show):
    display = implicitjscc.reconstruction_display()
    display.handle_received(received_message(8, lost_frames=(2,)))
    photograph = show(display).astype(int)
    column = photograph[:, 720:]
    redness = column[:, :, 0] - column[:, :, 1:].max(axis=2) > 60
    greenness = column[:, :, 1] - column[:, :, ::2].max(axis=2) > 40
    rows = np.flatnonzero(greenness.sum(axis=1) > 150)
    assert rows.size > 5
    cells = greenness[rows[len(rows) // 2]]
    left, right = np.flatnonzero(cells)[[0, -1]]
    cell = (right - left) / 8
    inside = [cells[int(left + (n + 0.3) * cell)] for n in range(8)]
    assert inside == [True, True, False, True, True, True, True, True]
    crossed = np.flatnonzero(redness.any(axis=0))
    assert left + 1.8 * cell < crossed[0]
    assert crossed[-1] < left + 3.2 * cell
    assert display.view.lost_share == pytest.approx(1 / 8)


def test_symbols_are_painted_around_the_middle(show):
    display = implicitjscc.reconstruction_display()
    empty = show(display).astype(int)
    display.handle_received(received_message(2))
    photograph = show(display).astype(int)
    changed = np.abs(photograph - empty).max(axis=2) > 0
    blue = (photograph[:, :, 2] - photograph[:, :, 0] > 40) & changed
    rows, columns = np.nonzero(blue[400:, 720:])
    assert rows.size > 500
    assert np.mean(rows) == pytest.approx(np.median(rows), abs=15)
    assert np.mean(columns) == pytest.approx((1000 - 720) / 2, abs=15)


def test_the_loud_part_of_audio_is_the_tall_part_of_the_plot(show):
    time_s = np.arange(16000) / 16000
    wave = np.where(time_s < 0.5, 0.05, 0.9) * np.sin(2 * np.pi * 200 * time_s)
    display = implicitjscc.reconstruction_display()
    audio = sources.Audio.of(wave[:, None], 16000)
    display.handle_reconstruction(source_pdu.from_source(audio, {}))
    photograph = show(display).astype(int)[:, :700]
    blue = photograph[:, :, 2] - photograph[:, :, 0] > 60
    assert blue[:, 500:650].sum() > 5 * blue[:, 50:200].sum() > 0


def test_an_array_is_shown_as_an_image(show):
    ramp = np.linspace(-5, 5, 64 * 48, dtype=np.float32).reshape(48, 64)
    display = implicitjscc.reconstruction_display()
    display.handle_reconstruction(source_pdu.from_source(sources.Array.of(ramp), {}))
    photograph = show(display)
    middle = photograph[:, 350].astype(int)
    inside = np.flatnonzero(np.ptp(photograph[:, 300:400].astype(int), axis=(1, 2)) < 8)
    assert inside.size > 200
    assert middle[120:560, 0].max() - middle[120:560, 0].min() > 150


def test_a_flood_ends_with_the_last_picture_and_the_radio_does_not_wait(show, application):
    last = quarters()
    grey = sources.Image(np.full((96, 128, 3), 90, np.uint8))
    messages = [source_pdu.from_source(grey, {"psnr_db": 20.0})] * 300
    messages.append(source_pdu.from_source(last, {"psnr_db": 40.0}))
    display = implicitjscc.reconstruction_display()
    sender = message_source(messages)
    graph = gr.top_block()
    graph.msg_connect(sender, "out", display, "reconstruction")
    runner = threading.Thread(target=graph.run)
    runner.start()
    end = time.monotonic() + 30
    while runner.is_alive() and time.monotonic() < end:
        application.processEvents()
        time.sleep(0.005)
    runner.join(1)
    assert not runner.is_alive()
    assert place_of(show(display), RED) is not None
    assert display.view.facts["psnr_db"] == 40.0
    assert display.view.turns == 301  # each counts, whether it was painted or not
    assert display.dropped == 0


def test_nonsense_is_counted_and_changes_nothing(show):
    display = implicitjscc.reconstruction_display()
    display.handle_reconstruction(source_pdu.from_source(quarters(), {}))
    for message in (pmt.intern("x"), pmt.PMT_NIL, pmt.cons(pmt.make_dict(), pmt.intern("x"))):
        display.handle_reconstruction(message)
        display.handle_received(message)
    display.handle_stats(pmt.from_long(3))
    assert display.dropped == 7
    assert place_of(show(display), GREEN) is not None


def test_a_partial_content_is_no_turn(application):
    display = implicitjscc.reconstruction_display()
    display.handle_reconstruction(source_pdu.from_source(quarters(), {"complete": False}))
    assert (display.view.turns, display.view.status) == (0, "still arriving")
    display.handle_reconstruction(source_pdu.from_source(quarters(), {"psnr_db": 30.0}))
    assert (display.view.turns, display.view.status) == (1, "")
    assert display.view.history[0][0] == 30.0


def test_without_an_application_one_line_says_so(module_path):
    pytest.importorskip("PyQt5.QtWidgets", reason="PyQt5 is not installed")
    program = (
        "from gnuradio import implicitjscc\n"
        "try: implicitjscc.reconstruction_display()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": module_path, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("ImplicitJsccError the display needs a QApplication")
