# SPDX-License-Identifier: GPL-3.0-or-later
"""The digital system to compare with: what fits arrives above its threshold and not below it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from implicitjscc.codec.digital_reference import DigitalReception, DigitalReference, fitting_jpeg
from implicitjscc.codec.images import Image
from implicitjscc.codec.metrics import psnr_db
from implicitjscc.errors import ImplicitJsccError
from tests.conftest import small_picture

CHANNEL_USES = 128 * 96 * 3 * 11 // 48


def noise(snr_db: float) -> np.ndarray:
    return np.full(CHANNEL_USES, 10 ** (-snr_db / 10), np.float32)


def picture_of(reception: DigitalReception) -> Image:
    assert reception.image is not None
    return reception.image


@pytest.mark.parametrize("design_snr_db", [0, 3, 6, 8, 10, 13, 15, 20])
def test_every_design_has_its_cliff(design_snr_db):
    image = small_picture()
    reference = DigitalReference(image, CHANNEL_USES, design_snr_db)
    assert reference.lowest_snr_db <= design_snr_db
    above = [reference.receive(noise(reference.lowest_snr_db), seed) for seed in range(3)]
    assert all(reception.image is not None for reception in above)
    far_above = reference.receive(noise(40), 1)
    pictures = [picture_of(reception) for reception in (above[0], far_above)]
    np.testing.assert_array_equal(pictures[0].pixels, pictures[1].pixels)  # no better
    below = reference.receive(noise(reference.lowest_snr_db - 2.5), 1)
    assert below.image is None
    assert below.words_right < below.words


def test_more_snr_buys_a_better_picture():
    image = small_picture()
    qualities = []
    for design_snr_db in (0, 5, 10, 20):
        reception = DigitalReference(image, CHANNEL_USES, design_snr_db).receive(noise(40), 1)
        qualities.append(psnr_db(image, picture_of(reception)))
    assert qualities == sorted(qualities)
    assert qualities[-1] > qualities[0] + 3


def test_lost_symbols_are_not_known_to_it():
    reference = DigitalReference(small_picture(), CHANNEL_USES, 10)
    variance = noise(10)
    variance[::5] = np.inf
    reception = reference.receive(variance, 1)
    assert reception.image is None
    assert np.all(reception.symbols[::5][:100] == 0)
    power = np.mean(np.abs(reception.symbols[1::5]) ** 2)
    assert power == pytest.approx(1.1, rel=0.05)


def test_the_largest_file_that_fits():
    image = small_picture()
    file = fitting_jpeg(image, 3000)
    assert len(file) <= 3000
    with PillowImage.open(io.BytesIO(file)) as opened:
        assert opened.size == (128, 96)
    assert len(fitting_jpeg(image, 6000)) > len(file)


def test_grey_and_16_bit_pictures_are_sent_as_8_bits():
    grey = Image(np.tile(np.arange(128, dtype=np.uint16) * 512, (96, 1))[:, :, None])
    received = picture_of(DigitalReference(grey, CHANNEL_USES, 10).receive(noise(30), 1))
    assert received.pixels.shape == (96, 128, 1)
    assert received.pixels.dtype == np.uint8
    assert np.abs(received.pixels[:, :, 0] - grey.pixels[:, :, 0] / 257).max() < 6


def test_what_cannot_be():
    with pytest.raises(ImplicitJsccError, match="design SNR of at least"):
        DigitalReference(small_picture(), CHANNEL_USES, -3)
    with pytest.raises(ImplicitJsccError, match="no JPEG file"):
        DigitalReference(small_picture(), 1000, 0)
    with pytest.raises(ImplicitJsccError, match="at least 500 channel uses"):
        DigitalReference(small_picture(), 100, 10)
