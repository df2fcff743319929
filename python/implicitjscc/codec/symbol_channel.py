# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's channel: independent Gaussian noise on every channel symbol (section 2.1)."""

from __future__ import annotations

import numpy as np

from ..content import Content, ReceivedContent


def awgn(content: Content, snr_db: float, seed: int) -> ReceivedContent:
    """Add complex noise of variance 10^(-snr_db/10) to each symbol.

    Args:
        content: what is sent.
        snr_db: Es/N0 of symbols of unit mean power.
        seed: of the noise.
    """
    variance = 10 ** (-snr_db / 10)
    generator = np.random.default_rng(seed)
    reals = generator.standard_normal(2 * content.symbols.size, dtype=np.float32)
    noise = (reals * np.float32(np.sqrt(variance / 2))).view(np.complex64)
    return ReceivedContent(
        symbols=content.symbols + noise,
        noise_variance=np.full(content.symbols.size, variance, np.float32),
        description=content.description,
        content_id=content.content_id,
    )
