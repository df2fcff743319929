# SPDX-License-Identifier: GPL-3.0-or-later
"""The library's channel between a transmitter and a receiver."""

from __future__ import annotations

from typing import Any

from gnuradio import gr

from implicitjscc.channel import ChannelSettings
from implicitjscc.errors import ImplicitJsccError

from .channel_core import channel_core, end_of_stream


class channel_laboratory(gr.hier_block2):  # noqa: N801 (GNU Radio's convention)
    """A simulated radio link: noise, echoes, oscillators, front end, losses.

    The stream's length changes with the sampling offset, echoes and overruns; at its end nothing is
    held back. Stream tags do not pass. What each argument means is in docs/channel.md and in
    :class:`implicitjscc.channel.ChannelSettings`, whose names these are; the ``set_`` methods work
    while the flowgraph runs, and log what they refuse.

    Args:
        sample_rate: in Hz.
        impairments: any of snr_db, payload_rms, samples_per_symbol, seed, clip_db, multipath,
            delay_spread_s, doppler_hz, sro_ppm, delay_samples, cfo_hz, phase_deg, linewidth_hz,
            loss, loss_length_s, interference_dbc, interference_duty, interference_length_s,
            iq_gain_db, iq_phase_deg, dc_dbc, dc_spike_dbc, dc_spike_bandwidth_hz, agc_step_db,
            agc_interval_s, bits, adc_rms_dbfs, drop_rate and drop_samples.

    Raises:
        ImplicitJsccError: an argument is impossible.
    """

    def __init__(self, sample_rate: float = 1e6, **impairments: Any) -> None:
        item = gr.io_signature(1, 1, gr.sizeof_gr_complex)
        gr.hier_block2.__init__(self, "Implicit-JSCC Channel Laboratory", item, item)
        settings = ChannelSettings(sample_rate_hz=float(sample_rate), **impairments)
        self.end = end_of_stream()
        self.core = channel_core(settings, self.end)
        self.connect(self, self.core, self)
        self.connect(self, self.end)

    @property
    def stats(self) -> dict[str, int]:
        """Counters of this run: samples dropped, values beyond full scale, failures."""
        channel = self.core.channel
        return {
            "dropped_samples": channel.dropped_samples,
            "clipped_values": channel.clipped_values,
            "failures": self.core.failures,
        }

    def _set(self, name: str, value: Any) -> None:
        try:
            getattr(self.core.channel, name)(value)
        except ImplicitJsccError as error:
            self.core.logger.warn(f"{name}: {error}")  # raising would end a Qt application

    def set_snr_db(self, snr_db: float) -> None:
        """Es/N0 from now on."""
        self._set("set_snr_db", snr_db)

    def set_cfo_hz(self, cfo_hz: float) -> None:
        """Carrier frequency offset from now on."""
        self._set("set_cfo_hz", cfo_hz)

    def set_sro_ppm(self, sro_ppm: float) -> None:
        """Sampling rate offset from now on."""
        self._set("set_sro_ppm", sro_ppm)

    def set_linewidth_hz(self, linewidth_hz: float) -> None:
        """Linewidth of the phase noise from now on."""
        self._set("set_linewidth_hz", linewidth_hz)

    def set_multipath(self, multipath: str) -> None:
        """Another multipath channel from now on."""
        self._set("set_multipath", multipath)

    def set_loss(self, loss: float) -> None:
        """Fraction of time that is lost from now on."""
        self._set("set_loss", loss)

    def set_drop_rate(self, drop_rate: float) -> None:
        """Overruns a second from now on."""
        self._set("set_drop_rate", drop_rate)
