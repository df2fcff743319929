# SPDX-License-Identifier: GPL-3.0-or-later
"""L_k where the user names none, by design SNR.

One row for each range of design SNRs, found by ``implicitjscc search`` and kept where whole
pictures confirmed it: docs/search.md has the commands and the figures. At low SNR a second map in
half resolution is worth less than four in a quarter, and than the wider decoder that fits into the
channel uses which that leaves. Speech has little in its upper octave: what a second map there costs
is worth more in the next two levels, at as many uses for the symbols.
"""

from __future__ import annotations

from math import inf

from .profile import MAXIMUM_LEVEL_CHANNELS
from .pyramid import default_level_channels

# Below this the larger decoder of more maps costs more channel uses than its symbols save.
_LEAST_PIXELS = 1 << 15
# Shorter clips, and other SNRs, were not measured or gained nothing.
_LEAST_SAMPLES = 1 << 14
_AUDIO_SNRS_DB = (5.0, 20.0)

_COLOUR_PICTURES = (
    # up to this design SNR in dB, L_k
    (5.0, (1, 0, 4, 1, 1, 1, 1)),
    (inf, (1, 1, 1, 1, 1, 1, 1)),
)

_AUDIO = (1, 0, 2, 3, 1, 1, 1)


def picture_level_channels(height: int, width: int, snr_db: float) -> tuple[int, ...]:
    """Those of a colour picture whose parameters are coded.

    Args:
        height, width: of the picture.
        snr_db: design SNR.
    """
    plain = default_level_channels(height, width)
    if height * width < _LEAST_PIXELS:
        return plain
    found = next(levels for highest_db, levels in _COLOUR_PICTURES if snr_db <= highest_db)
    return found if len(found) == len(plain) else plain


def audio_level_channels(length: int, channels: int, snr_db: float) -> tuple[int, ...]:
    """Those of audio whose parameters are coded.

    Args:
        length: samples of a channel.
        channels: of the audio; each has maps of its own.
        snr_db: design SNR.
    """
    plain = default_level_channels(1, length, channels)
    found = tuple(maps * channels for maps in _AUDIO)
    lowest_db, highest_db = _AUDIO_SNRS_DB
    measured = length >= _LEAST_SAMPLES and lowest_db <= snr_db <= highest_db
    return found if measured and max(found) <= MAXIMUM_LEVEL_CHANNELS else plain
