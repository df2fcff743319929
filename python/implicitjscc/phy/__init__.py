# SPDX-License-Identifier: GPL-3.0-or-later
"""The physical layer: channel symbols to baseband samples, and back.

Continuous-amplitude symbols have no decisions to hide behind: everything here is linear,
feed-forward and block-processed, in numpy and scipy. docs/waveform.md describes the waveform.
"""
