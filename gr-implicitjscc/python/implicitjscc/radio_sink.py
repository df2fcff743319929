# SPDX-License-Identifier: GPL-3.0-or-later
"""A radio that sends, or what takes its place."""

from __future__ import annotations

from typing import Any

from .radio_devices import TRANSMIT
from .radio_end import radio_end


class radio_sink(radio_end):  # noqa: N801 (GNU Radio's convention)
    """Send baseband samples by a USRP, a HackRF or another radio, or dry.

    ``device`` is one of

    * ``uhd:ARGS``, as ``uhd:type=b200`` (empty: the first USRP);
    * ``soapy:ARGS``, as ``soapy:driver=hackrf``; ``osmosdr:ARGS``, as ``osmosdr:hackrf=0``;
    * ``file:PATH`` (raw complex64), ``zmq:ADDRESS`` (a PUB socket is bound) or ``sim:`` (nothing):
      dry runs at the radio's pace.

    The stream is brought to a rate that the radio has, and its carrier beside the oscillator: by a
    quarter of the rate with SoapySDR, by the USRP's own hardware with UHD. Gains that nobody sets
    are low ones to start with. I and Q are clipped to full scale, 1.0.

    On ``status`` a dictionary comes twice a second: the radio as it is set (frequency_hz,
    radio_rate_hz, gain_db, ...), level_dbfs, peak_dbfs, clipped_samples, underruns,
    sequence_errors, late (the last three with UHD only).

    The stream must not starve: let the Transmitter fill pauses with zeros (its mode "continuous"
    or "carousel"), and give a HackRF 131,072 zeros after each burst.

    Args:
        device: which.
        frequency: carrier in Hz.
        sample_rate: of the waveform in Hz.
        gain: in dB, for the whole chain (``20``) or stages (``VGA=20,AMP=0``); empty to start low.
        radio_rate: of the device in Hz; 0 for one that fits.
        antenna: empty for the device's own choice.
        bandwidth: of the analog filter in Hz; 0 for the device's own choice.
        lo_offset: oscillator below the carrier by so many Hz; None for what suits the device.
        ppm: error of the device's oscillator, which tuning makes up for.

    Raises:
        ImplicitJsccError: the device, its driver or an argument is not to be had.
    """

    title = "Implicit-JSCC Radio Sink"
    direction = TRANSMIT

    def _connect_chain(self) -> list[Any]:
        kept = [*self.control.converters(), self.watch, *self.control.device.chain]
        self.connect(self, *kept)
        port = self.control.device.event_port
        if port is not None:
            self.msg_connect((kept[-1], port), (self.watch, "events"))
        return kept

    @property
    def tail_samples(self) -> int:
        """Zeros, at the waveform's rate, that push the last burst out of the device."""
        filters = 64
        return self.control.device.tail + filters
