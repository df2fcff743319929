# SPDX-License-Identifier: GPL-3.0-or-later
"""All impairments, in the order in which a signal meets them."""

from __future__ import annotations

import math
import threading

import numpy as np
from numpy.typing import ArrayLike

from .converters import Clipping, Quantiser
from .drops import SampleDrops
from .front_end import DcOffset, DcSpike, IqImbalance
from .impairment import Impairment, Samples, Source, generator
from .multipath import Multipath
from .noise import Awgn, noise_rms
from .oscillators import FrequencyOffset, PhaseNoise
from .sampling_offset import SamplingOffset
from .settings import ChannelSettings
from .slots import BurstInterference, BurstLoss, GainSteps, RandomSlots

BLOCK = 8192
"""Samples that pass through all stages at a time; changes of settings take effect between two."""


class Channel:
    """A radio link for a stream of samples.

    The order is the physical one: the transmitter's amplifier; propagation (multipath); the two
    clocks (sampling offset and delay); the two oscillators (frequency offset, phase noise); what
    reaches the antenna (loss of signal, noise, interference); the front end (IQ imbalance, DC,
    gain); the converter; the way to the host (dropped samples).

    What comes out does not depend on the pieces in which samples arrive; at most some 10,000
    samples are kept. Setters may be called from another thread.

    Args:
        settings: what the link does.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        self._lock = threading.Lock()
        self._settings = self._applied = settings
        self._waiting: Samples = np.empty(0, np.complex64)
        self._build(settings)

    @property
    def settings(self) -> ChannelSettings:
        """As last set."""
        return self._settings

    @property
    def dropped_samples(self) -> int:
        """Samples that were removed by overruns."""
        return self._drops.dropped

    @property
    def clipped_values(self) -> int:
        """Values of I and Q beyond the converter's full scale."""
        return self._quantiser.clipped

    def process(self, samples: ArrayLike) -> Samples:
        """Take the next samples of the stream, complex, shape (n,).

        Returns:
            what has come through, shape (m,), complex64.
        """
        taken = np.asarray(samples).astype(np.complex64, copy=False).reshape(-1)
        waiting = np.concatenate([self._waiting, taken])
        whole = waiting.size // BLOCK * BLOCK
        through = [self._pass(waiting[i : i + BLOCK], 0) for i in range(0, whole, BLOCK)]
        self._waiting = waiting[whole:].copy()
        return np.concatenate(through) if through else waiting[:0]

    def flush(self) -> Samples:
        """The stream has ended: all that is left of it. Call it once, and nothing after it."""
        through = [self._pass(self._waiting, 0)]
        self._waiting = self._waiting[:0]
        for number, stage in enumerate(self._stages, start=1):
            through.append(self._pass(stage.flush(), number))
        return np.concatenate(through)

    def set_snr_db(self, snr_db: float) -> None:
        """Es/N0 from now on; raises ImplicitJsccError like all of these."""
        self._change(snr_db=snr_db)

    def set_cfo_hz(self, cfo_hz: float) -> None:
        """Carrier frequency offset; the phase goes on."""
        self._change(cfo_hz=cfo_hz)

    def set_sro_ppm(self, sro_ppm: float) -> None:
        """Sampling rate offset; the timing goes on."""
        self._change(sro_ppm=sro_ppm)

    def set_linewidth_hz(self, linewidth_hz: float) -> None:
        """Linewidth of the phase noise."""
        self._change(linewidth_hz=linewidth_hz)

    def set_multipath(self, multipath: str) -> None:
        """Profile or explicit paths; the same seed gives the same channel again."""
        self._change(multipath=multipath)

    def set_loss(self, loss: float) -> None:
        """Fraction of time that is lost."""
        self._change(loss=loss)

    def set_drop_rate(self, drop_rate: float) -> None:
        """Overruns a second."""
        self._change(drop_rate=drop_rate)

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._settings = self._settings.but(**changes)

    def _pass(self, samples: Samples, first: int) -> Samples:
        settings = self._settings
        if settings is not self._applied:
            self._apply(settings)
        # What is not finite stays so, and spoils its neighbours within the filters' blocks only.
        with np.errstate(over="ignore", invalid="ignore"):
            for stage in self._stages[first:]:
                samples = stage.process(samples)
        return samples

    def _build(self, settings: ChannelSettings) -> None:
        def random(source: Source) -> np.random.Generator:
            return generator(settings.seed, source)

        def slots(length_s: float, source: Source) -> RandomSlots:
            return RandomSlots(round(length_s * rate), random(source))

        rate, rms = settings.sample_rate_hz, settings.payload_rms
        self._multipath = Multipath(None, 0.0, random(Source.FADING))
        self._sampling = SamplingOffset(settings.sro_ppm, settings.delay_samples)
        self._frequency = FrequencyOffset(phase_rad=math.radians(settings.phase_deg))
        self._phase_noise = PhaseNoise(0.0, random(Source.PHASE_NOISE))
        self._loss = BurstLoss(0.0, slots(settings.loss_length_s, Source.LOSS))
        self._awgn = Awgn(0.0, random(Source.AWGN))
        self._gain = GainSteps(
            0.0, settings.agc_step_db, slots(settings.agc_interval_s, Source.GAIN_STEPS)
        )
        self._quantiser = Quantiser(settings.bits)
        self._drops = SampleDrops(0.0, settings.drop_samples, random(Source.DROPS))
        self._stages: list[Impairment] = [
            Clipping(rms * _ratio(settings.clip_db)),
            self._multipath,
            self._sampling,
            self._frequency,
            self._phase_noise,
            self._loss,
            self._awgn,
            BurstInterference(
                rms * _ratio(settings.interference_dbc),
                settings.interference_duty,
                slots(settings.interference_length_s, Source.INTERFERENCE_SLOTS),
                random(Source.INTERFERENCE),
            ),
            IqImbalance(settings.iq_gain_db, settings.iq_phase_deg),
            DcOffset(rms * _ratio(settings.dc_dbc)),
            DcSpike(
                rms * _ratio(settings.dc_spike_dbc),
                settings.dc_spike_bandwidth_hz / rate,
                random(Source.DC_SPIKE),
            ),
            self._gain,
            self._quantiser,
            self._drops,
        ]
        self._apply(settings, first=True)

    def _apply(self, settings: ChannelSettings, *, first: bool = False) -> None:
        rate, before = settings.sample_rate_hz, self._applied
        self._applied = settings
        if first or settings.multipath != before.multipath:
            random = generator(settings.seed, Source.FADING)
            self._multipath.set_paths(settings.paths(), settings.doppler_hz / rate, random)
        self._sampling.sro_ppm = settings.sro_ppm
        if self._frequency.cycles_per_sample != settings.cfo_hz / rate:
            self._frequency.cycles_per_sample = settings.cfo_hz / rate
        self._phase_noise.linewidth = settings.linewidth_hz / rate
        self._loss.probability = settings.loss
        self._awgn.rms = noise_rms(
            settings.snr_db, settings.payload_rms, settings.samples_per_symbol
        )
        level = math.hypot(settings.payload_rms, self._awgn.rms)
        self._gain.gain_db = (
            settings.adc_rms_dbfs - 20 * math.log10(level) if settings.bits else 0.0
        )
        self._drops.rate = settings.drop_rate / rate


def impair(samples: ArrayLike, settings: ChannelSettings) -> Samples:
    """A whole recording through a channel.

    Args:
        samples: complex, shape (n,).
        settings: what the link does.

    Returns:
        shape (m,), complex64.
    """
    channel = Channel(settings)
    return np.concatenate([channel.process(samples), channel.flush()])


def _ratio(level_db: float) -> float:
    return 10 ** (level_db / 20) if level_db != math.inf else math.inf
