# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a channel is made of, in one place."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from ..errors import ImplicitJsccError
from .impairment import Source, generator
from .multipath import LARGEST_DOPPLER, MOST_DELAY
from .profiles import Paths, paths_of
from .sampling_offset import LARGEST_PPM
from .slots import LEAST_SLOT

_BOUNDS = {
    "sample_rate_hz": (1.0, 1e10),
    "payload_rms": (1e-6, 1e3),
    "clip_db": (-20.0, math.inf),
    "delay_spread_s": (0.0, 1.0),
    "sro_ppm": (-LARGEST_PPM, LARGEST_PPM),
    "delay_samples": (0.0, 1e6),
    "phase_deg": (-1e6, 1e6),
    "loss": (0.0, 1.0),
    "snr_db": (-100.0, math.inf),
    "interference_dbc": (-math.inf, 100.0),
    "interference_duty": (0.0, 1.0),
    "iq_gain_db": (-20.0, 20.0),
    "iq_phase_deg": (-45.0, 45.0),
    "dc_dbc": (-math.inf, 100.0),
    "dc_spike_dbc": (-math.inf, 100.0),
    "agc_step_db": (0.0, 60.0),
    "adc_rms_dbfs": (-120.0, 20.0),
    "drop_rate": (0.0, 1e6),
}
_INTEGERS = {
    "samples_per_symbol": (1, 64),
    "seed": (0, 2**63 - 1),
    "bits": (0, 16),
    "drop_samples": (16, 10_000_000),
}


@dataclass(frozen=True)
class ChannelSettings:
    """Impairments between a transmitter's and a receiver's baseband samples, all off by default.

    Ratios in dBc are over payload_rms. Times and lengths are converted to whole samples.

    Attributes:
        sample_rate_hz: of the stream.
        samples_per_symbol: of the stream.
        payload_rms: rms of the samples that carry the payload, full scale 1.0.
        seed: of all that is random.
        clip_db: the transmitter's amplifier limits the envelope at this level over payload_rms.
        multipath: "none", "two_echoes", "tdl_a" to "tdl_e", or explicit paths
            "delay_symbols gain_db phase_deg; ...".
        delay_spread_s: rms delay spread of the tapped delay lines.
        doppler_hz: largest Doppler shift.
        sro_ppm: received symbol interval over the nominal one, minus 1, in 10^-6.
        delay_samples: by which the stream comes later, any fraction.
        cfo_hz: carrier frequency offset as received.
        phase_deg: carrier phase of the first sample.
        linewidth_hz: of the Wiener phase noise of both oscillators together.
        loss: fraction of time in which the signal is gone and the noise stays.
        loss_length_s: length of each piece of time that is lost or not.
        snr_db: Es/N0 of a payload symbol; inf for no noise.
        interference_dbc: power of bursts of white noise while they are there.
        interference_duty: fraction of time.
        interference_length_s: length of each piece of time.
        iq_gain_db: gain of Q over I.
        iq_phase_deg: by which Q is not in quadrature.
        dc_dbc: power of a constant; -inf for none.
        dc_spike_dbc: power of a line of some width at frequency zero; -inf for none.
        dc_spike_bandwidth_hz: its one-sided bandwidth.
        agc_step_db: the gain of each interval is off by this, by nothing, or by minus this.
        agc_interval_s: length of each interval.
        bits: of the receiver's converter for I and for Q; 0 for none.
        adc_rms_dbfs: rms of payload and noise at the converter; without one the gain is 1.
        drop_rate: overruns a second.
        drop_samples: samples that are missing in each.

    Raises:
        ImplicitJsccError: a value is impossible.
    """

    sample_rate_hz: float = 2e6
    samples_per_symbol: int = 2
    payload_rms: float = 0.25
    seed: int = 1
    clip_db: float = math.inf
    multipath: str = "none"
    delay_spread_s: float = 300e-9
    doppler_hz: float = 0.0
    sro_ppm: float = 0.0
    delay_samples: float = 0.0
    cfo_hz: float = 0.0
    phase_deg: float = 0.0
    linewidth_hz: float = 0.0
    loss: float = 0.0
    loss_length_s: float = 5e-3
    snr_db: float = math.inf
    interference_dbc: float = -math.inf
    interference_duty: float = 0.0
    interference_length_s: float = 1e-3
    iq_gain_db: float = 0.0
    iq_phase_deg: float = 0.0
    dc_dbc: float = -math.inf
    dc_spike_dbc: float = -math.inf
    dc_spike_bandwidth_hz: float = 100.0
    agc_step_db: float = 0.0
    agc_interval_s: float = 0.05
    bits: int = 0
    adc_rms_dbfs: float = -12.0
    drop_rate: float = 0.0
    drop_samples: int = 2000

    def __post_init__(self) -> None:
        for name in _INTEGERS:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ImplicitJsccError(f"{name} is a whole number, not {value!r}")
        for name, (least, most) in {**_INTEGERS, **_BOUNDS}.items():
            self._require(name, least, most)
        rate = self.sample_rate_hz
        self._require("cfo_hz", -rate / 2, rate / 2)
        self._require("linewidth_hz", 0, rate / 2)
        self._require("dc_spike_bandwidth_hz", 0, rate / 2)
        self._require("doppler_hz", 0, LARGEST_DOPPLER * rate)
        if self.drop_rate * self.drop_samples > rate:
            raise ImplicitJsccError("drop_rate times drop_samples is more than half of all samples")
        for name in ("loss_length_s", "interference_length_s", "agc_interval_s"):
            self._require(name, LEAST_SLOT / rate, 1e4)
        paths = self.paths()
        if paths is not None and paths.delays.max() > MOST_DELAY:
            raise ImplicitJsccError(
                f"multipath {self.multipath}: a delay of {paths.delays.max():.0f} samples is more "
                f"than {MOST_DELAY}"
            )

    def _require(self, name: str, least: float, most: float) -> None:
        value = getattr(self, name)
        if not isinstance(value, (int, float)) or not least <= value <= most:  # nor a NaN
            raise ImplicitJsccError(f"{name} is from {least:g} to {most:g}, not {value!r}")

    def paths(self) -> Paths | None:
        """The paths of the multipath channel, for this seed; None where there is but one."""
        spread = self.delay_spread_s * self.sample_rate_hz
        random = generator(self.seed, Source.MULTIPATH)
        return paths_of(self.multipath, self.samples_per_symbol, spread, random)

    def but(self, **changes: object) -> ChannelSettings:
        """These settings with some changed.

        Raises:
            ImplicitJsccError: a value is impossible.
        """
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]
