# SPDX-License-Identifier: GPL-3.0-or-later
"""Waveform profiles: the shipped files, other files, and two ends that do not agree."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import pytest

from implicitjscc.channel import ChannelSettings, impair
from implicitjscc.errors import ImplicitJsccError
from implicitjscc.phy import profile_file
from implicitjscc.phy.decimator import Decimator
from implicitjscc.phy.frame import FrameLayout
from implicitjscc.phy.profile import STANDARD, WaveformProfile
from implicitjscc.phy.receiver import BurstReceiver
from implicitjscc.phy.transmitter import modulate

from .conftest import PAYLOAD_RMS, PLAIN, laplace_content, loss_db, receive

SHIPPED = profile_file.shipped()


def stream(profile: WaveformProfile, size: int, es_n0_db: float, content_id: int = 7) -> np.ndarray:
    content = laplace_content(size, content_id=content_id)
    sps = profile.samples_per_symbol
    samples = np.pad(modulate(content, profile).samples, (2000 * sps, 1000 * sps))
    settings = ChannelSettings(
        sample_rate_hz=1e6 * sps,
        samples_per_symbol=sps,
        payload_rms=PAYLOAD_RMS,
        snr_db=es_n0_db,
        cfo_hz=0.02e6,
        phase_deg=57.0,
        seed=1,
    )
    return impair(samples, settings)


def test_the_shipped_files() -> None:
    """Receivers in the field depend on each of the digests."""
    digests = {name: f"{profile.digest:04x}" for name, profile in SHIPPED.items()}
    assert digests == {"standard": "ad5f", "robust": "687b", "fast": "0331"}
    assert SHIPPED["standard"] == STANDARD
    for name, profile in SHIPPED.items():
        assert profile.name == name
        # Without the same preamble they could not tell each other from noise.
        assert (profile.chirp_symbols, profile.rolloff) == (256, 0.25)


def test_overhead_of_a_kodak_picture() -> None:
    for name, most in (("standard", 0.0412), ("robust", 0.08), ("fast", 0.0272)):
        layout = FrameLayout(270_336, SHIPPED[name])
        assert 1 - 270_336 / (layout.frames * layout.frame_symbols) < most


def test_the_spread_waveform_does_not_change() -> None:
    samples = modulate(laplace_content(2000), SHIPPED["fast"]).samples
    rounded = np.rint(samples.view(np.float32) * 200).astype("<i4")
    assert hashlib.sha256(rounded.tobytes()).hexdigest()[:16] == "9a6133dd629f004f"


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 16])
@pytest.mark.parametrize("name", list(SHIPPED))
def test_every_profile_at_every_rate(name: str, samples_per_symbol: int) -> None:
    profile = SHIPPED[name].at(samples_per_symbol)
    assert profile.digest == SHIPPED[name].digest
    for size in (3, 40_000):
        receiver = BurstReceiver(profile, sample_rate_hz=1e6 * samples_per_symbol)
        (reception,) = receive(stream(profile, size, 10.0), receiver)
        assert reception.frames_lost == 0
        assert reception.snr_db == pytest.approx(10, abs=0.3)
        assert reception.cfo_hz == pytest.approx(20_000, abs=50)
    assert abs(loss_db(laplace_content(40_000), reception, 10.0)) < 0.25


@pytest.mark.parametrize("es_n0_db", [0.0, 10.0, 20.0])
@pytest.mark.parametrize("name", list(SHIPPED))
def test_the_noise_that_is_reported(name: str, es_n0_db: float) -> None:
    """All impairments of a pair of HackRFs, and ten times their phase noise."""
    content, profile = laplace_content(60_000), SHIPPED[name]
    settings = ChannelSettings(
        sample_rate_hz=2e6,
        payload_rms=PAYLOAD_RMS,
        snr_db=es_n0_db,
        cfo_hz=-30_000.0,
        sro_ppm=12.0,
        delay_samples=0.4,
        linewidth_hz=10.0,
        bits=8,
        dc_dbc=-20.0,
        iq_gain_db=0.5,
        iq_phase_deg=2.0,
        seed=5,
    )
    samples = impair(np.pad(modulate(content, profile).samples, 5000), settings)
    (reception,) = receive(samples, BurstReceiver(profile))
    reported = 10 * np.log10(np.mean(reception.received.noise_variance)) + es_n0_db
    assert reported == pytest.approx(loss_db(content, reception, es_n0_db), abs=0.3)


def test_two_ends_at_different_rates() -> None:
    """A transmitter of 4 samples a symbol, and a receiver that takes each second of them."""
    samples = stream(STANDARD.at(4), 3000, 20.0)
    (reception,) = receive(Decimator(2, 0.73).push(samples))
    assert loss_db(laplace_content(3000), reception, 20.0) < 0.4


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_decimation_does_not_depend_on_pieces(piece: int) -> None:
    rng = np.random.default_rng(1)
    samples = (rng.normal(size=3001) + 1j * rng.normal(size=3001)).astype(np.complex64)
    whole, pieces = Decimator(4, 0.73), Decimator(4, 0.73)
    expected = np.concatenate((whole.push(samples), whole.flush()))
    parts = [pieces.push(samples[n : n + piece]) for n in range(0, 3001, piece)]
    assert np.array_equal(np.concatenate((*parts, pieces.flush())), expected)
    assert expected.size == 751


def test_decimation_passes_the_band_and_stops_what_folds_onto_it() -> None:
    times = np.arange(8000)
    for symbol_rates, gain_db, tolerance in ((0.0, 0, 0.01), (0.72, 0, 0.01), (1.3, -75, 40)):
        tone = np.exp(2j * np.pi * symbol_rates / 8 * times).astype(np.complex64)
        middle = Decimator(4, 0.73).push(tone)[500:1500]
        level_db = 10 * np.log10(np.mean(np.abs(middle) ** 2))
        assert level_db <= gain_db + tolerance
        assert gain_db < 0 or level_db >= gain_db - tolerance
        if gain_db == 0:  # no delay
            expected = np.exp(2j * np.pi * symbol_rates / 2 * np.arange(500, 1500))
            assert np.abs(middle - expected).max() < 0.01


@pytest.mark.parametrize("sent", list(SHIPPED))
@pytest.mark.parametrize("expected", list(SHIPPED))
def test_ends_that_do_not_agree_say_so(
    sent: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = BurstReceiver(SHIPPED[expected])
    with caplog.at_level(logging.WARNING):
        receptions = receive(stream(SHIPPED[sent], 40_000, 10.0, 0xABCD), receiver)
    stats = receiver.stats
    if sent == expected:
        assert len(receptions) == 1
        assert not caplog.records
        assert stats.other_waveform == 0
        return
    assert receptions == []
    assert stats.other_waveform == stats.headers_refused > 0
    # One frame alone does not always tell its header.
    assert stats.other_waveform + stats.header_errors <= stats.preambles
    (record,) = caplog.records
    assert f"0000abcd is sent in waveform {sent} (" in record.message
    assert f"this receiver is set to {expected} (" in record.message


def test_ends_that_do_not_agree_say_so_at_0_db() -> None:
    """No frame's header can be read alone there; that of several is."""
    receiver = BurstReceiver(SHIPPED["standard"])
    assert receive(stream(SHIPPED["robust"], 60_000, 0.0), receiver) == []
    assert receiver.stats.other_waveform > 0


def test_the_same_layout_with_another_number_is_refused_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = WaveformProfile(name="mine", pilot_boost_db=4.0)
    receiver = BurstReceiver(own)
    with caplog.at_level(logging.WARNING):
        assert receive(stream(STANDARD, 3000, 20.0), receiver) == []
    assert receiver.stats.other_waveform == 1
    assert "waveform standard (ad5f)" in caplog.text
    assert "set to mine" in caplog.text


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"pilot_period": 40, "spreading_symbols": 64}))
    profile = profile_file.load(str(path), 4)
    assert (profile.name, profile.pilot_period, profile.samples_per_symbol) == ("mine", 40, 4)
    assert profile.payload_symbols == STANDARD.payload_symbols
    assert profile.digest not in {other.digest for other in SHIPPED.values()}
    assert len(receive(stream(profile, 3000, 10.0), BurstReceiver(profile))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no JSON object"),
        ('{"roloff": 0.3}', "unknown setting 'roloff'"),
        ('{"rolloff": "a"}', "rolloff must be a number"),
        ('{"rolloff": NaN}', "rolloff must be a number"),
        ('{"rolloff": 0.9}', "rolloff must be from"),
        ('{"pilot_period": 2.5}', "pilot_period must be an integer"),
        ('{"pilot_period": true}', "pilot_period must be an integer"),
        ('{"samples_per_symbol": 3}', "power of two"),
        ('{"spreading_symbols": 1}', "spreading_symbols"),
        ('{"header_symbols": 100}', "header_symbols must be from 208"),
        ('{"least_header_symbols": 16000}', "must not be above"),
        ('{"chirp_symbols": 200}', "chirp_symbols must be a multiple of 16"),
        ('{"chirp_symbols": 80}', "chirp_symbols must be from 96"),
        ('{"pilot_period": 512, "payload_symbols": 1024}', "pilot_period must not be above 33:"),
        ('{"pilot_period": 34, "payload_symbols": 1024}', "pilot_period must not be above 33:"),
        ('{"pilot_period": 112}', "pilot_period must not be above 110:"),
        ('{"payload_symbols": 100000000000}', "payload_symbols must be from"),
        ('{"name": ""}', "name must be"),
        ("[" * 30_000, "not JSON"),
        (" " * 70_000, "too large"),
    ],
)
def test_a_file_that_is_no_profile(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ImplicitJsccError, match=message):
        profile_file.load(str(path))


@pytest.mark.parametrize("chirp_symbols", [96, 176, 512])
def test_every_length_of_chirps(chirp_symbols: int) -> None:
    """With samples missing, so that all that looks at chirps does."""
    profile = dataclasses.replace(PLAIN, chirp_symbols=chirp_symbols, payload_symbols=4096)
    samples = stream(profile, 9000, 10.0)
    cut = 4000 + 3 * FrameLayout(9000, profile).frame_symbols  # in the second of three
    (reception,) = receive(np.delete(samples, np.s_[cut : cut + 300]), BurstReceiver(profile))
    assert (reception.frames_received, reception.frames_partial) == (3, 1)


@pytest.mark.parametrize(("pilot_period", "payload_symbols"), [(33, 1024), (110, 33_792)])
def test_the_fewest_pilots_that_a_profile_may_have(pilot_period: int, payload_symbols: int) -> None:
    """A tiny content, and frames that a receiver comes into late, at 0 dB."""
    profile = WaveformProfile(pilot_period=pilot_period, payload_symbols=payload_symbols)
    assert len(receive(stream(profile, 1, 0.0), BurstReceiver(profile))) == 1
    size = 3 * profile.payload_symbols
    late = stream(profile, size, 0.0)[2 * FrameLayout(size, profile).frame_symbols :]
    (reception,) = receive(late, BurstReceiver(profile))
    assert {1, 2} <= set(reception.frame_numbers)


def test_tiny_contents_where_frames_hold_all_of_the_header() -> None:
    """No more header in the body: few pilots in the shortest frame, many in a full one."""
    profile = WaveformProfile(header_symbols=2048)
    assert len(receive(stream(profile, 1, 5.0), BurstReceiver(profile))) == 1


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(ImplicitJsccError, match="no such file"):
        profile_file.load("/nowhere/x.json")
    with pytest.raises(ImplicitJsccError, match="there is no waveform 'slow', but standard,"):
        profile_file.load("slow")
    for number in (-2, 1, 3, 32):
        with pytest.raises(ImplicitJsccError, match=rf"2, 4, 8 or 16 samples .*, not {number}$"):
            profile_file.load("fast", number)
