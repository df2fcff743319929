# SPDX-License-Identifier: GPL-3.0-or-later
"""Digital transmission of the decoder's parameters: they arrive exactly, or not at all.

Rounded parameters and a CRC-32 make the message of a repeat-accumulate code that fills the
parameters' channel uses; its bits are scattered over them, scrambled, and sent by QAM.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .. import prng
from ..errors import ImplicitJsccError
from ..ldpc import DEFAULT_ITERATIONS, Bits, RepeatAccumulateCode
from ..ldpc_profiles import make_code
from . import modulation, quantisation
from .coded_payload import pack, packed_bits, unpack
from .profile import CodecProfile

# The code belongs to the air format, not to a content ("code").
_CODE_SEED = 0x636F6465
# What is no word is found out in seconds even where a forged description makes it long.
_LONG_WORD, _LONG_WORD_ITERATIONS = 1 << 17, 50
_SCATTER, _SCRAMBLE = 2, 3  # sub-sequences beside the code's own two


def to_symbols(profile: CodecProfile, parameters: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The parameters' channel symbols, shape (parameter_uses,).

    Args:
        profile: with the length of the message that these parameters make.
        parameters: shape (parameters,), multiples of their steps.

    Raises:
        ImplicitJsccError: they make a message of another length.
    """
    integers = quantisation.quantise(parameters, profile, profile.fineness)
    if packed_bits(integers, profile.tensor_sizes) != profile.payload_bits:
        raise ImplicitJsccError("the parameters are not those that the codec's profile describes")
    word = _code(profile).encode(pack(integers, profile.tensor_sizes))
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
    llr = np.bincount(order % code.code_bits, soft, minlength=code.code_bits)
    iterations = _LONG_WORD_ITERATIONS if code.code_bits > _LONG_WORD else DEFAULT_ITERATIONS
    message, _ = code.decode(llr.astype(np.float32), iterations)
    integers = unpack(message, profile.tensor_sizes)
    if integers is None:
        return None
    return quantisation.dequantise(integers, profile, profile.fineness)


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
