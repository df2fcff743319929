# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of every mode in, pictures out, and what is no picture refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from implicitjscc.codec import metrics, sources
from implicitjscc.errors import ImplicitJsccError

MODES = ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(mode: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    if mode in ("I", "I;16"):
        picture = PillowImage.fromarray(rng.integers(0, 60_000, (20, 31)).astype(np.uint16))
        picture = picture.convert("I") if mode == "I" else picture
    elif mode == "F":
        picture = PillowImage.fromarray(rng.random((20, 31), np.float32) * 3 - 1)
    elif mode in ("LAB", "HSV", "YCbCr", "CMYK"):
        bands = len(PillowImage.new(mode, (1, 1)).getbands())
        picture = PillowImage.frombytes(mode, (31, 20), rng.bytes(20 * 31 * bands))
    else:
        rgb = PillowImage.fromarray(rng.integers(0, 255, (20, 31, 3)).astype(np.uint8))
        picture = rgb.convert(mode)
    path = tmp_path / ("x.tif" if mode != "HSV" else "x.png")
    (picture.convert("RGB") if mode == "HSV" else picture).save(path)
    image = sources.read_image(path)
    channels = 1 if mode in ("1", "L", "LA", "I", "F", "I;16") else 3
    assert image.pixels.shape == (20, 31, channels)
    deep = mode in ("I", "F", "I;16")
    assert image.pixels.dtype == (np.uint16 if deep else np.uint8)
    assert image.pixels.std() > 1


def test_transparency_is_dropped_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PillowImage.new("RGBA", (20, 20), (10, 20, 30, 0)).save(tmp_path / "x.png")
    assert sources.read_image(tmp_path / "x.png").pixels[0, 0].tolist() == [10, 20, 30]
    assert "transparency" in caplog.text


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 1), (np.uint8, 3), (np.uint16, 1)])
def test_round_trip(dtype: type, channels: int, tmp_path: Path) -> None:
    peak = np.iinfo(dtype).max
    pixels = np.random.default_rng(2).integers(0, peak, (18, 25, channels), dtype)
    sources.write_image(tmp_path / "x.png", sources.Image(pixels))  # type: ignore[arg-type]
    assert np.array_equal(sources.read_image(tmp_path / "x.png").pixels, pixels)
    assert list(tmp_path.iterdir()) == [tmp_path / "x.png"]


def bad_files(folder: Path) -> dict[str, Path]:
    """Files that are no pictures, by what their message says."""
    (folder / "text.png").write_text("this is text\n")
    (folder / "empty.png").write_bytes(b"")
    PillowImage.new("RGB", (1, 1)).save(folder / "small.png")
    noise = np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)
    PillowImage.fromarray(noise).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:4000])
    return {
        "not a picture": folder / "text.png",
        "not a picture that": folder / "empty.png",
        "too few": folder / "small.png",
        "cannot be read": folder / "cut.png",
        "no such file": folder / "absent.png",
    }


def test_what_is_no_picture(tmp_path: Path) -> None:
    for message, path in bad_files(tmp_path).items():
        with pytest.raises(ImplicitJsccError, match=message) as refused:
            sources.read_image(path)
        assert "\n" not in str(refused.value)


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    image = sources.Image(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        sources.write_image(tmp_path / "absent" / "x.png", image)
    with pytest.raises(ImplicitJsccError, match="cannot be written"):
        sources.write_image(tmp_path / "x.nothing", image)
    assert list(tmp_path.iterdir()) == []


def test_psnr() -> None:
    dark = sources.Image(np.zeros((20, 20, 3), np.uint8))
    grey = sources.Image(np.full((20, 20, 3), 51, np.uint8))
    assert metrics.psnr_db(dark, grey) == pytest.approx(20 * np.log10(5))
    assert metrics.psnr_db(dark, dark) == np.inf
    with pytest.raises(ImplicitJsccError, match="the reference is 20x20, 3 x 8 bits"):
        metrics.psnr_db(dark, sources.Image(np.zeros((20, 20, 1), np.uint8)))


def test_ms_ssim_is_for_pictures_of_some_size() -> None:
    pixels = np.random.default_rng(4).integers(0, 255, (180, 200, 3), np.uint8)
    image = sources.Image(pixels)
    noisy = sources.Image(np.clip(pixels.astype(int) + 9, 0, 255).astype(np.uint8))
    assert metrics.ms_ssim_db(image, noisy) == pytest.approx(30, abs=15)
    small = sources.Image(pixels[:100])
    assert metrics.ms_ssim_db(small, small) is None
