#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of both ways to send the decoder's parameters, at, above and below the design SNR.

    python benchmarks/parameters.py --dataset DIR [--images 2] [--steps 300] [--crop 256]
        [--bandwidth-ratio 0.264] [--design 0 10 20] [--receive -5 0 5 10 15 20 25] [--trials 4]
        [--margins 200]

Tab-separated. Small crops need a ratio of their own, or coded parameters get more channel uses than
repeated ones. One row a strategy, design SNR and receive SNR: mean PSNR over images and receptions,
mean bits a parameter, and how many receptions had lost their decoder. With ``--margins N`` in place
of that: how many of N messages, as long as there is room for, are lost with the parameters of a
768x512 picture 3 dB below the design SNR, and with half of eight frames or of all symbols lost.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import report

from implicitjscc.codec import coded, coded_plan, quantisation, sources
from implicitjscc.codec.coded_payload import packed_bits
from implicitjscc.codec.encoder import encode
from implicitjscc.codec.formats import IMAGE8
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import MAXIMUM_FINENESS, CodecProfile
from implicitjscc.codec.settings import STRATEGIES, EncoderSettings
from implicitjscc.codec.simulation import simulate

KODAK = (512, 768)
FRAMES = 8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--crop", type=int, help="side of a square in the middle; whole pictures")
    parser.add_argument("--bandwidth-ratio", type=Fraction, help="the codec's default")
    parser.add_argument("--design", type=float, nargs="+", default=[0, 10, 20])
    parser.add_argument("--receive", type=float, nargs="+", default=[-5, 0, 5, 10, 15, 20, 25])
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--margins", type=int, metavar="N")
    options = parser.parse_args()
    if options.margins:
        margins(options.design, options.margins)
    elif options.dataset is None:
        parser.error("--dataset or --margins is needed")
    else:
        quality(options)


def quality(options: argparse.Namespace) -> None:
    """PSNR of both strategies."""
    paths = sorted(options.dataset.glob("*.png"))[: options.images]
    images = [cropped(sources.read_image(path), options.crop) for path in paths]
    print(*report.origin(), sep="\n")
    print("strategy\tdesign_db\treceive_db\tpsnr_db\tbits_per_parameter\tlost\treceptions")
    for snr_db in options.design:
        for strategy in STRATEGIES:
            settings = EncoderSettings(
                snr_db=snr_db,
                steps=options.steps,
                parameters=strategy,
                bandwidth_ratio=options.bandwidth_ratio,
            )
            encodings = [encode(image, settings) for image in images]
            bits = float(np.mean([e.profile.bits_per_parameter for e in encodings]))
            for receive_db in options.receive:
                found = [
                    simulate(encoded, image, receive_db, options.trials)
                    for encoded, image in zip(encodings, images, strict=True)
                ]
                psnr_db = np.mean([q.psnr_db for q in found])
                lost = sum(q.approximate for q in found)
                total = options.trials * len(found)
                row = (f"{snr_db:g}", f"{receive_db:g}", f"{psnr_db:.2f}", f"{bits:.2f}")
                print(strategy, *row, lost, total, sep="\t", flush=True)


def cropped(image: sources.Image, side: int | None) -> sources.Image:
    """The middle of a picture."""
    if side is None:
        return image
    height, width, _ = image.pixels.shape
    top, left = max(height - side, 0) // 2, max(width - side, 0) // 2
    return sources.Image(np.ascontiguousarray(image.pixels[top : top + side, left : left + side]))


def margins(designs: list[float], words: int) -> None:
    """How often the longest messages are lost within the margins."""
    print(*report.origin(), sep="\n")
    print("design_db\tpayload_bits\tcode_rate\tbits_per_symbol\tcase\treceive_db\tlost\twords")
    for snr_db in designs:
        profile, parameters = longest(plan(*KODAK, 3, IMAGE8, EncoderSettings(snr_db=snr_db)))
        rate = f"{profile.payload_bits / profile.code_bits:.3f}"
        about = (f"{snr_db:g}", profile.payload_bits, rate, profile.bits_per_symbol)
        for case, receive_db in (
            ("noise", snr_db - coded_plan.SNR_MARGIN_DB),
            ("half of the frames", snr_db),
            ("half of the symbols", snr_db),
        ):
            lost = sum(
                not arrives(profile, parameters, receive_db, case, seed) for seed in range(words)
            )
            print(*about, case, f"{receive_db:g}", lost, words, sep="\t", flush=True)


def longest(profile: CodecProfile) -> tuple[CodecProfile, np.ndarray]:
    """Random parameters whose message is as long as there is room for, or as it can be."""
    uses, snr_db, sizes = profile.parameter_uses, profile.snr_db, profile.tensor_sizes
    budget = coded_plan.budget(profile.parameters, uses, snr_db)
    drawn = np.random.default_rng(1).laplace(size=profile.parameters).astype(np.float32)
    found: list[tuple[int, int, np.ndarray]] = []
    for scale in np.geomspace(0.5, 1, 12).astype(np.float32):
        for fineness in range(MAXIMUM_FINENESS + 1):
            integers = quantisation.quantise(scale * drawn, profile, fineness)
            bits = packed_bits(integers, sizes)
            if bits <= budget:
                found.append((bits, fineness, integers))
    bits, fineness, integers = max(found, key=lambda entry: entry[0])
    order = coded_plan.best_modulation(bits, uses, snr_db)
    profile = replace(profile, fineness=fineness, payload_bits=bits, bits_per_symbol=order)
    return profile, quantisation.dequantise(integers, profile, fineness)


def arrives(
    profile: CodecProfile, parameters: np.ndarray, snr_db: float, case: str, seed: int
) -> bool:
    """One reception."""
    rng = np.random.default_rng(seed)
    symbols = coded.to_symbols(profile, parameters)
    noise = rng.standard_normal((symbols.size, 2)) @ np.array([1, 1j])
    variance = 10 ** (-snr_db / 10)
    received = (symbols + noise * np.sqrt(variance / 2)).astype(np.complex64)
    variances = np.full(symbols.size, variance, np.float32)
    if case == "half of the frames":
        # Each block of neighbours goes to as many frames, in an order of its own.
        blocks = -(-symbols.size // FRAMES)
        frames = np.argsort(rng.random((blocks, FRAMES)), axis=1).reshape(-1)[: symbols.size]
        variances[np.isin(frames, rng.permutation(FRAMES)[: FRAMES // 2])] = np.inf
    elif case == "half of the symbols":
        variances[rng.random(symbols.size) < 0.5] = np.inf
    found = coded.from_symbols(profile, received, variances)
    if found is not None and not np.array_equal(found, parameters):
        raise SystemExit("wrong parameters with a CRC that matches")
    return found is not None


if __name__ == "__main__":
    main()
