# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel laboratory: what a radio link does to baseband samples, seeded and streaming.

:class:`Channel` composes all impairments in their physical order from one :class:`ChannelSettings`.
Each of them is also usable by itself. The room knows neither the waveform nor the codec.
"""

from .channel import Channel, impair
from .settings import ChannelSettings

__all__ = ["Channel", "ChannelSettings", "impair"]
