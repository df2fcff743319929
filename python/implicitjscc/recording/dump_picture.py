# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnostic picture of a dumped frame: eight panels that show where a link loses.

Drawn by Matplotlib, which the project needs anyway, through its objects: nothing is shown, and no
global state or display is touched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE, _ORANGE, _GREY = "#1f5a96", "#d1660a", "#8a8a8a"
_SPECTRUM = 1024
_BINS = 61

Arrays = dict[str, NDArray[Any]]


def draw(folder: Path, snr_db: list[float], target: Path) -> None:
    """Draw one frame's signals.

    Args:
        folder: that :class:`~.frame_dump.FrameDump` wrote.
        snr_db: of all frames, in order.
        target: picture to write, PNG.

    Raises:
        ImplicitJsccError: Matplotlib cannot be used.
        OSError: the picture cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImplicitJsccError(f"the dump's picture needs Matplotlib ({error})") from None
    facts = json.loads((folder / "frame.json").read_text(encoding="utf-8"))
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    figure = Figure(figsize=(18, 9), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"Frame {facts['frame']} of content {facts['content_id']} ({folder.name}): "
        f"Es/N0 {facts['snr_db']:.2f} dB, CFO {facts['cfo_hz']:.1f} Hz, "
        f"sampling offset {facts['sro_ppm']:.2f} ppm, level {facts['level_dbfs']:.1f} dBFS"
    )
    axes: list[Axes] = list(figure.subplots(2, 4).flat)
    before, after = _known_symbols(arrays)
    _constellation(axes[0], arrays["symbols_before"], before, "Before correction")
    _constellation(axes[1], arrays["symbols"], after, "After correction")
    _phase(axes[2], arrays)
    _gain(axes[3], arrays)
    _spectrum(axes[4], arrays)
    _frames(axes[5], snr_db, facts["number"])
    _payload(axes[6], arrays["symbols"][arrays["arrived"]])
    _errors(axes[7], after - arrays["known_symbols"], float(np.mean(arrays["noise_variance"])))
    figure.savefig(target, dpi=100)


def _known_symbols(arrays: Arrays) -> tuple[NDArray[Any], NDArray[Any]]:
    """Known symbols as they were filtered, and with the gain taken off."""
    places = arrays["known_positions"]
    return arrays["filtered"][places], arrays["filtered"][places] / arrays["gain"][places]


def _constellation(axes: Axes, payload: NDArray[Any], known: NDArray[Any], title: str) -> None:
    parts = np.abs(np.concatenate((payload.real, payload.imag, known.real, known.imag)))
    reach = max(1.15 * float(np.quantile(parts, 0.995)), 1e-9)
    axes.hist2d(
        payload.real,
        payload.imag,
        bins=121,
        range=[[-reach, reach]] * 2,
        cmap="Blues",
        cmin=1,
        norm="log",
    )
    axes.plot(known.real, known.imag, ".", color=_ORANGE, markersize=2, alpha=0.6, label="known")
    axes.plot([], [], "s", color=_BLUE, markersize=5, label="payload (density)")
    axes.set(title=title, xlabel="I", ylabel="Q", aspect="equal")
    axes.legend(loc="upper right", fontsize=8)
    axes.grid(alpha=0.2)


def _phase(axes: Axes, arrays: Arrays) -> None:
    gain, places = arrays["gain"], arrays["known_positions"]
    track = np.unwrap(np.angle(gain))
    turned = arrays["filtered"][places] * arrays["known_symbols"].conj() * gain[places].conj()
    observed = np.rad2deg(track[places] + np.angle(turned))
    axes.plot(places, observed, ".", color=_ORANGE, markersize=2, alpha=0.5, label="known symbols")
    axes.plot(np.rad2deg(track), color=_BLUE, linewidth=1.2, label="track")
    axes.set(title="Phase track", xlabel="symbol of the frame", ylabel="degrees")
    axes.legend(loc="best", fontsize=8)
    axes.grid(alpha=0.2)


def _gain(axes: Axes, arrays: Arrays) -> None:
    """Levels over the frame: fading, bursts of interference and lost samples show here."""
    power = np.abs(arrays["filtered"].astype(np.complex128)) ** 2
    block = max(power.size // 256, 1)
    whole = power[: power.size // block * block].reshape(-1, block).mean(axis=1)
    middle = (np.arange(whole.size) + 0.5) * block
    axes.plot(middle, _db(whole), color=_GREY, linewidth=1, label=f"mean of {block} symbols")
    axes.plot(_db(np.abs(arrays["gain"]) ** 2), color=_BLUE, linewidth=1.5, label="gain")
    axes.set(title="Level over the frame", xlabel="symbol of the frame", ylabel="dB")
    axes.legend(loc="best", fontsize=8)
    axes.grid(alpha=0.2)


def _spectrum(axes: Axes, arrays: Arrays) -> None:
    samples = arrays["samples"]
    size = min(_SPECTRUM, samples.size)
    pieces = samples[: samples.size // size * size].reshape(-1, size) * np.hanning(size)
    density = np.mean(np.abs(np.fft.fft(pieces, axis=1)) ** 2, axis=0) / size
    frequency = np.fft.fftshift(np.fft.fftfreq(size))
    axes.plot(frequency, _db(np.fft.fftshift(density)), color=_GREY, linewidth=1, label="received")
    title = "Spectrum of the samples"
    if "equaliser_response" in arrays:
        response = _db(np.abs(np.fft.fftshift(arrays["equaliser_response"])) ** 2)
        places = np.fft.fftshift(np.fft.fftfreq(response.size))
        level = float(np.max(_db(density)))
        axes.plot(places, response - response.max() + level, color=_BLUE, label="equaliser")
        axes.set_ylim(bottom=float(np.min(_db(density))) - 3)
        title = "Spectrum and equaliser's response"
    axes.set(title=title, xlabel="frequency, cycles a sample", ylabel="dB")
    axes.legend(loc="best", fontsize=8)
    axes.grid(alpha=0.2)


def _frames(axes: Axes, snr_db: list[float], shown: int) -> None:
    numbers = np.arange(len(snr_db))
    colours = [_ORANGE if number == shown else _BLUE for number in numbers]
    if len(snr_db) <= 128:
        axes.bar(numbers, snr_db, color=colours)
    else:
        axes.plot(numbers, snr_db, ".", color=_BLUE, markersize=3)
    axes.set(title="Es/N0 of each frame (orange: this one)", xlabel="frame", ylabel="dB")
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.2, axis="y")


def _payload(axes: Axes, symbols: NDArray[Any]) -> None:
    reach = max(float(np.quantile(np.abs(symbols.real), 0.999)) if symbols.size else 1.0, 1e-9)
    bins = np.linspace(-reach, reach, _BINS).tolist()
    for values, colour, name in ((symbols.real, _BLUE, "I"), (symbols.imag, _ORANGE, "Q")):
        axes.hist(values, bins, density=True, histtype="step", color=colour, label=name)
    axes.set(title="Payload's values", xlabel="value", ylabel="density", yscale="log")
    axes.legend(loc="upper right", fontsize=8)
    axes.grid(alpha=0.2)


def _errors(axes: Axes, errors: NDArray[Any], variance: float) -> None:
    """Both parts of known symbols' errors, against the noise that is reported."""
    parts = np.concatenate((errors.real, errors.imag))
    std = max(float(np.sqrt(variance / 2)), 1e-9)
    edges = np.linspace(-5 * std, 5 * std, _BINS)
    axes.hist(parts, edges.tolist(), density=True, color=_GREY, alpha=0.7, label="known symbols")
    curve = np.exp(-(edges**2) / (2 * std**2)) / (std * np.sqrt(2 * np.pi))
    axes.plot(edges, curve, color=_BLUE, label="reported noise")
    axes.set(title="Errors of known symbols", xlabel="error of I and of Q", ylabel="density")
    axes.legend(loc="upper right", fontsize=8)
    axes.grid(alpha=0.2)


def _db(power: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-30)))
