# SPDX-License-Identifier: GPL-3.0-or-later
"""L_k where the user names none, by design SNR.

One row for each range of design SNRs, found by ``implicitjscc search`` and kept where whole
pictures confirmed it: docs/search.md has the commands and the figures. At low SNR a second map in
half resolution is worth less than four in a quarter, and than the wider decoder that fits into the
channel uses which that leaves.
"""

from __future__ import annotations

from math import inf

from .pyramid import default_level_channels

# Below this the larger decoder of more maps costs more channel uses than its symbols save.
_LEAST_PIXELS = 1 << 15

_COLOUR_PICTURES = (
    # up to this design SNR in dB, L_k
    (5.0, (1, 0, 4, 1, 1, 1, 1)),
    (inf, (1, 1, 1, 1, 1, 1, 1)),
)


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
