# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream with two bursts, and recordings of anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from implicitjscc.content import DESCRIPTION_BYTES, Content
from implicitjscc.phy.transmitter import Burst, modulate

PAYLOAD_RMS = 0.1


def content(size: int, content_id: int) -> Content:
    """Random symbols of unit power."""
    rng = np.random.default_rng(content_id)
    symbols = (rng.standard_normal((size, 2)) @ [1, 1j]) / np.sqrt(2)
    return Content(symbols.astype(np.complex64), bytes(DESCRIPTION_BYTES), content_id)


def burst_of(sent: Content) -> Burst:
    """Of a level that leaves room for noise."""
    return modulate(sent, payload_rms=PAYLOAD_RMS)


@pytest.fixture(scope="session")
def stream() -> np.ndarray:
    """A content of two frames, a pause, and one of a single frame; Es/N0 20 dB."""
    bursts = [burst_of(content(34_000, 7)).samples, burst_of(content(900, 8)).samples]
    samples = np.concatenate([np.pad(burst, (3_000, 9_000)) for burst in bursts])
    noise = np.random.default_rng(3).standard_normal((samples.size, 2)) @ [1, 1j]
    return (samples + PAYLOAD_RMS * 0.1 * noise).astype(np.complex64)


Make = Callable[..., str]


@pytest.fixture
def recording(tmp_path: Path) -> Make:
    """Write a recording by hand: global fields, data, and more of the metadata."""

    def make(fields: dict[str, Any], data: bytes = b"\1\2\3\4", **more: Any) -> str:
        whole = {"core:datatype": "ci8", "core:version": "1.0.0", **fields}
        metadata = {"global": whole, "captures": [], "annotations": [], **more}
        (tmp_path / "x.sigmf-meta").write_text(json.dumps(metadata))
        (tmp_path / "x.sigmf-data").write_bytes(data)
        return str(tmp_path / "x")

    return make
