# SPDX-License-Identifier: GPL-3.0-or-later
"""A radio that receives, or what takes its place."""

from __future__ import annotations

from typing import Any

from .radio_devices import RECEIVE
from .radio_end import radio_end


class radio_source(radio_end):  # noqa: N801 (GNU Radio's convention)
    """Receive baseband samples by a USRP, a HackRF or another radio, or dry.

    ``device`` is one of

    * ``uhd:ARGS``, as ``uhd:type=b200`` (empty: the first USRP);
    * ``soapy:ARGS``, as ``soapy:driver=hackrf``; ``osmosdr:ARGS``, as ``osmosdr:hackrf=0``;
    * ``file:PATH`` (raw complex64, which ends), ``zmq:ADDRESS`` (a SUB socket is connected) or
      ``sim:`` (faint noise): dry runs.

    The radio runs at a rate that it has; the signal is brought from beside its oscillator, where
    the spike at zero frequency is, to zero frequency and to the waveform's rate. Gains that nobody
    sets are middling ones to start with; there is no automatic gain control.

    On ``status`` a dictionary comes twice a second: the radio as it is set (frequency_hz,
    radio_rate_hz, gain_db, ...), level_dbfs, peak_dbfs, clipped_samples (beyond 0.99 of full
    scale), discontinuities and samples_lost. Samples that a USRP lost become zeros, so that what
    follows keeps its time.

    Args:
        device: which.
        frequency: carrier in Hz.
        sample_rate: of the waveform in Hz.
        gain: in dB, for the whole chain (``30``) or stages (``LNA=16,VGA=20,AMP=0``); empty for
            start values.
        radio_rate: of the device in Hz; 0 for one that fits.
        antenna: empty for the device's own choice.
        bandwidth: of the analog filter in Hz; 0 for the device's own choice.
        lo_offset: oscillator below the carrier by so many Hz; None for what suits the device.
        ppm: error of the device's oscillator, which tuning makes up for.

    Raises:
        ImplicitJsccError: the device, its driver or an argument is not to be had.
    """

    title = "Implicit-JSCC Radio Source"
    direction = RECEIVE

    def _connect_chain(self) -> list[Any]:
        kept = [*self.control.device.chain, self.watch, *self.control.converters()]
        self.connect(*kept, self)
        return kept
