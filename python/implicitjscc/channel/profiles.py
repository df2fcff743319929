# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths a multipath channel has.

The tapped delay lines are those of 3GPP TR 38.901, tables 7.7.2-1 to 7.7.2-5, with delays
normalised to an rms delay spread of 1 and scaled as in its section 7.7.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError

_TDL_A = (
    "0 -13.4 .3819 0 .4025 -2.2 .5868 -4 .4610 -6 .5375 -8.2 .6708 -9.9 .5750 -10.5 .7618 -7.5 "
    "1.5375 -15.9 1.8978 -6.6 2.2242 -16.7 2.1718 -12.4 2.4942 -15.2 2.5119 -10.8 3.0582 -11.3 "
    "4.0810 -12.7 4.4579 -16.2 4.5695 -18.3 4.7966 -18.9 5.0066 -16.6 5.3043 -19.9 9.6586 -29.7"
)
_TDL_B = (
    "0 0 .1072 -2.2 .2155 -4 .2095 -3.2 .2870 -9.8 .2986 -1.2 .3752 -3.4 .5055 -5.2 .3681 -7.6 "
    ".3697 -3 .5700 -8.9 .5283 -9 1.1021 -4.8 1.2756 -5.7 1.5474 -7.5 1.7842 -1.9 2.0169 -7.6 "
    "2.8294 -12.2 3.0219 -9.8 3.6187 -11.4 4.1067 -14.9 4.2790 -9.2 4.7834 -11.3"
)
_TDL_C = (
    "0 -4.4 .2099 -1.2 .2219 -3.5 .2329 -5.2 .2176 -2.5 .6366 0 .6448 -2.2 .6560 -3.9 .6584 -7.4 "
    ".7935 -7.1 .8213 -10.7 .9336 -11.1 1.2285 -5.1 1.3083 -6.8 2.1704 -8.7 2.7105 -13.2 "
    "4.2589 -13.9 4.6003 -13.9 5.4902 -15.8 5.6077 -17.1 6.3065 -16 6.6374 -15.7 7.0427 -21.6 "
    "8.6523 -22.8"
)
_TDL_D = (
    "0 -13.5 .035 -18.8 .612 -21 1.363 -22.8 1.405 -17.9 1.804 -20.1 2.596 -21.9 1.775 -22.9 "
    "4.042 -27.8 7.937 -23.6 9.424 -24.8 9.708 -30 12.525 -27.7"
)
_TDL_E = (
    "0 -22.03 .5133 -15.8 .5440 -18.1 .5630 -19.8 .5440 -22.9 .7112 -22.4 1.9092 -18.6 "
    "1.9293 -20.8 1.9589 -22.6 2.6426 -22.3 3.7136 -25.6 5.4524 -20.2 12.0034 -29.8 20.6519 -29.2"
)
_TABLES = {"tdl_a": _TDL_A, "tdl_b": _TDL_B, "tdl_c": _TDL_C, "tdl_d": _TDL_D, "tdl_e": _TDL_E}
_LINE_OF_SIGHT_DB = {"tdl_d": -0.2, "tdl_e": -0.03}

NAMES = ("none", "two_echoes", *_TABLES)
"""Profiles that have a name."""


@dataclass(frozen=True)
class Paths:
    """What arrives, path by path.

    Attributes:
        delays: shape (p,), in samples.
        specular: shape (p,), complex amplitude of what is a single wave.
        scattered: shape (p,), rms amplitude of what is the sum of many.
        moving: shape (p,), the specular waves' Doppler shift over the largest one, -1 to 1.
    """

    delays: NDArray[np.float64]
    specular: NDArray[np.complex128]
    scattered: NDArray[np.float64]
    moving: NDArray[np.float64]


def paths_of(
    profile: str, symbol: float, delay_spread: float, random: np.random.Generator
) -> Paths | None:
    """The paths of a profile.

    * ``none``: None.
    * ``two_echoes``: a direct path and echoes of -6 and -10 dB, 0.3 to 4 symbols later, of random
      phases and total power 1.
    * ``tdl_a`` to ``tdl_e``: see above; a, b and c have Rayleigh fading on each path, d and e a
      line of sight too. Mean power 1.
    * explicit: ``delay_symbols gain_db phase_deg``, with semicolons between the paths, such as
      ``0 0 0; 1.5 -6 90``; the powers are as given.

    Args:
        profile: as above.
        symbol: samples of one.
        delay_spread: rms delay spread of a tapped delay line, in samples.
        random: where delays and phases are drawn from.

    Raises:
        ImplicitJsccError: there is no such profile.
    """
    if profile == "none":
        return None
    if profile == "two_echoes":
        return _two_echoes(symbol, random)
    if profile in _TABLES:
        return _tapped_delay_line(profile, delay_spread, random)
    return _explicit(profile, symbol)


def rms_delay_spread(paths: Paths) -> float:
    """In samples, over the mean powers."""
    powers = np.abs(paths.specular) ** 2 + paths.scattered**2
    mean = np.average(paths.delays, weights=powers)
    return float(np.sqrt(np.average((paths.delays - mean) ** 2, weights=powers)))


def _two_echoes(symbol: float, random: np.random.Generator) -> Paths:
    delays = np.array([0.0, *random.uniform(0.3, 4.0, 2)]) * symbol
    amplitudes = 10 ** (np.array([0.0, -6.0, -10.0]) / 20)
    phases = random.uniform(0, 2 * np.pi, 3)
    specular = amplitudes * np.exp(1j * phases) / np.sqrt(np.sum(amplitudes**2))
    moving = np.cos(random.uniform(0, 2 * np.pi, 3))
    return Paths(delays, specular, np.zeros(3), moving)


def _tapped_delay_line(profile: str, delay_spread: float, random: np.random.Generator) -> Paths:
    table = np.array(_TABLES[profile].split(), float).reshape(-1, 2)
    scattered = 10 ** (table[:, 1] / 20)
    specular = np.zeros(len(table), complex)
    moving = np.zeros(len(table))
    if profile in _LINE_OF_SIGHT_DB:
        phase = random.uniform(0, 2 * np.pi)
        specular[0] = 10 ** (_LINE_OF_SIGHT_DB[profile] / 20) * np.exp(1j * phase)
        moving[0] = 0.7  # the line of sight's Doppler shift, as in section 7.7.2
    scale = np.sqrt(np.sum(scattered**2) + np.sum(np.abs(specular) ** 2))
    return Paths(table[:, 0] * delay_spread, specular / scale, scattered / scale, moving)


def _explicit(text: str, symbol: float) -> Paths:
    try:
        rows = [[float(word) for word in path.split()] for path in text.split(";")]
    except ValueError:
        rows = []
    if not rows or any(len(row) != 3 for row in rows):
        raise ImplicitJsccError(
            f"multipath {text!r}: one of {', '.join(NAMES)}, or paths as "
            "'delay_symbols gain_db phase_deg; ...'"
        )
    delays, gains_db, phases_deg = np.array(rows).T
    with np.errstate(over="ignore", invalid="ignore"):
        specular = 10 ** (gains_db / 20) * np.exp(1j * np.deg2rad(phases_deg))
    if not (np.isfinite(delays).all() and np.isfinite(specular).all() and delays.min() >= 0):
        raise ImplicitJsccError(f"multipath {text!r}: delays are at least 0, all numbers finite")
    return Paths(delays * symbol, specular, np.zeros(len(rows)), np.zeros(len(rows)))
