#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waveform through the channel laboratory: Es/N0 loss, and PSNR against the ideal channel.

    python benchmarks/channel.py [--rows ideal offsets pn1 pn10 two_echoes] [--snr 0 5 10 15 20]
                                 [--bursts 20] [--symbols 180224] [--rows echoes_20hz tdl_a_20hz]
                                 [--adc-rms-dbfs -12] [--content X.ijscc --reference SOURCE]

Sends Laplace-distributed symbols, or a container's. The loss is the error of the received symbols
over the nominal noise, in dB; with multipath the bound is what the unbiased MMSE linear equaliser
of infinite length loses in the same channels. 1 Msymbol/s, two samples a symbol. Rows:

    ideal       noise and a delay of a fraction of a sample
    offsets     the same, with frequency and sampling offset
    pn1, pn10   all impairments: CFO up to +-10 % of the symbol rate, SRO up to +-40 ppm as the
                same crystals have it, 8 bits at --adc-rms-dbfs (-12), DC -20 dBc, IQ imbalance of
                0.5 dB and 2 degrees, phase noise of 1 or 10 Hz linewidth
    two_echoes  as pn1, with echoes of -6 and -10 dB within 4 symbols, another channel each burst

And not unless asked for, channels that move while a burst lasts, against the unbiased MMSE linear
equaliser that knows them at each moment:

    echoes_5hz, ..._20hz, ..._50hz, ..._100hz, ..._200hz    two_echoes, each path with a Doppler
                shift up to that
    tdl_a_5hz, ..._20hz, ..._50hz                 Rayleigh fading, rms delay spread of 300 ns
    tdl_c_5hz, ..._20hz, ..._50hz                 the same, 1 us

The last columns are the mean PSNR over the waveform, that of `simulate`, and their difference.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

import numpy as np
import report

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.channel.bounds import equaliser_loss_db
from implicitjscc.codec import container, decoder, metrics, sources
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.codec.simulation import simulate
from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.profile import STANDARD
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

SYMBOL_RATE_HZ = 1e6
PPM_OF_CFO = 40.0 / 0.1  # of a carrier of 2.45 GHz, where 10 % of the symbol rate is 40 ppm
ROWS: dict[str, dict[str, object]] = {
    "ideal": {},
    "offsets": {},
    "pn1": {"linewidth_hz": 1.0},
    "pn10": {"linewidth_hz": 10.0},
    "two_echoes": {"linewidth_hz": 1.0, "multipath": "two_echoes"},
}
MOVING: dict[str, dict[str, object]] = {
    **{
        f"echoes_{doppler_hz}hz": {**ROWS["two_echoes"], "doppler_hz": float(doppler_hz)}
        for doppler_hz in (5, 20, 50, 100, 200)
    },
    **{
        f"{profile}_{doppler_hz}hz": {
            "linewidth_hz": 1.0,
            "multipath": profile,
            "delay_spread_s": spread_s,
            "doppler_hz": float(doppler_hz),
        }
        for profile, spread_s in (("tdl_a", 300e-9), ("tdl_c", 1e-6))
        for doppler_hz in (5, 20, 50)
    },
}
SILENCE = 8192  # samples around a burst
FRONT_END: dict[str, object] = {
    "bits": 8,
    "dc_dbc": -20.0,
    "iq_gain_db": 0.5,
    "iq_phase_deg": 2.0,
}
COLUMNS = (
    *("row", "es_n0_db", "loss_db", "std_db", "worst_db", "bound_db", "over_bound_db"),
    *("worst_over_bound_db", "variance_error_db", "frames_lost", "bursts_missed"),
)


@dataclass
class Cell:
    """What was measured at one row and SNR, burst by burst."""

    losses: list[float] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    variance_errors: list[float] = field(default_factory=list)
    psnrs: list[float] = field(default_factory=list)
    frames_lost: int = 0
    missed: int = 0

    def values(self) -> list[object]:
        """The columns after row and SNR."""
        loss, over = np.array(self.losses or [np.nan]), np.array([np.nan])
        if self.losses:
            over = loss - np.array(self.bounds)
        std = loss.std(ddof=1) if loss.size > 1 else np.nan
        numbers = [loss.mean(), std, loss.max(), np.mean(self.bounds or [np.nan])]
        numbers += [over.mean(), over.max(), np.mean(self.variance_errors or [np.nan])]
        return [*(f"{number:.3f}" for number in numbers), self.frames_lost, self.missed]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", choices=(*ROWS, *MOVING), default=list(ROWS))
    parser.add_argument("--snr", type=float, nargs="+", default=[0, 5, 10, 15, 20])
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=180_224, help="without --content")
    parser.add_argument("--adc-rms-dbfs", type=float, default=-12.0, help="level at the 8 bits")
    parser.add_argument("--content", help="a container to send")
    parser.add_argument("--reference", help="its source, for the PSNR")
    options = parser.parse_args()
    if options.reference and not options.content:
        parser.error("--reference needs --content")
    encoded = container.load(options.content) if options.content else None
    reference = sources.read_source(options.reference) if options.reference else None
    print(*report.origin(), sep="\n")
    print(report.row(*COLUMNS, *(["psnr_db", "ideal_db", "psnr_loss_db"] if reference else [])))
    for row in options.rows:
        for snr_db in options.snr:
            cell = measure(row, snr_db, options, encoded, reference)
            columns: list[object] = [row, f"{snr_db:g}", *cell.values()]
            if reference is not None and encoded is not None:
                ideal_db = simulate(encoded, reference, snr_db, options.bursts).psnr_db
                psnr_db = np.mean(cell.psnrs or [np.nan])
                columns += [f"{n:.2f}" for n in (psnr_db, ideal_db, ideal_db - psnr_db)]
            print(report.row(*columns), flush=True)


def measure(
    row: str,
    snr_db: float,
    options: argparse.Namespace,
    encoded: EncodedSource | None,
    reference: sources.Source | None,
) -> Cell:
    """All bursts of one row at one SNR."""
    cell = Cell()
    for seed in range(options.bursts):
        content = encoded.content() if encoded else laplace_content(options.symbols, seed)
        settings = settings_of(row, snr_db, seed).but(adc_rms_dbfs=options.adc_rms_dbfs)
        samples = np.pad(modulate(content, payload_rms=settings.payload_rms).samples, SILENCE)
        receiver = BurstReceiver(sample_rate_hz=settings.sample_rate_hz)
        taken = impair(samples, settings)
        receptions = receiver.push(taken) + receiver.flush()
        if len(receptions) != 1:
            cell.missed += 1
            continue
        received = receptions[0].received
        arrived = ~received.lost
        error = received.symbols[arrived] - content.symbols[arrived]
        power = float(np.mean(np.abs(error) ** 2))
        reported = float(np.mean(received.noise_variance[arrived]))
        cell.losses.append(10 * np.log10(power) + snr_db)
        cell.bounds.append(bound_db(settings, samples.size))
        cell.variance_errors.append(10 * np.log10(reported / power))
        cell.frames_lost += receptions[0].frames_lost
        if reference is not None:
            cell.psnrs.append(metrics.psnr_db(reference, decoder.decode(received).source))
    return cell


def bound_db(settings: ChannelSettings, samples: int) -> float:
    """What an equaliser loses that knows the channel, through a stream with one burst."""
    if not settings.doppler_hz:
        return equaliser_loss_db(settings, STANDARD.rolloff)
    times_s = np.linspace(SILENCE, samples - SILENCE, 400) / settings.sample_rate_hz
    return equaliser_loss_db(settings, STANDARD.rolloff, 256, times_s)


def settings_of(row: str, snr_db: float, seed: int) -> ChannelSettings:
    """The channel of a burst: the same one at every SNR."""
    rng = np.random.default_rng([seed, 1])
    delay, turn, cfo = rng.random(), rng.uniform(0, 360), rng.uniform(-0.1, 0.1)
    settings = ChannelSettings(
        sample_rate_hz=SYMBOL_RATE_HZ * STANDARD.samples_per_symbol,
        samples_per_symbol=STANDARD.samples_per_symbol,
        snr_db=snr_db,
        seed=seed,
        delay_samples=delay,
        phase_deg=turn,
    )
    if row != "ideal":
        # A slow transmitter has a low carrier and long symbols.
        settings = settings.but(cfo_hz=cfo * SYMBOL_RATE_HZ, sro_ppm=-cfo * PPM_OF_CFO)
    if row not in ("ideal", "offsets"):
        settings = settings.but(**FRONT_END)
    return settings.but(**{**ROWS, **MOVING}[row])


def laplace_content(size: int, seed: int) -> Content:
    """Heavy-tailed symbols of unit power."""
    rng = np.random.default_rng(seed)
    symbols = rng.laplace(size=size) + 1j * rng.laplace(size=size)
    symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
    return Content(symbols.astype(np.complex64), bytes(DESCRIPTION_BYTES), seed)


if __name__ == "__main__":
    main()
