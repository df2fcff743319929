# SPDX-License-Identifier: GPL-3.0-or-later
"""The .ijscc file: a safetensors file with X, the parameters and the profile; docs/container.md.

No pickle, nothing executable; a SHA-256 over all that it means is checked when it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from ..errors import ImplicitJsccError
from .encoded import EncodedSource
from .profile import CodecProfile

FORMAT = "implicitjscc"
FORMAT_VERSION = 1
_TENSORS = ("parameters", "symbols")


def save(path: str | os.PathLike[str], encoded: EncodedSource) -> None:
    """Write a container, whole or not at all.

    Raises:
        ImplicitJsccError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise ImplicitJsccError(f"{target.parent}: no such folder")
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "profile": encoded.profile.to_bytes().hex(),
        "channel_uses": str(encoded.profile.channel_uses),
        "figures": json.dumps(encoded.figures, sort_keys=True),
    }
    metadata["sha256"] = _digest(metadata, encoded.reals, encoded.parameters)
    data = serialise({"symbols": encoded.reals, "parameters": encoded.parameters}, metadata)
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ImplicitJsccError(f"{target}: cannot be written ({error.strerror})") from None


def load(path: str | os.PathLike[str]) -> EncodedSource:
    """Read a container and check it.

    Raises:
        ImplicitJsccError: no such file, no container, a newer version, or a damaged one.
    """
    name = os.fspath(path)
    metadata, sizes, tensors = _read(name)
    if metadata.get("format") != FORMAT:
        raise ImplicitJsccError(f"{name}: not an Implicit-JSCC container")
    _check_version(name, metadata.get("format_version", ""))
    if sorted(tensors) != sorted(_TENSORS):
        raise ImplicitJsccError(f"{name}: damaged (it does not hold what a container holds)")
    reals, parameters = tensors["symbols"], tensors["parameters"]
    if metadata.get("sha256") != _digest(metadata, reals, parameters):
        raise ImplicitJsccError(f"{name}: damaged (its checksum does not match)")
    try:
        uses = int(metadata["channel_uses"])
        profile = CodecProfile.from_bytes(bytes.fromhex(metadata["profile"]), uses)
        figures: dict[str, Any] = json.loads(metadata["figures"])
    except (KeyError, ValueError) as error:
        raise ImplicitJsccError(f"{name}: damaged ({error})") from None
    except ImplicitJsccError as error:
        raise ImplicitJsccError(f"{name}: {error}") from None
    if sizes["symbols"] != (profile.real_symbols,) or sizes["parameters"] != (profile.parameters,):
        raise ImplicitJsccError(f"{name}: its sizes contradict its profile")
    if not (np.isfinite(reals).all() and np.isfinite(parameters).all()):
        raise ImplicitJsccError(f"{name}: it holds values that are no numbers")
    return EncodedSource(profile, reals, parameters, figures)


def _read(
    name: str,
) -> tuple[dict[str, str], dict[str, tuple[int, ...]], dict[str, np.ndarray]]:
    if not os.path.isfile(name):
        raise ImplicitJsccError(f"{name}: no such file")
    try:
        # The library checks every size against the file's length before it reads a tensor.
        with safe_open(name, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImplicitJsccError(f"{name}: not a readable container ({reason})") from None
    if any(tensor.dtype != np.float32 for tensor in tensors.values()):
        raise ImplicitJsccError(f"{name}: damaged (its values are not float32)")
    return metadata, {key: tensor.shape for key, tensor in tensors.items()}, tensors


def _check_version(name: str, version: str) -> None:
    if not version.isdecimal():
        raise ImplicitJsccError(f"{name}: damaged (it has no version)")
    if int(version) > FORMAT_VERSION:
        raise ImplicitJsccError(
            f"{name}: version {version} of the container is newer than this program's "
            f"{FORMAT_VERSION}: update gr-implicitjscc"
        )


def _digest(metadata: dict[str, str], reals: np.ndarray, parameters: np.ndarray) -> str:
    hashed = hashlib.sha256()
    meaning = {key: value for key, value in metadata.items() if key != "sha256"}
    hashed.update(json.dumps(meaning, sort_keys=True).encode())
    hashed.update(np.ascontiguousarray(reals, "<f4").tobytes())
    hashed.update(np.ascontiguousarray(parameters, "<f4").tobytes())
    return hashed.hexdigest()
