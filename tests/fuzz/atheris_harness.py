# SPDX-License-Identifier: GPL-3.0-or-later
"""Coverage-guided fuzzing of everything that reads bytes from elsewhere.

No test: ``pip install atheris``, then ``PYTHONPATH=python python -m tests.fuzz.atheris_harness
TARGET [FOLDER] [libFuzzer's options]``, such as ``bursts -max_total_time=300 -timeout=60
-rss_limit_mb=2048``. TARGET is one of those below; container and stream need a FOLDER of examples,
to which the fuzzer adds. Anything but the project's own errors is a finding.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["implicitjscc"]):
    import numpy as np

    from implicitjscc.codec import container
    from implicitjscc.codec.profile import CodecProfile
    from implicitjscc.content import DESCRIPTION_BYTES
    from implicitjscc.errors import ImplicitJsccError
    from implicitjscc.phy import header_code
    from implicitjscc.phy.header import HEADER_BYTES, Header, HeaderError
    from implicitjscc.phy.receiver import BurstReceiver
    from implicitjscc.recording import metadata

    from . import guided
    from .streams import KINDS, Change

_CRC_BYTES = 4
_KEYS = (
    *("core:datatype", "core:sample_rate", "core:version", "core:sha512", "core:num_channels"),
    *("core:metadata_only", "core:trailing_bytes", "core:dataset", "core:extensions"),
    *("core:header_bytes", "implicitjscc:content_id", "implicitjscc:content_sha256", "global"),
)
_DATATYPES = ("cf32_le", "ci16_le", "ci8", "cf32_be", "cu8", "")
_FOLDER = tempfile.TemporaryDirectory()


def header(data: bytes) -> None:
    """The bytes of a header, with the CRC that they should have."""
    body = data[: HEADER_BYTES - _CRC_BYTES].ljust(HEADER_BYTES - _CRC_BYTES, b"\0")
    try:
        Header.from_bytes(body + struct.pack(">I", zlib.crc32(body)))
    except HeaderError:
        return


def description(data: bytes) -> None:
    """Channel uses in three bytes, then a decoder's description."""
    text = data[3 : 3 + DESCRIPTION_BYTES].ljust(DESCRIPTION_BYTES, b"\0")
    profile = CodecProfile.from_bytes(text, int.from_bytes(data[:3], "big"))
    if profile.to_bytes() != text:
        raise AssertionError("a description that is not what it reads as")


def recorded(data: bytes) -> None:
    """Metadata of a recording, made of its keys: JSON itself is parsed out of a fuzzer's sight."""
    provider = atheris.FuzzedDataProvider(data)
    whole: dict[str, Any] = {"core:datatype": "ci8"}
    lists: tuple[list[Any], list[Any]] = ([], [])
    parts = {"global": whole, "captures": lists[0], "annotations": lists[1]}
    while provider.remaining_bytes():
        key = _KEYS[provider.ConsumeIntInRange(0, len(_KEYS) - 1)]
        value: Any = (
            provider.ConsumeUnicodeNoSurrogates(130),
            provider.ConsumeInt(8),
            provider.ConsumeFloat(),
            provider.ConsumeBool(),
            [{"name": "x", "optional": provider.ConsumeBool()}],
            _DATATYPES[provider.ConsumeIntInRange(0, len(_DATATYPES) - 1)],
            "a" * provider.ConsumeIntInRange(0, 130),
        )[provider.ConsumeIntInRange(0, 6)]
        place = provider.ConsumeIntInRange(0, 3)
        if place == 0:
            whole[key] = value
        elif place == 3:
            parts[key] = value
        else:
            lists[place - 1].append({key: value})
    metadata.parse(json.dumps(parts).encode())


def file(data: bytes) -> None:
    """A container."""
    path = Path(_FOLDER.name) / "x.ijscc"
    path.write_bytes(data)
    container.load(path).content()


def stream(data: bytes) -> None:
    """Samples."""
    receiver = BurstReceiver()
    receiver.push(np.frombuffer(data[: len(data) // 8 * 8], "<c8"))
    receiver.flush()


def hostility(provider: Any) -> guided.Hostility:
    """Up to four changes, pieces and reported discontinuities."""
    changes = tuple(
        Change(
            kind=KINDS[provider.ConsumeIntInRange(0, len(KINDS) - 1)],
            start=provider.ConsumeIntInRange(0, 65_535) / 65_535,
            length=provider.ConsumeIntInRange(0, 65_535) / 65_535 / (1, 2, 100)[_three(provider)],
            amount=provider.ConsumeIntInRange(-380, 380) / 10,
            seed=provider.ConsumeIntInRange(0, 255),
        )
        for _ in range(provider.ConsumeIntInRange(1, 4))
    )
    notes = tuple(provider.ConsumeIntListInRange(_three(provider), 0, 8))
    return guided.Hostility(changes, provider.ConsumeIntInRange(1, 9), notes)


def _three(provider: Any) -> int:
    return int(provider.ConsumeIntInRange(0, 2))


def bursts(data: bytes) -> None:
    """Bursts that are changed on their way."""
    provider = atheris.FuzzedDataProvider(data)
    order = provider.ConsumeIntListInRange(1 + _three(provider) // 2, 0, 1)
    guided.bursts(tuple(order), hostility(provider))


def pictures(data: bytes) -> None:
    """A picture that is changed on its way."""
    guided.pictures(hostility(atheris.FuzzedDataProvider(data)))


def forged(data: bytes) -> None:
    """The bytes of a header in a burst, with the CRC that they should have."""
    provider = atheris.FuzzedDataProvider(data)
    fields = bytearray(Header(1, 2_500, bytes(DESCRIPTION_BYTES)).to_bytes()[:-_CRC_BYTES])
    for _ in range(provider.ConsumeIntInRange(0, 6)):
        fields[provider.ConsumeIntInRange(0, len(fields) - 1)] = provider.ConsumeIntInRange(0, 255)
    body = bytes(fields)
    which = provider.ConsumeIntInRange(0, 1)
    changes = hostility(provider) if provider.ConsumeBool() else guided.Hostility(())
    guided.forged(body + struct.pack(">I", zlib.crc32(body)), which, changes)


def likelihoods(data: bytes) -> None:
    """Log-likelihoods of a header."""
    llr = np.zeros(header_code.CODE_BITS)
    values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")[: llr.size]
    llr[: values.size] = values
    guided.likelihoods(llr)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "header": header,
    "description": description,
    "metadata": recorded,
    "container": file,
    "stream": stream,
    "bursts": bursts,
    "pictures": pictures,
    "forged": forged,
    "likelihoods": likelihoods,
}


def main() -> None:
    """Fuzz the target that the first argument names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"which? {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        try:
            target(data)
        except ImplicitJsccError:
            return

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
