# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveform profiles: what is refused has a reason, and what is not is received."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.profile import WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

from .limits import check_message, fuzzed

FIELDS = {
    "rolloff": st.floats(0.05, 0.6),
    "span_symbols": st.integers(4, 16),
    "chirp_symbols": st.integers(6, 32).map(lambda sixteens: 16 * sixteens),
    "header_symbols": st.integers(208, 4096),
    "least_header_symbols": st.integers(208, 6000),
    "payload_symbols": st.integers(1024, 40_000),
    "least_slots": st.integers(16, 4000),
    "pilot_period": st.integers(8, 128),
    "pilot_boost_db": st.floats(-3, 12),
    "spreading_symbols": st.sampled_from([0, 2, 256, 1024]),
    "diversity_symbols": st.sampled_from([0, 2, 32, 1024]),
}


@fuzzed(8)
@given(
    fields=st.fixed_dictionaries({}, optional=FIELDS),
    fill=st.sampled_from([0.0, 0.5, 1.0, 1.1, 2.5]),
)
def test_every_profile_that_is_not_refused_is_received(fields, fill) -> None:
    """Contents of one symbol to two and a half frames."""
    try:
        profile = WaveformProfile(**fields)
    except ValueError as error:
        check_message(error)
        assume(False)
    size = max(int(fill * profile.payload_symbols), 1)
    rng = np.random.default_rng(1)
    symbols = rng.standard_normal(2 * size, np.float32).view(np.complex64)
    content = Content(symbols / np.float32(np.sqrt(2)), bytes(DESCRIPTION_BYTES), 7)
    samples = np.pad(modulate(content, profile).samples, 10_000)
    settings = ChannelSettings(payload_rms=0.25, snr_db=15.0, cfo_hz=20e3, sample_rate_hz=2e6)
    receiver = BurstReceiver(profile)
    receptions = receiver.push(impair(samples, settings)) + receiver.flush()
    assert [(r.received.content_id, r.frames_lost) for r in receptions] == [(7, 0)]
