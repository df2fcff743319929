# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata of a SigMF recording: what is written, and what is believed of a file.

The Signal Metadata Format, https://sigmf.org, version 1.2. Bursts are annotations; what the core
namespace has no word for is in the namespace ``implicitjscc`` (docs/recordings.md).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeGuard

from .. import __version__
from ..errors import ImplicitJsccError
from .datatypes import Datatype, datatype_of

SIGMF_VERSION = "1.2.0"
NAMESPACE = "implicitjscc"
NAMESPACE_VERSION = "1.0.0"
# Parsed JSON takes up to some thirty times its length.
LARGEST_METADATA_BYTES = 1 << 21
HIGHEST_SAMPLE_RATE_HZ = 1e12
_SHA512_DIGITS = 128
_MOST_CAPTURES = 4096


@dataclass(frozen=True)
class BurstNote:
    """What is known of one burst in a recording.

    Attributes:
        sample_start, sample_count: where it lies.
        content_id: 32 bits.
        frames: how many there are, or were received.
        waveform: name of the waveform's profile.
        waveform_digest: of the profile, 16 bits.
        bandwidth_hz: occupied.
        payload_rms: of the payload's samples, full scale 1.0; None where not known.
        content_sha256: hash of the container file that was sent; None where not known.
        es_n0_db: as measured or as made; None where not known.
        comment: one line for people.
    """

    sample_start: int
    sample_count: int
    content_id: int
    frames: int
    waveform: str
    waveform_digest: int
    bandwidth_hz: float
    payload_rms: float | None = None
    content_sha256: str | None = None
    es_n0_db: float | None = None
    comment: str = ""

    def annotation(self, frequency_hz: float | None) -> dict[str, Any]:
        """As SigMF has it.

        Args:
            frequency_hz: of the recording's centre; None where not known.
        """
        centre = frequency_hz or 0.0
        own: dict[str, Any] = {
            "content_id": f"{self.content_id:08x}",
            "content_sha256": self.content_sha256,
            "frames": self.frames,
            "waveform": self.waveform,
            "waveform_digest": f"{self.waveform_digest:04x}",
            "payload_rms": self.payload_rms,
            "es_n0_db": self.es_n0_db,
        }
        return {
            "core:sample_start": self.sample_start,
            "core:sample_count": self.sample_count,
            "core:freq_lower_edge": centre - self.bandwidth_hz / 2,
            "core:freq_upper_edge": centre + self.bandwidth_hz / 2,
            "core:label": f"JSCC {self.content_id:08x}",
            "core:comment": self.comment,
            "core:generator": f"gr-implicitjscc {__version__}",
            **{f"{NAMESPACE}:{key}": value for key, value in own.items() if _known(value)},
        }


@dataclass(frozen=True)
class Description:
    """What a recording says of itself as a whole.

    Attributes:
        datatype: of its samples.
        sample_rate_hz: of its samples.
        frequency_hz: of its centre; None where not known.
        description: one line.
        author: who recorded it; None to leave it out.
    """

    datatype: Datatype
    sample_rate_hz: float
    frequency_hz: float | None = None
    description: str = ""
    author: str | None = None

    def metadata(
        self, sha512: str, started: datetime, annotations: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The whole metadata file.

        Args:
            sha512: of the data file, hexadecimal.
            started: when its first sample was taken, with a time zone.
            annotations: in order of their start.
        """
        extension = {"name": NAMESPACE, "version": NAMESPACE_VERSION, "optional": True}
        whole: dict[str, Any] = {
            "core:datatype": self.datatype.name,
            "core:sample_rate": self.sample_rate_hz,
            "core:version": SIGMF_VERSION,
            "core:sha512": sha512,
            "core:description": self.description,
            "core:recorder": f"gr-implicitjscc {__version__}",
            "core:extensions": [extension],
        }
        if self.author is not None:
            whole["core:author"] = self.author
        utc = started.astimezone(timezone.utc)
        capture: dict[str, Any] = {
            "core:sample_start": 0,
            "core:datetime": utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if self.frequency_hz is not None:
            capture["core:frequency"] = self.frequency_hz
        return {"global": whole, "captures": [capture], "annotations": annotations}


@dataclass(frozen=True)
class Recorded:
    """What is believed of a recording's metadata.

    Attributes:
        datatype: of its samples.
        sample_rate_hz: None where it does not say.
        sha512: of the data file, hexadecimal; None where it does not say.
        content_sha256: of containers that were sent in it, by content id.
        cuts: samples before which others are missing, in order: where a capture's
            ``core:global_index`` does not follow from that of the capture before.
    """

    datatype: Datatype
    sample_rate_hz: float | None
    sha512: str | None
    content_sha256: dict[int, str]
    cuts: tuple[int, ...] = ()


def parse(text: bytes) -> Recorded:
    """Read the metadata file, whoever wrote it.

    Raises:
        ImplicitJsccError: it is no SigMF metadata, or of a recording that cannot be read here; the
            message does not name the file.
    """
    if len(text) > LARGEST_METADATA_BYTES:
        raise ImplicitJsccError(f"the metadata is longer than {LARGEST_METADATA_BYTES >> 20} MiB")
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ImplicitJsccError("the metadata is not JSON") from None
    whole = parsed.get("global") if isinstance(parsed, dict) else None
    if not isinstance(whole, dict) or not isinstance(whole.get("core:datatype"), str):
        raise ImplicitJsccError("not the metadata of a SigMF recording")
    datatype = datatype_of(whole["core:datatype"])
    _check_supported(whole, parsed.get("captures"))
    sha512 = whole.get("core:sha512")
    if sha512 is not None and not _is_hex(sha512, _SHA512_DIGITS):
        raise ImplicitJsccError("the metadata's core:sha512 is no hash")
    hashes = _content_hashes(parsed.get("annotations"))
    cuts = _cuts(parsed.get("captures"))
    return Recorded(datatype, _sample_rate_hz(whole), sha512, hashes, cuts)


def _check_supported(whole: dict[str, Any], captures: Any) -> None:
    version = whole.get("core:version")
    if isinstance(version, str) and version.partition(".")[0] not in ("0", "1"):
        raise ImplicitJsccError(f"SigMF {version[:20]} is newer than {SIGMF_VERSION}")
    channels = whole.get("core:num_channels", 1)
    if channels != 1:
        raise ImplicitJsccError("a recording of several channels cannot be read")
    if whole.get("core:metadata_only"):
        raise ImplicitJsccError("the metadata comes without samples (core:metadata_only)")
    segments = captures if isinstance(captures, list) else []
    headers = any(isinstance(s, dict) and s.get("core:header_bytes") for s in segments)
    if headers or whole.get("core:trailing_bytes") or whole.get("core:dataset") is not None:
        raise ImplicitJsccError("a non-conforming dataset cannot be read")
    extensions = whole.get("core:extensions")
    for extension in extensions if isinstance(extensions, list) else []:
        if not isinstance(extension, dict) or extension.get("name") == NAMESPACE:
            continue
        if extension.get("optional") is False:
            name = str(extension.get("name"))[:40]
            raise ImplicitJsccError(f"the recording needs the unknown extension {name!r}")


def _sample_rate_hz(whole: dict[str, Any]) -> float | None:
    rate = whole.get("core:sample_rate")
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise ImplicitJsccError("the metadata's core:sample_rate is no number")
    # An int may be too large for a float; the comparison is exact.
    if not 0 < rate <= HIGHEST_SAMPLE_RATE_HZ or not math.isfinite(rate):
        raise ImplicitJsccError("the metadata's core:sample_rate is out of bounds")
    return float(rate)


def _cuts(captures: Any) -> tuple[int, ...]:
    """Where captures tell of missing samples; those that make no sense are passed over."""
    cuts = []
    before: tuple[int, int] | None = None
    for capture in captures[:_MOST_CAPTURES] if isinstance(captures, list) else []:
        if not isinstance(capture, dict):
            continue
        start, index = capture.get("core:sample_start"), capture.get("core:global_index")
        if type(start) is not int or type(index) is not int or min(start, index) < 0:
            continue
        if before is not None and start > before[0] and index - start != before[1] - before[0]:
            cuts.append(start)
        if before is None or start > before[0]:
            before = start, index
    return tuple(cuts)


def _content_hashes(annotations: Any) -> dict[int, str]:
    """Of annotations that are ours and make sense; others are none of our business."""
    hashes = {}
    for note in annotations if isinstance(annotations, list) else []:
        if not isinstance(note, dict):
            continue
        content_id, sha256 = (
            note.get(f"{NAMESPACE}:{k}") for k in ("content_id", "content_sha256")
        )
        if _is_hex(content_id, 8) and _is_hex(sha256, 64):
            hashes[int(content_id, 16)] = sha256.lower()
    return hashes


def _known(value: Any) -> bool:
    """Whether there is a value, and JSON can say it."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _is_hex(value: Any, digits: int) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and len(value) == digits
        and all(character in "0123456789abcdefABCDEF" for character in value)
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
