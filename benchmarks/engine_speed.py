#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training step and decode of every engine, against plain PyTorch and the processor's peak.

    python benchmarks/engine_speed.py [--hidden-dim 12 18] [--size 768x512] [--runs 20]
                                      [--threads N]

Tab-separated: d, what, who, median, minimum and maximum in ms, how many times as fast as plain
PyTorch by the medians, percent of the peak at the median. Rows are measured in turns, one run of
each a round, after a round that does not count. "plain" is plain_codec.py; "torch" and "native" are
the project's engines. A step is the whole of it: power normalisation, noise, decoding, gradients,
and the optimisers of symbols and parameters. A decode starts with M upsampled.

The peak is that of a float32 matrix product of 768 x 768 on the same threads, best of many
before and after the rounds, in multiply-adds; shared machines move by tens of percent meanwhile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import report
import synthetic
import torch
from plain_codec import PlainCodec

from implicitjscc.codec.complexity import redu_macs_per_pixel, synthesis_macs_per_pixel
from implicitjscc.codec.models import decoder_shape
from implicitjscc.codec.noise_matrix import noise_pyramid
from implicitjscc.codec.parameter_optimiser import SoapParameters
from implicitjscc.codec.planner import plan
from implicitjscc.codec.profile import CodecProfile
from implicitjscc.codec.settings import EncoderSettings
from implicitjscc.codec.sources import Image
from implicitjscc.codec.start import source_start
from implicitjscc.codec.torch_model import TorchModel
from implicitjscc.engine import why_not_native
from implicitjscc.engine.model import FilteredNoise, Model, StepSettings, SymbolState
from implicitjscc.engine.native import NativeModel, default_threads, instruction_sets

COLUMNS = ("d", "what", "who", "median_ms", "min_ms", "max_ms", "times_plain", "percent_of_peak")
SGEMM_SIDE, SGEMM_RUNS = 768, 15
PLAIN = "plain"
# float32 in another order of sums
LARGEST_DIFFERENCE = 1e-4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden-dim", type=int, nargs="+", default=[12, 18])
    parser.add_argument("--size", type=report.size, default=(768, 512))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=default_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(*report.origin(), sep="\n")
    if reason := why_not_native():
        print(f"# no native engine: {reason}")
    image = synthetic.picture(*options.size)
    peak = multiply_adds_per_s()
    measured = []
    for hidden_dim in options.hidden_dim:
        profile = plan(*image.size, image.format, EncoderSettings(hidden_dim=hidden_dim))
        jobs = make_jobs(profile, image, options.threads)
        measured.append((profile, in_turns(jobs, options.runs)))
    peak = max(peak, multiply_adds_per_s())
    print(f"# peak: {peak / 1e9:.0f} G multiply-adds/s, sgemm of {SGEMM_SIDE} x {SGEMM_SIDE}")
    print(report.row(*COLUMNS))
    for profile, times in measured:
        show(profile, times, peak)


def show(profile: CodecProfile, times: dict[tuple[str, str], list[float]], peak: float) -> None:
    """The rows of one d."""
    for (what, who), seconds in times.items():
        median, least, most = report.spread([1e3 * s for s in seconds])
        plain = report.spread([1e3 * s for s in times[what, PLAIN]])[0]
        percent = 100 * multiply_adds(profile, what) / (median / 1e3) / peak
        figures = (median, least, most, plain / median, percent)
        print(report.row(profile.hidden_dim, what, who, *figures))


def multiply_adds(profile: CodecProfile, what: str) -> float:
    """Of a decode or a step, without activations, noise and optimisers.

    A decode is the synthesis module, n_in d + d^2 + d C + 2 * 9 C^2 a pixel, and ReDU, 64 a value
    that is upsampled. A step is three times that, as the gradients at inputs and at weights each
    take as many as the values; nothing needs the first layer's gradient at M.
    """
    decode = synthesis_macs_per_pixel(profile) + redu_macs_per_pixel(profile, padding=0)
    unneeded = (profile.synthesis.inputs - profile.maps) * profile.hidden_dim
    per_pixel = decode if what == "decode" else 3 * decode - unneeded
    return per_pixel * profile.height * profile.width


def multiply_adds_per_s() -> float:
    """What a matrix product that stays in the caches reaches, the best of several."""
    a, b = torch.rand(2, SGEMM_SIDE, SGEMM_SIDE)
    out = torch.empty_like(a)
    return SGEMM_SIDE**3 / min(timed(lambda: torch.mm(a, b, out=out)) for _ in range(SGEMM_RUNS))


Job = Callable[[], object]


def make_jobs(profile: CodecProfile, image: Image, threads: int) -> dict[tuple[str, str], Job]:
    """A step and a decode of everyone, from the same symbols and parameters."""
    source = image.normalised()
    start = source_start(profile, torch.from_numpy(source), 1.0, torch.Generator().manual_seed(0))
    symbols = start.reals.numpy().astype(np.float32)
    symbols /= np.sqrt(np.mean(np.square(symbols)))
    parameters = torch.cat([tensor.reshape(-1) for tensor in start.tensors]).float().numpy()
    noise = noise_pyramid(profile)
    plain = PlainCodec(profile, source, noise, symbols, parameters)
    steps: dict[tuple[str, str], Job] = {("step", PLAIN): plain.step}
    decodes: dict[tuple[str, str], Job] = {("decode", PLAIN): lambda: plain.decode(symbols)}
    expected = plain.decode(symbols)
    for name, model in make_models(profile, threads).items():
        model.set_noise_matrix(noise)
        model.prepare_training(source)
        difference = float(np.abs(model.decode(symbols, parameters) - expected).max())
        if difference > LARGEST_DIFFERENCE:
            raise SystemExit(f"{name} decodes another picture than plain PyTorch: {difference}")
        steps["step", name] = training_step(profile, model, symbols, parameters)
        decodes["decode", name] = decoding(profile, model, symbols, parameters)
    return steps | decodes


def make_models(profile: CodecProfile, threads: int) -> dict[str, Model]:
    """The project's engines, the native one for every instruction set."""
    shape = decoder_shape(profile)
    models: dict[str, Model] = {"torch": TorchModel(shape, device="cpu")}
    if why_not_native() is None:
        for name in instruction_sets():
            models[f"native {name}"] = NativeModel(shape, threads, name)
    return models


def decoding(
    profile: CodecProfile, model: Model, symbols: np.ndarray, parameters: np.ndarray
) -> Job:
    """A decode as a receiver at the design SNR does it, its filter included."""
    noise = FilteredNoise(
        profile.noise_variance / 2, profile.filtered_noise_variance / 2, profile.filter_side
    )
    return lambda: model.decode(symbols, parameters, noise)


def training_step(
    profile: CodecProfile, model: Model, symbols: np.ndarray, parameters: np.ndarray
) -> Job:
    """A step as training takes it, with the default recipe's optimisers."""
    recipe = EncoderSettings().recipe
    state = SymbolState.start(symbols)
    optimiser = SoapParameters(profile.synthesis, profile.parameters)
    trained = parameters.astype(np.float64)
    number = 0

    def step() -> None:
        nonlocal number, trained
        number += 1
        settings = StepSettings(
            noise_key=number,
            symbols_rms=1.0,
            noise_std=(profile.noise_variance / 2) ** 0.5,
            filtered_variance=profile.filtered_noise_variance / 2,
            filter_side=profile.filter_side,
            rates=(recipe.symbol_rate,) * len(profile.level_channels),
            step=number,
        )
        _, gradient = model.step(settings, state, trained.astype(np.float32))
        trained -= recipe.parameter_rate * optimiser.direction(gradient.astype(np.float64))

    return step


def in_turns(jobs: dict[tuple[str, str], Job], runs: int) -> dict[tuple[str, str], list[float]]:
    """Seconds of every job in every round, each time behind a call that does not count.

    PyTorch's threads wait busily for some time after their work and slow down what comes next.
    """
    times: dict[tuple[str, str], list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            job()
            times[name].append(timed(job))
    return times


def timed(job: Job) -> float:
    """Seconds."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
