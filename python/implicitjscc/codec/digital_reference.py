# SPDX-License-Identifier: GPL-3.0-or-later
"""What separate source and channel coding does with the same channel uses: JPEG, LDPC, QAM.

A picture becomes the best JPEG file that fits, with a CRC-32; its bits become code words of the
repeat-accumulate codes of :mod:`..ldpc_profiles`, mapped to Gray QAM. Modulation and code rate are
the fastest that a design SNR carries. The receiver knows frequency, phase, timing and each symbol's
noise variance exactly; it decodes the code words for real and shows the picture only where the
CRC is right, as a file transfer would.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from .. import prng
from ..errors import ImplicitJsccError
from ..ldpc_profiles import make_code
from . import modulation
from .images import Image

_MOST_WORD_BITS = 12_000
_LEAST_CHANNEL_USES = 500
_WORD_MULTIPLE = 24  # whole symbols of every constellation
_ITERATIONS = 40
_CRC_BYTES = 4
_SEED = 0x44494749
# From this SNR on (dB, measured over AWGN, with a margin so that fifty words in a row are right)
# bits a symbol at a code rate arrive.
_SCHEMES = (
    (-1.5, 2, 0.25),
    (1.8, 2, 0.50),
    (4.6, 2, 0.75),
    (7.0, 4, 0.50),
    (9.3, 4, 0.65),
    (11.6, 4, 0.80),
    (13.9, 6, 0.65),
    (17.0, 6, 0.80),
)


@dataclass(frozen=True)
class DigitalReception:
    """What came of one transmission.

    Attributes:
        image: the picture, or None where the file is damaged.
        words: code words of the file.
        words_right: of these, decoded without a fault before the first that was not.
        symbols: as received, shape (channel_uses,); 0 where lost.
    """

    image: Image | None
    words: int
    words_right: int
    symbols: NDArray[np.complex64]


class DigitalReference:
    """One picture, sent digitally.

    Args:
        image: 8 or 16 bits; JPEG has 8.
        channel_uses: complex symbols that it may take.
        design_snr_db: chooses modulation and code rate.

    Attributes:
        name: modulation and code rate in words.
        file_bytes: size of the JPEG file.
        lowest_snr_db: below it the design does not arrive.

    Raises:
        ImplicitJsccError: no file of this picture is small enough, there are fewer than 500 channel
            uses, or the design SNR is below what the lowest rate needs.
    """

    def __init__(self, image: Image, channel_uses: int, design_snr_db: float) -> None:
        fitting = [scheme for scheme in _SCHEMES if scheme[0] <= design_snr_db]
        if not fitting:
            raise ImplicitJsccError(
                f"the digital reference needs a design SNR of at least {_SCHEMES[0][0]} dB"
            )
        self.lowest_snr_db, self._bits, rate = fitting[-1]
        if channel_uses < _LEAST_CHANNEL_USES:
            raise ImplicitJsccError(
                f"the digital reference needs at least {_LEAST_CHANNEL_USES} channel uses"
            )
        self.name = f"{modulation.NAMES[self._bits]}, rate {rate:g}"
        bits = channel_uses * self._bits
        self.words = -(-bits // _MOST_WORD_BITS)
        self._word_bits = bits // self.words // _WORD_MULTIPLE * _WORD_MULTIPLE
        information_bits = int(self._word_bits * rate) // 8 * 8
        self._code = make_code(information_bits, self._word_bits, _SEED, prng.Stream.PARAMETER_CODE)
        # Bits of one symbol are not equally safe; mixed, every word has its share of each kind.
        self._order = prng.permutation(_SEED, prng.Stream.FILLER, self._word_bits)
        file_words = -(-self.words * information_bits // 32)
        mask = prng.words(_SEED, prng.Stream.HEADER_SCRAMBLER, file_words).astype("<u4")
        self._scrambler = mask.view(np.uint8)[: self.words * information_bits // 8]
        room = self.words * information_bits // 8 - _CRC_BYTES
        file = fitting_jpeg(image, room)
        self.file_bytes = len(file)
        self._symbols = self._modulate(file.ljust(room, b"\0"))

    def _modulate(self, payload: bytes) -> NDArray[np.complex64]:
        crc = zlib.crc32(payload).to_bytes(_CRC_BYTES, "big")
        data = np.frombuffer(payload + crc, np.uint8) ^ self._scrambler
        bits = np.unpackbits(data).reshape(self.words, -1)
        coded = np.stack([self._code.encode(word)[self._order] for word in bits])
        return modulation.modulate(coded.reshape(-1), self._bits)

    def receive(self, noise_variance: NDArray[np.float32], seed: int) -> DigitalReception:
        """Send it once.

        Args:
            noise_variance: of the complex noise on each channel use, inf where it is lost, shape
                (channel_uses,).
            seed: of the noise.
        """
        variance = noise_variance[: self._symbols.size]
        lost = np.isinf(variance)
        generator = np.random.default_rng(seed)
        noise = generator.standard_normal(2 * variance.size, np.float32).view(np.complex64)
        received = self._symbols + noise * np.sqrt(np.where(lost, 0, variance) / 2)
        received[lost] = 0
        received = received.astype(np.complex64)
        soft = modulation.log_likelihoods(received, variance, self._bits)
        file = bytearray()
        for number, word in enumerate(soft.reshape(self.words, self._word_bits)):
            llr = np.empty(self._word_bits)
            llr[self._order] = word
            information, right = self._code.decode(llr, _ITERATIONS)
            if not right:
                return DigitalReception(None, self.words, number, received)
            file += np.packbits(information).tobytes()
        data = (np.frombuffer(file, np.uint8) ^ self._scrambler).tobytes()
        payload, crc = data[:-_CRC_BYTES], data[-_CRC_BYTES:]
        if zlib.crc32(payload).to_bytes(_CRC_BYTES, "big") != crc:
            return DigitalReception(None, self.words, self.words, received)
        return DigitalReception(_read(payload), self.words, self.words, received)


def fitting_jpeg(image: Image, most_bytes: int) -> bytes:
    """The JPEG file of the highest quality that is not larger.

    Raises:
        ImplicitJsccError: even the lowest quality is.
    """
    values = np.rint(255 * image.normalised().transpose(1, 2, 0)).astype(np.uint8)
    picture = PillowImage.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    best = b""
    low, high = 1, 95
    while low <= high:
        quality = (low + high) // 2
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= most_bytes:
            best, low = buffer.getvalue(), quality + 1
        else:
            high = quality - 1
    if not best:
        raise ImplicitJsccError(f"no JPEG file of this picture has at most {most_bytes} bytes")
    return best


def _read(file: bytes) -> Image:
    with PillowImage.open(io.BytesIO(file)) as opened:
        return Image(np.ascontiguousarray(np.atleast_3d(np.asarray(opened))))
