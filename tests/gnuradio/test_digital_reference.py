# SPDX-License-Identifier: GPL-3.0-or-later
"""The Digital Reference beside the Decoder, on the same received contents."""

from __future__ import annotations

import dataclasses

import numpy as np
import pmt
import pytest
from gnuradio import gr, implicitjscc
from gnuradio.implicitjscc import image_pdu, pdu

from implicitjscc.codec import metrics, sources, symbol_channel
from implicitjscc.errors import ImplicitJsccError

from .helpers import message_source, message_store


def sent_over(run, encoded, messages, **arguments):
    graph = gr.top_block()
    sender, pictures, symbols = message_source(messages), message_store(), message_store()
    digital = implicitjscc.digital_reference(str(encoded.source), **arguments)
    graph.msg_connect(sender, "out", digital, "received")
    graph.msg_connect(digital, "reconstruction", pictures, "in")
    graph.msg_connect(digital, "symbols", symbols, "in")
    run(graph)
    return digital, pictures.messages, symbols.messages


def received_message(encoded, snr_db, lost_share=0.0):
    received = symbol_channel.awgn(encoded.content, snr_db, seed=1)
    lost = np.random.default_rng(1).random(received.symbols.size) < lost_share
    variance = np.where(lost, np.inf, received.noise_variance).astype(np.float32)
    return pdu.from_received(dataclasses.replace(received, noise_variance=variance))


def test_above_its_threshold_the_picture_arrives(run, encoded):
    digital, (picture,), (symbols,) = sent_over(run, encoded, [received_message(encoded, 11)])
    pixels, meta = image_pdu.to_image(picture)
    psnr_db = metrics.psnr_db(encoded.image, sources.Image(pixels))
    assert meta["psnr_db"] == pytest.approx(psnr_db)
    assert psnr_db > 25
    assert meta["snr_db"] == pytest.approx(11, abs=0.01)
    assert meta["modulation"] == "16-QAM, rate 0.65"
    received, _ = pdu.to_received(symbols)
    assert np.mean(np.abs(received.symbols) ** 2) == pytest.approx(1 + 10**-1.1, rel=0.05)
    assert digital.failures == digital.dropped == 0


@pytest.mark.parametrize(("snr_db", "lost_share"), [(7.5, 0.0), (10, 0.2)])
def test_below_it_there_is_none_and_that_is_said(run, encoded, snr_db, lost_share):
    message = received_message(encoded, snr_db, lost_share)
    _, (published,), _ = sent_over(run, encoded, [message])
    meta, vector = pdu.split(published)
    assert pmt.is_null(vector)
    entries = pdu.scalars(meta)
    assert entries["status"] == "no picture: the file is damaged"
    assert "psnr_db" not in entries
    assert entries["snr_db"] == pytest.approx(snr_db, abs=0.05)


def test_another_design_arrives_where_the_first_did_not(run, encoded):
    digital, (published,), _ = sent_over(
        run, encoded, [received_message(encoded, 2.5)], design_snr_db=2
    )
    assert not pmt.is_null(pdu.split(published)[1])
    digital.set_design_snr_db(12)
    graph = gr.top_block()
    sender = message_source([received_message(encoded, 2.5)])
    graph.msg_connect(sender, "out", digital, "received")
    run(graph)
    assert "status" not in digital.reports[0]
    assert "status" in digital.reports[1]


def test_nonsense_and_partial_contents_are_not_answered(run, encoded):
    partial = pdu.from_received(
        symbol_channel.awgn(encoded.content, 20, seed=1), {"complete": False}
    )
    digital, published, _ = sent_over(run, encoded, [partial, pmt.intern("x")])
    assert published == []
    assert digital.dropped == 1


def test_a_missing_picture_is_named():
    with pytest.raises(ImplicitJsccError, match=r"nowhere\.png: no such file"):
        implicitjscc.digital_reference("/nowhere.png")
