# SPDX-License-Identifier: GPL-3.0-or-later
"""Contents as GNU Radio PDUs, and back.

A PDU is a pair of a dictionary and a vector (``source_pdu`` has that of sources):

* content: ``{content_id, description: u8vector, coded_symbols}`` and the symbols, a c32vector;
* received content: the same, ``noise_variance`` (f32vector, inf where a symbol was lost), scalars
  that the receiver measured, such as ``snr_db`` or ``frames_lost``, and ``frame_snr_db``
  (f32vector); ``complete`` is False where the content is still arriving.

Whatever arrives on a message port may come from anywhere: nothing is taken on trust here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pmt
from numpy.typing import NDArray

from implicitjscc.content import DESCRIPTION_BYTES, Content, ReceivedContent
from implicitjscc.errors import ImplicitJsccError

from .pmt_arrays import from_array, to_array
from .pmt_scalars import Scalar, scalar, scalars

MAXIMUM_CHANNEL_USES = 1 << 26
MOST_FRAMES = 1 << 12


def from_content(content: Content) -> Any:
    """The content PDU of ``content``."""
    coded = pmt.from_long(content.coded_symbols)
    meta = _identity(content.content_id, content.description)
    return pmt.cons(pmt.dict_add(meta, pmt.intern("coded_symbols"), coded), _c32(content.symbols))


def to_content(message: Any) -> Content:
    """The content in a content PDU.

    Raises:
        ImplicitJsccError: the message is no such PDU.
    """
    meta, vector = split(message)
    coded = _entry(meta, "coded_symbols")
    count = pmt.to_long(coded) if _is_32_bits(coded) else 0
    return Content(_symbols(vector), _description(meta), _content_id(meta), count)


def from_received(
    received: ReceivedContent,
    measured: Mapping[str, Scalar] | None = None,
    frame_snr_db: NDArray[np.float32] | None = None,
) -> Any:
    """The received-content PDU of ``received``; ``measured`` goes into its dictionary.

    Args:
        received: the content.
        measured: figures of the reception.
        frame_snr_db: see :func:`frame_snr_db`.
    """
    meta = _identity(received.content_id, received.description)
    meta = pmt.dict_add(meta, pmt.intern("noise_variance"), _f32(received.noise_variance))
    if frame_snr_db is not None and frame_snr_db.size:
        meta = pmt.dict_add(meta, pmt.intern("frame_snr_db"), _f32(frame_snr_db))
    for key, value in (measured or {}).items():
        meta = pmt.dict_add(meta, pmt.intern(key), scalar(value))
    return pmt.cons(meta, _c32(received.symbols))


def to_received(message: Any) -> tuple[ReceivedContent, dict[str, Scalar]]:
    """What a received-content PDU carries, and the scalars that stand beside it.

    Raises:
        ImplicitJsccError: the message is no such PDU.
    """
    meta, vector = split(message)
    symbols = _symbols(vector)
    value = _entry(meta, "noise_variance")
    if not pmt.is_f32vector(value) or pmt.length(value) != symbols.size:
        raise ImplicitJsccError("the PDU has not one noise variance a symbol")
    variance = to_array(value)
    if not np.all(variance > 0):  # NaN fails too; inf marks a lost symbol
        raise ImplicitJsccError("the PDU has a noise variance that is not positive")
    received = ReceivedContent(symbols, variance, _description(meta), _content_id(meta))
    return received, scalars(meta)


def frame_snr_db(message: Any) -> NDArray[np.float32]:
    """SNR by frame number in a received-content PDU, shape (frames,); empty where it has none.

    NaN stands for a frame that was lost, -inf for one that is still to come.
    """
    value = _entry(split(message)[0], "frame_snr_db")
    if not pmt.is_f32vector(value) or pmt.length(value) > MOST_FRAMES:
        return np.empty(0, np.float32)
    return to_array(value)


def is_partial(message: Any) -> bool:
    """Whether a received-content PDU is of a content that is still arriving."""
    if not pmt.is_pair(message) or not pmt.is_dict(pmt.car(message)):
        return False
    return bool(pmt.equal(_entry(pmt.car(message), "complete"), pmt.PMT_F))


def _identity(content_id: int, description: bytes) -> Any:
    meta = pmt.dict_add(pmt.make_dict(), pmt.intern("content_id"), pmt.from_long(content_id))
    vector = from_array(np.frombuffer(description, np.uint8))
    return pmt.dict_add(meta, pmt.intern("description"), vector)


def _f32(values: NDArray[np.float32]) -> Any:
    return from_array(np.asarray(values, np.float32))


def _c32(symbols: NDArray[np.complex64]) -> Any:
    return from_array(np.asarray(symbols, np.complex64))


def split(message: Any) -> tuple[Any, Any]:
    """Dictionary and vector of a PDU.

    Raises:
        ImplicitJsccError: the message is no PDU.
    """
    if not pmt.is_pair(message) or not pmt.is_dict(pmt.car(message)):
        raise ImplicitJsccError("the message is no PDU (a pair of a dictionary and a vector)")
    return pmt.car(message), pmt.cdr(message)


def _entry(meta: Any, key: str) -> Any:
    return pmt.dict_ref(meta, pmt.intern(key), pmt.PMT_NIL)


def _content_id(meta: Any) -> int:
    value = _entry(meta, "content_id")
    if not _is_32_bits(value):
        raise ImplicitJsccError("the PDU has no content_id of 32 bits")
    return int(pmt.to_long(value))


def _is_32_bits(value: Any) -> bool:
    return pmt.is_integer(value) and 0 <= pmt.to_long(value) < 1 << 32


def _description(meta: Any) -> bytes:
    value = _entry(meta, "description")
    if pmt.is_u8vector(value) and pmt.length(value) == DESCRIPTION_BYTES:
        return to_array(value).tobytes()
    raise ImplicitJsccError(f"the PDU has no description of {DESCRIPTION_BYTES} bytes")


def _symbols(vector: Any) -> NDArray[np.complex64]:
    if not pmt.is_c32vector(vector) or not 0 < pmt.length(vector) <= MAXIMUM_CHANNEL_USES:
        raise ImplicitJsccError("the PDU has no vector of complex symbols")
    symbols = to_array(vector)
    if not np.all(np.isfinite(symbols)):
        raise ImplicitJsccError("the PDU has symbols that are not finite")
    return symbols
