# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoder options, written out again for a process of ``implicitjscc encode``."""

from __future__ import annotations

import argparse

_VALUES = {
    "profile": "--profile",
    "bandwidth_ratio": "--bandwidth-ratio",
    "preset": "--preset",
    "steps": "--steps",
    "seconds": "--seconds",
    "hidden_dim": "--hidden-dim",
    "kappa_lsm": "--kappa-lsm",
    "kappa_redu": "--kappa-redu",
    "parameters": "--parameters",
    "power_db": "--power-db",
    "parameter_bits": "--parameter-bits",
    "seed": "--seed",
    "engine": "--engine",
}


def encoder_arguments(options: argparse.Namespace) -> list[str]:
    """What ``add_encoder_options`` and ``--snr`` parsed, as arguments."""
    arguments = [
        f"{option}={getattr(options, name)}"
        for name, option in _VALUES.items()
        if getattr(options, name) is not None
    ]
    if options.level_channels is not None:
        arguments.append(f"--level-channels={','.join(map(str, options.level_channels))}")
    if options.noise_matrix is not None:
        arguments.append("--noise-matrix" if options.noise_matrix else "--no-noise-matrix")
    if options.snr is not None:
        snr = options.snr if isinstance(options.snr, tuple) else (options.snr,)
        arguments.append(f"--snr={':'.join(map(str, snr))}")
    return arguments
