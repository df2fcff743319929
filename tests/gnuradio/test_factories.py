# SPDX-License-Identifier: GPL-3.0-or-later
"""What a flowgraph's program cannot use ends it with one line."""

from __future__ import annotations

import math

import pytest
from gnuradio import implicitjscc
from gnuradio.implicitjscc import factories

# Block, and the parameter that names a file which is read.
READ = (
    ("transmitter", "content_file"),
    ("transmitter", "waveform"),
    ("receiver", "waveform"),
    ("symbol_source", "content_file"),
    ("encoder", "source_file"),
    ("decoder", "reference_file"),
    ("digital_reference", "source_file"),
    ("sigmf_source", "base"),
    ("radio_source", "device"),
)
# Those whose folder must be there.
WRITTEN = (("decoder", "output_file"), ("sigmf_sink", "base"), ("radio_sink", "device"))
# What Companion's own checks let pass: it does not look into raw values, texts and NaN.
WRONG = (
    ("transmitter", {"clip_db": math.nan}),
    ("transmitter", {"payload_rms": math.nan}),
    ("receiver", {"idle_flush_s": math.nan}),
    ("receiver", {"samples_per_symbol": 3}),
    ("encoder", {"snr_range_db": 5}),
    ("encoder", {"snr_range_db": ("a", "b")}),
    ("encoder", {"power_db": "loud"}),
    ("encoder", {"engine": "steam"}),
    ("decoder", {"engine": "steam"}),
    ("decoder", {"output_file": "x.png", "keep_files": 0}),
    ("symbol_sink", {"snr_db": math.nan}),
    ("radio_sink", {"gain": "VGA"}),
    ("radio_sink", {"lo_offset": "far"}),
    ("radio_sink", {"device": "nothing:"}),
    ("radio_source", {"gain": (1, 2)}),
    ("radio_source", {"sample_rate": math.inf}),
    ("radio_status", {"period_s": math.nan}),
    ("sigmf_sink", {"base": "x", "datatype": "ci12"}),
    ("channel_laboratory", {"multipath": "0 0"}),
    ("channel_laboratory", {"multipath": 5}),
    ("channel_laboratory", {"snr_db": math.nan}),
    ("control_server", {"address": "0.0.0.0:6000"}),
    ("control_server", {"address": "port"}),
)


def refusal(block: str, **arguments: object) -> str:
    """The line with which a program ends."""
    with pytest.raises(SystemExit) as ended:
        getattr(implicitjscc, f"open_{block}")(**arguments)
    text = str(ended.value.code)
    assert text.startswith("implicitjscc: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(("block", "parameter"), READ)
def test_a_file_that_cannot_be_read(tmp_path, block, parameter):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "other.sigmf-meta").write_text("no JSON")
    (tmp_path / "other").write_bytes(bytes(range(256)) * 8)
    scheme = "file:" if parameter == "device" else ""
    for name in ("none", "folder", "empty", "other"):
        if scheme and name in ("empty", "other"):
            continue  # samples without a header: anything is a file of them
        text = refusal(block, **{parameter: f"{scheme}{tmp_path / name}"})
        assert name in text


@pytest.mark.parametrize(("block", "parameter"), WRITTEN)
def test_a_folder_that_is_not_there(tmp_path, block, parameter):
    scheme = "file:" if parameter == "device" else ""
    assert "none" in refusal(block, **{parameter: f"{scheme}{tmp_path / 'none' / 'out.png'}"})


@pytest.mark.parametrize(("block", "arguments"), WRONG)
def test_a_wrong_value(block, arguments):
    refusal(block, **arguments)


def test_every_block_of_companion_ends_a_program_so(root):
    made = {path.name.split(".")[0] for path in (root / "gr-implicitjscc" / "grc").glob("*.yml")}
    for name in made:
        block = name.removeprefix("implicitjscc_")
        text = (root / "gr-implicitjscc" / "grc" / f"{name}.block.yml").read_text()
        assert f"implicitjscc.open_{block}(" in text
        assert hasattr(factories, f"open_{block}")
