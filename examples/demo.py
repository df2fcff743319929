#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real photograph through the whole chain: what ``./run demo`` runs.

Encodes the photograph (or, with ``--source``, audio or an array), sends its container through the
GNU Radio flowgraph with noise and a frequency offset, and leaves the source, what was received,
a comparison and a report in ``out/demo``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from implicitjscc.cli import encode, loopback, output, simulate
from implicitjscc.cli.main import parser as command_line
from implicitjscc.codec import container, sources
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.errors import ImplicitJsccError

ROOT = Path(__file__).resolve().parents[1]
SNR_DB = 10.0
CFO_HZ = 12_345.0
SRO_PPM = 8.0
STEPS = 1500


def run() -> None:
    """Encode, send, receive, draw, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default=str(ROOT / "examples" / "astronaut.png"))
    parser.add_argument("--output", default=str(ROOT / "out" / "demo"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--snr", type=float, default=SNR_DB)
    options = parser.parse_args()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    content = folder / "content.ijscc"

    say(f"1. {options.source} is overfitted: channel symbols and a small neural decoder,")
    say(f"   {options.steps} steps for an SNR of {options.snr:g} dB; some minutes ...")
    source = sources.read_source(options.source)
    kept = sources.fitting_path(folder / f"source{ending_of(source, options.source)}", source)
    received = kept.with_stem("received")
    settings = EncoderSettings(snr_db=options.snr, steps=options.steps)
    encoded = encode.encode_with_progress(source, settings)
    container.save(content, encoded)
    figures = encoded.figures
    say(
        f"   {figures['channel_uses']} complex symbols, of them "
        f"{figures['parameter_channel_uses']} for the decoder's {figures['parameters']} "
        f"parameters; {figures['encode_s']:.0f} s"
    )
    say(f"2. GNU Radio sends it: noise, {CFO_HZ / 1e3:g} kHz frequency offset, {SRO_PPM:g} ppm ...")
    link = parse(
        "loopback",
        str(content),
        *("-o", str(received), "--reference", options.source, "--snr", str(options.snr)),
        *("--cfo-hz", str(CFO_HZ), "--sro-ppm", str(SRO_PPM)),
    )
    report, arrived = loopback.send(str(content), options.source, link)
    ideal = simulate.run(
        parse("simulate", str(content), "--reference", options.source, "--snr", str(options.snr))
    )
    say(
        f"3. Received: {report['frames_received']} frames, {report['frames_lost']} lost, "
        f"SNR {report['snr_db']:.2f} dB, frequency offset {report['cfo_hz'] / 1e3:.3f} kHz"
    )
    ideal_psnr_db = ideal["results"][0]["psnr_db"]
    say(f"   PSNR {report['psnr_db']:.2f} dB (ideal channel: {ideal_psnr_db:.2f} dB)")
    shutil.copyfile(options.source, kept)
    symbols = arrived.symbols[~arrived.lost]
    draw(folder, source, sources.read_source(received), report, symbols, options.snr)
    report["encode"], report["simulate"] = figures, ideal
    (folder / "report.json").write_text(output.to_json(report, indent=2) + "\n")
    say(f"4. Look at {folder / 'comparison.png'}; all figures are in report.json")


def parse(*arguments: str) -> argparse.Namespace:
    """Options as the command line would have them."""
    return command_line().parse_args(arguments)


def ending_of(source: sources.Source, path: str) -> str:
    """Of the copy in the folder: audio keeps its own."""
    if isinstance(source, sources.Image):
        return ".png"
    return Path(path).suffix or ".npy"


def draw(
    folder: Path,
    source: sources.Source,
    received: sources.Source,
    report: dict[str, Any],
    symbols: NDArray[np.complex64],
    snr_db: float,
) -> None:
    """``comparison.png``: source and reconstruction, the error, the received constellation."""
    figure, axes = plt.subplots(2, 2, figsize=(12, 12.5), layout="constrained")
    axes[0, 0].set_title("source")
    axes[0, 1].set_title(f"received at {snr_db:g} dB: PSNR {report['psnr_db']:.2f} dB")
    before, after = (shown.samples.astype(np.float64) for shown in (source, received))
    if source.format.dimensions == 1:
        axes[0, 0].plot(before, linewidth=0.5)
        axes[0, 1].plot(after, linewidth=0.5)
        axes[1, 0].plot(after - before, linewidth=0.5)
        axes[1, 0].set_title("error")
    else:
        error = np.abs(np.atleast_3d(before - after)).mean(axis=2)
        scale = source.peak / 255
        show_grid(axes[0, 0], before / (source.peak or 1.0))
        show_grid(axes[0, 1], after / (source.peak or 1.0))
        shown = axes[1, 0].imshow(error / (scale or 1.0), cmap="magma", vmin=0, vmax=32)
        axes[1, 0].set_title("error, in 255ths of the peak")
        figure.colorbar(shown, ax=axes[1, 0], fraction=0.046)
        for axis in axes.flat[:3]:
            axis.set_axis_off()
    axes[1, 1].hexbin(
        symbols.real, symbols.imag, gridsize=160, extent=(-3, 3, -3, 3), bins="log", cmap="viridis"
    )
    axes[1, 1].set_title(f"received symbols: continuous, no decisions ({symbols.size} symbols)")
    axes[1, 1].set_aspect("equal")
    figure.savefig(folder / "comparison.png", dpi=80)
    plt.close(figure)


def show_grid(axis: Any, values: NDArray[np.float64]) -> None:
    """A picture, or the first channel of an array with other channels than three."""
    planes = np.atleast_3d(values)
    if planes.shape[2] == 3 and planes.min() >= 0 and planes.max() <= 1:
        axis.imshow(planes)
    else:
        axis.imshow(planes[:, :, 0], cmap="gray")


def say(line: str) -> None:
    """One line of what happens."""
    print(line, flush=True)


if __name__ == "__main__":
    try:
        run()
    except ImplicitJsccError as error:
        sys.exit(f"demo: {error}")
