# SPDX-License-Identifier: GPL-3.0-or-later
"""Digital transmission of the decoder's parameters: they arrive exactly, or not at all.

Integers of a few bits and a CRC-32 make the message of a repeat-accumulate code that fills the
parameters' channel uses; its bits are scattered over them, scrambled, and sent by QAM. The scales
travel in the protected header.
"""

from __future__ import annotations

import functools
import zlib

import numpy as np
from numpy.typing import NDArray

from .. import prng
from ..ldpc import Bits, RepeatAccumulateCode
from ..ldpc_profiles import make_code
from . import modulation, quantisation
from .profile import CodecProfile
from .quantisation import Quantised

# The code belongs to the air format, not to a content ("code").
_CODE_SEED = 0x636F6465
_SCATTER, _SCRAMBLE = 2, 3  # sub-sequences beside the code's own two


def to_symbols(profile: CodecProfile, parameters: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The parameters' channel symbols, shape (parameter_uses,)."""
    bits = profile.parameter_bits
    integers = quantisation.to_integers(parameters, profile, profile.scale_codes, bits)
    word = _code(profile).encode(pack(integers, bits))
    order, scrambler = _scatter(profile.parameter_uses * profile.bits_per_symbol)
    sent = word[order % word.size] ^ scrambler
    return modulation.modulate(sent, profile.bits_per_symbol)


def from_symbols(
    profile: CodecProfile,
    symbols: NDArray[np.complex64],
    noise_variance: NDArray[np.float32],
) -> NDArray[np.float32] | None:
    """The parameters as they were sent, or None where they cannot be decoded.

    Args:
        profile: tells how they were sent.
        symbols: shape (parameter_uses,).
        noise_variance: the same shape; inf where a symbol was lost.

    Returns:
        shape (parameters,), or None: the CRC does not match.
    """
    code = _code(profile)
    order, scrambler = _scatter(profile.parameter_uses * profile.bits_per_symbol)
    soft = modulation.log_likelihoods(symbols, noise_variance, profile.bits_per_symbol)
    soft *= 1 - 2.0 * scrambler
    # A word that is sent more than once: its copies add up.
    message, _ = code.decode(np.bincount(order % code.code_bits, soft, minlength=code.code_bits))
    integers = unpack(message, profile.parameter_bits)
    if integers is None:
        return None
    quantised = Quantised(integers, profile.scale_codes)
    return quantisation.dequantise(quantised, profile, profile.parameter_bits)


def pack(integers: NDArray[np.int64], bits: int) -> Bits:
    """Integers of ``bits`` bits, offset to be positive, most significant bit first; the CRC-32."""
    shifted = integers + quantisation.largest_integer(bits)
    message = (shifted[:, None] >> np.arange(bits)[::-1] & 1).astype(np.uint8).reshape(-1)
    return np.concatenate((message, _crc(message)))


def unpack(message: Bits, bits: int) -> NDArray[np.int64] | None:
    """What :func:`pack` packed, or None where the CRC does not match."""
    body, crc = message[:-32], message[-32:]
    if not np.array_equal(_crc(body), crc):
        return None
    shifted = body.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits)[::-1])
    return shifted - quantisation.largest_integer(bits)


def _crc(message: Bits) -> Bits:
    crc = zlib.crc32(np.packbits(message).tobytes())
    return np.unpackbits(np.frombuffer(crc.to_bytes(4, "big"), np.uint8))


def _code(profile: CodecProfile) -> RepeatAccumulateCode:
    return make_code(
        profile.payload_bits, profile.code_bits, _CODE_SEED, prng.Stream.PARAMETER_CODE
    )


@functools.lru_cache(maxsize=4)
def _scatter(sent_bits: int) -> tuple[NDArray[np.int64], Bits]:
    """Which bit of the repeated word each sent bit is, and what is added to it."""
    stream = prng.Stream.PARAMETER_CODE
    order = prng.permutation(_CODE_SEED, stream, sent_bits, _SCATTER)
    scrambler = (prng.words(_CODE_SEED, stream, sent_bits, _SCRAMBLE) & 1).astype(np.uint8)
    return order, scrambler
