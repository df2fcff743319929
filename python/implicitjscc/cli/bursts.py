# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as bursts: what ``transmit`` and ``live`` share."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..content import Content
    from ..phy.profile import WaveformProfile
    from ..phy.transmitter import Burst

_log = logging.getLogger(__name__)

# Zeros that let filters settle, and push a burst's end through the receiver's search: it works in
# blocks, and delivers a content when it has looked some 8,400 samples past its end (at 2 a
# symbol).
SILENCE_BEFORE = 512
SILENCE_AFTER = 5000


@dataclass(frozen=True)
class LoadedBurst:
    """A container's burst.

    Attributes:
        path: of the container, or of the source that it was encoded from.
        content: in it.
        burst: modulated.
        sha256: of the container's file.
    """

    path: str
    content: Content
    burst: Burst
    sha256: str

    def padded(self, samples_per_symbol: int) -> NDArray[np.complex64]:
        """The burst's samples with the silence around them."""
        import numpy as np

        before, after = SILENCE_BEFORE * samples_per_symbol, SILENCE_AFTER * samples_per_symbol
        return np.pad(self.burst.samples, (before, after))


def add_options(parser: Any) -> None:
    """Sample rate, waveform, pause, level and clipping."""
    shared.add_sample_rate(parser)
    shared.add_waveform(parser)
    parser.add_argument(
        "--pause",
        type=shared.duration_s,
        default=0.0,
        metavar="S",
        help="zeros between bursts, beside the 5,512 symbols of them that are always there; 0",
    )
    level = parser.add_mutually_exclusive_group()
    level.add_argument(
        "--level-dbfs",
        type=shared.level_dbfs,
        metavar="DB",
        help="rms of the payload, 0 for full scale 1.0; default: -12.04",
    )
    level.add_argument(
        "--payload-rms",
        type=shared.positive_float,
        metavar="RMS",
        help="the same as a factor; default: 0.25",
    )
    parser.add_argument(
        "--clip-db",
        type=shared.positive_float,
        metavar="DB",
        help="largest magnitude over the payload's rms; default: none",
    )


class BurstMaker:
    """Modulates containers as the options say.

    Attributes:
        profile: of the waveform.
        payload_rms: level, full scale 1.0.

    Raises:
        ImplicitJsccError: there is no such waveform, or the level is above full scale.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.profile = shared.waveform(options)
        self.payload_rms = _payload_rms(options)
        self._clip_db = options.clip_db

    def load(self, container_path: str, source_path: str | None = None) -> LoadedBurst:
        """Read a container and modulate it.

        Raises:
            ImplicitJsccError: it cannot be read or sent.
        """
        from ..codec import container
        from ..phy.transmitter import modulate
        from .sigmf_ends import file_sha256

        path = source_path or container_path
        content = container.load(container_path).content()
        burst = modulate(content, self.profile, self.payload_rms, self._clip_db)
        warn_of_peaks(path, burst, self.profile)
        return LoadedBurst(path, content, burst, file_sha256(container_path))

    def at_level(self, loaded: LoadedBurst) -> LoadedBurst:
        """A burst brought to the level that is set now; its form, clipped or not, is kept."""
        import numpy as np

        if loaded.burst.payload_rms == self.payload_rms:
            return loaded
        gain = np.float32(self.payload_rms / loaded.burst.payload_rms)
        burst = dataclasses.replace(
            loaded.burst, samples=loaded.burst.samples * gain, payload_rms=self.payload_rms
        )
        return dataclasses.replace(loaded, burst=burst)


def _payload_rms(options: argparse.Namespace) -> float:
    from ..phy.transmitter import DEFAULT_PAYLOAD_RMS

    if options.level_dbfs is not None:
        return float(10 ** (options.level_dbfs / 20))
    rms = options.payload_rms
    if rms is not None and rms > 1:
        raise ImplicitJsccError("the payload's rms must not be above 1, full scale")
    return DEFAULT_PAYLOAD_RMS if rms is None else float(rms)


def warn_of_peaks(path: str, burst: Burst, profile: WaveformProfile) -> None:
    """Full scale is the end of what a radio can send: say what it would make of this burst."""
    from ..phy.transmitter import clip, distortion_snr_db

    if burst.clipped:
        _log.info(
            "%s: %.2g %% of the samples are clipped, which leaves %.1f dB of signal to distortion",
            *(path, 100 * burst.clipped, burst.clipping_snr_db),
        )
    level_dbfs = 20 * math.log10(burst.payload_rms)
    if level_dbfs + burst.papr_db <= 0.01:
        return
    limited, _ = clip(burst.samples, 1.0)
    snr_db = distortion_snr_db(burst.samples - limited, burst.payload_rms, profile)
    cures = f"--level-dbfs {math.floor(-burst.papr_db)} sends it whole"
    if not profile.spreading_symbols:
        cures += ", and the shipped waveforms spread the peaks"
    _log.warning(
        "%s: peaks are above full scale; a radio would clip them, which leaves %.1f dB of signal "
        "to distortion: %s",
        *(path, snr_db, cures),
    )


def burst_figures(burst: Burst, sample_rate_hz: float, profile: WaveformProfile) -> dict[str, Any]:
    """What there is to say of a burst."""
    return {
        "waveform": profile.name,
        "sample_rate_hz": sample_rate_hz,
        "samples_per_symbol": profile.samples_per_symbol,
        "symbol_rate_hz": sample_rate_hz / profile.samples_per_symbol,
        "frames": burst.frames,
        "overhead": burst.overhead,
        "payload_rms": burst.payload_rms,
        "payload_dbfs": 20 * math.log10(burst.payload_rms),
        "papr_db": burst.papr_db,
        "clipped": burst.clipped,
        "clipping_snr_db": burst.clipping_snr_db,
    }
