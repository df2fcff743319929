#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lost frame, lost time and dropped samples cost, and what further receptions bring.

    python benchmarks/combining.py X.ijscc=PICTURE [...] [--snr 10] [--draws 4] [--receptions 3]

Sends each container, in eight frames at 1 Msymbol/s, through the channel laboratory. A row is the
mean over --draws draws of the combination of so many receptions:

    frames N       N whole frames lost, drawn anew for each reception
    loss P T       a part P of the time lost in pieces of T ms
    drops N        N overruns of 2,000 samples a second
    both           a part 0.2 of the time lost in pieces of 5 ms, and 20 overruns a second
    drop           one overrun of 2,000 samples in the middle of a frame
    drop told      the same, and the receiver is told where
    drop genie     all but the missing samples, out of a reception without an overrun

Columns: part of the coefficients that arrived, their SNR as reported, their noise variance as
reported over their error, PSNR (mean and least), cost against no loss, part of the draws whose
decoder arrived, and by how much PSNR fell at the most when the last reception was added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import report

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.codec import container, decoder, metrics, sources
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.phy import diversity
from implicitjscc.phy.combiner import Combiner
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.header import CODED_UNIT, Header
from implicitjscc.phy.profile import STANDARD, WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.reception import Reception
from implicitjscc.phy.transmitter import modulate

Receive = Callable[[int], list[Reception]]  # of a seed

RATE_HZ = 2e6
FRAMES = 8
BEFORE, AFTER, DROPPED = 4096, 16_384, 2000
CHANNELS: dict[str, dict[str, float]] = {
    **{f"loss 0.5 {ms:g}": {"loss": 0.5, "loss_length_s": ms / 1e3} for ms in (0.5, 2, 10, 50)},
    **{f"loss {part:g} 5": {"loss": part, "loss_length_s": 5e-3} for part in (0.1, 0.2, 0.3)},
    "drops 20": {"drop_rate": 20.0},
    "both": {"loss": 0.2, "loss_length_s": 5e-3, "drop_rate": 20.0},
}
COLUMNS = (
    *("picture", "channel", "receptions", "arrived", "snr_db", "variance_error_db", "psnr_db"),
    *("least_psnr_db", "cost_db", "decoded", "largest_fall_db"),
)


class Link:
    """One content on its way.

    Args:
        encoded: the content.
        snr_db: Es/N0.
    """

    def __init__(self, encoded: EncodedSource, snr_db: float) -> None:
        content = encoded.content()
        size = content.symbols.size
        self.profile: WaveformProfile = replace(STANDARD, payload_symbols=-(-size // FRAMES))
        self.layout = FrameLayout(size, self.profile)
        self.frame_samples = 2 * self.layout.frame_symbols
        self._snr_db = snr_db
        self._burst = np.pad(modulate(content, self.profile).samples, (BEFORE, AFTER))
        left_out = Header.of(content, self.profile).coded_units * CODED_UNIT
        self.sent = diversity.spread(content.symbols, left_out, self.profile.diversity_symbols)

    def through(self, settings: dict[str, float], seed: int, bursts: int) -> list[Reception]:
        """Receptions of bursts over a channel."""
        return self._receive(np.tile(self._burst, bursts), settings, seed)

    def without_frames(self, count: int, seed: int, bursts: int) -> list[Reception]:
        """Receptions of bursts of which some frames are silence."""
        rng = np.random.default_rng([seed, count])
        samples = np.tile(self._burst, (bursts, 1))
        for burst in samples:
            for frame in rng.permutation(FRAMES)[:count]:
                first = BEFORE + int(frame) * self.frame_samples
                burst[first : first + self.frame_samples] = 0
        return self._receive(samples.reshape(-1), {}, seed)

    def with_a_drop(self, seed: int, told: bool) -> list[Reception]:
        """A reception with one overrun in the middle of a frame."""
        frame = np.random.default_rng([seed, 99]).integers(1, FRAMES - 1)
        place = BEFORE + int((frame + 0.5) * self.frame_samples)
        samples = self._noisy(self._burst, {}, seed)
        receiver = BurstReceiver(self.profile, RATE_HZ)
        found = receiver.push(samples[:place])
        if told:
            receiver.note_discontinuity()
        return found + receiver.push(samples[place + DROPPED :]) + receiver.flush()

    def genie(self, seed: int) -> list[Reception]:
        """A reception of which exactly as many symbols are lost as the overrun took."""
        (reception,) = self.through({}, seed, 1)
        assert reception.spreading is not None
        coefficients = reception.spreading.coefficients
        variance = coefficients.noise_variance.copy()
        missing = np.random.default_rng(seed).permutation(variance.size)[: DROPPED // 2]
        variance[missing] = np.inf
        spreading = replace(
            reception.spreading, coefficients=replace(coefficients, noise_variance=variance)
        )
        return [replace(reception, received=spreading.received(), spreading=spreading)]

    def _noisy(self, samples: np.ndarray, settings: dict[str, float], seed: int) -> np.ndarray:
        channel = ChannelSettings(sample_rate_hz=RATE_HZ, snr_db=self._snr_db, seed=seed)
        return impair(samples, channel.but(**settings))

    def _receive(
        self, samples: np.ndarray, settings: dict[str, float], seed: int
    ) -> list[Reception]:
        receiver = BurstReceiver(self.profile, RATE_HZ)
        return receiver.push(self._noisy(samples, settings, seed)) + receiver.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contents", nargs="+", metavar="X.ijscc=PICTURE")
    parser.add_argument("--snr", type=float, default=10.0)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--receptions", type=int, default=3)
    options = parser.parse_args()
    print(*report.origin(), sep="\n")
    print(report.row(*COLUMNS))
    for pair in options.contents:
        path, _, picture = pair.partition("=")
        encoded, reference = container.load(path), sources.read_source(picture)
        whole = 0.0
        for name, receptions, found in measured(encoded, reference, options):
            whole = whole or float(found[3])
            cost = whole - float(found[3])
            row = [*found[:5], cost, *found[5:]]
            print(report.row(picture.rpartition("/")[2], name, receptions, *row), flush=True)


def measured(
    encoded: EncodedSource, reference: sources.Source, options: argparse.Namespace
) -> Iterator[tuple[str, int, list[float]]]:
    """Channel, receptions, and the columns behind them without the cost."""
    link = Link(encoded, options.snr)
    several = options.receptions
    cases: dict[str, tuple[int, Receive]] = {
        f"frames {n}": (several, _frames(link, n, several)) for n in (0, 1, 4)
    }
    for name, settings in CHANNELS.items():
        cases[name] = several, _channel(link, settings, several)
    cases["drop"] = 1, lambda seed: link.with_a_drop(seed, told=False)
    cases["drop told"] = 1, lambda seed: link.with_a_drop(seed, told=True)
    cases["drop genie"] = 1, link.genie
    for name, (most, receive) in cases.items():
        draws = [_combined(link, reference, receive(seed)) for seed in range(options.draws)]
        for turn in range(most):
            rows = np.array([draw[turn] for draw in draws if len(draw) > turn])
            falls = [
                draw[turn - 1][3] - draw[turn][3] for draw in draws if turn and len(draw) > turn
            ]
            if rows.size:
                mean = rows.mean(axis=0)
                least = float(rows[:, 3].min())
                fall = max(falls) if falls else float("nan")
                columns = [*map(float, mean[:4]), least, float(mean[4]), fall]
                yield name, turn + 1, columns


def _frames(link: Link, count: int, bursts: int) -> Receive:
    return lambda seed: link.without_frames(count, seed, bursts)


def _channel(link: Link, settings: dict[str, float], bursts: int) -> Receive:
    return lambda seed: link.through(settings, seed, bursts)


def _combined(
    link: Link, reference: sources.Source, receptions: list[Reception]
) -> list[tuple[float, float, float, float, float]]:
    """After each reception: arrived, SNR, error of the variance, PSNR, decoder there."""
    combiner, rows = Combiner(), []
    for reception in receptions:
        _, together, _ = combiner.add(reception)
        assert together.spreading is not None
        coefficients = together.spreading.coefficients
        there = ~coefficients.lost
        error = np.abs(coefficients.symbols[there] - link.sent[there]) ** 2
        shown = decoder.decode(together.received)
        psnr_db = metrics.psnr_db(reference, shown.source)
        reported = np.mean(coefficients.noise_variance[there], dtype=np.float64)
        off_db = float(10 * np.log10(reported / np.mean(error)))
        exact = float(shown.decoder != "approximate")
        rows.append((float(np.mean(there)), together.snr_db, off_db, psnr_db, exact))
    return rows


if __name__ == "__main__":
    main()
