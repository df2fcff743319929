# SPDX-License-Identifier: GPL-3.0-or-later
"""The .ijscc file: what is written is read, and nothing else is."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from implicitjscc.codec import container
from implicitjscc.codec.encoded import EncodedSource
from implicitjscc.errors import ImplicitJsccError


@pytest.fixture
def file(encoding: EncodedSource, tmp_path: Path) -> Path:
    path = tmp_path / "x.ijscc"
    container.save(path, encoding)
    return path


def test_round_trip(file: Path, encoding: EncodedSource) -> None:
    loaded = container.load(file)
    assert loaded.profile == encoding.profile
    assert loaded.figures == encoding.figures
    assert np.array_equal(loaded.symbols(), encoding.symbols())
    assert loaded.content().content_id == encoding.content().content_id


def test_round_trip_of_repeated_parameters(repeated: EncodedSource, tmp_path: Path) -> None:
    container.save(tmp_path / "x.ijscc", repeated)
    loaded = container.load(tmp_path / "x.ijscc")
    assert loaded.profile == repeated.profile
    assert np.array_equal(loaded.symbols(), repeated.symbols())


def test_every_flipped_bit_is_noticed(file: Path) -> None:
    data = bytearray(file.read_bytes())
    header_bits = 8 * (8 + struct.unpack("<Q", data[:8])[0])
    rng = np.random.default_rng(1)
    places = set(rng.integers(0, 8 * len(data), 150)) | set(rng.integers(0, header_bits, 250))
    for bit in sorted(places):
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        with pytest.raises(ImplicitJsccError):
            container.load(file)
        data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)
    container.load(file)


def rewrite(file: Path, **changes: str) -> None:
    """The same file with other metadata."""
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    save_file(load_file(file), file, {**metadata, **changes})


def test_a_newer_version_is_named(file: Path) -> None:
    rewrite(file, format_version="2")
    with pytest.raises(ImplicitJsccError, match=r"version 2 .* newer"):
        container.load(file)


def test_another_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": np.zeros(3, np.float32)}, path)
    with pytest.raises(ImplicitJsccError, match="not an Implicit-JSCC container"):
        container.load(path)


@pytest.mark.parametrize("size", [0, 2**40, 2**63])
def test_absurd_sizes_in_its_header(file: Path, size: int) -> None:
    data = file.read_bytes()
    file.write_bytes(struct.pack("<Q", size) + data[8:])
    with pytest.raises(ImplicitJsccError, match="not a readable container"):
        container.load(file)


def test_absurd_tensor_shapes(file: Path) -> None:
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header["symbols"]["shape"] = [1 << 50]
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])
    with pytest.raises(ImplicitJsccError):
        container.load(file)


@pytest.mark.parametrize("content", [b"", b"hello, this is text", bytes(64)])
def test_no_container(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ijscc"
    path.write_bytes(content)
    with pytest.raises(ImplicitJsccError):
        container.load(path)
    with pytest.raises(ImplicitJsccError, match="no such file"):
        container.load(tmp_path / "absent.ijscc")


def test_a_missing_folder(tmp_path: Path, encoding: EncodedSource) -> None:
    with pytest.raises(ImplicitJsccError, match="no such folder"):
        container.save(tmp_path / "absent" / "x.ijscc", encoding)
