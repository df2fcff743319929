# SPDX-License-Identifier: GPL-3.0-or-later
"""All that fixes a decoder but its parameters' values: the codec's half of the protected header."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, prod
from typing import Any

from ..content import DESCRIPTION_BYTES
from ..errors import ImplicitJsccError
from ..ldpc_profiles import LOWEST_RATE
from . import bitfields, channel_uses, coded_plan
from .formats import KIND_BITS, SourceFormat, dimensions_of, read_format
from .modulation import BITS_PER_SYMBOL
from .network import SynthesisShape, redu_parameters
from .pyramid import MAXIMUM_LEVELS, level_sizes, real_symbols

# What a receiver accepts: a header can be forged, and memory follows from these numbers.
MAXIMUM_PIXELS = 1 << 23
SMALLEST_LENGTH = 16
MAXIMUM_HIDDEN_DIM = 64
MAXIMUM_REPETITION = 4095
MAXIMUM_LEVEL_CHANNELS = 15
# Values of one layer over all pixels: 2 GiB, as much as the largest picture needs at d = 64.
MAXIMUM_LAYER_VALUES = 1 << 29
# Message of the coded parameters: twice what 5,547 of 12 bits need, the decoder of a picture at
# d = 64.
MAXIMUM_PAYLOAD_BITS = 1 << 17
MAXIMUM_FINENESS = 63
# The first maps, of which the header says whether they carry brightness.
BRIGHTNESS_BITS = 60
# Gain in dB and side of the neighbourhoods of the receiver's filter, by their number in the header.
FILTERS = ((0, 3), (5, 3), (10, 3), (10, 5), (10, 7), (10, 9), (20, 5), (20, 7))

SNR_STEP_DB = 0.01
_SNR_OFFSET_DB = 100.0

# One amplitude scale a tensor, 2^(code / 8 - 12).
SCALE_CODES = 128
SCALES = 11
SCALE_STEPS_PER_OCTAVE = 8
SCALE_OFFSET = 96

_ACTIVATIONS = ("relu", "gelu")
_STRATEGIES = ("repetition", "coded")
_OF_CODED = ("fineness", "payload_bits", "bits_per_symbol", "brightness", "filter_gain_db")


@dataclass(frozen=True)
class CodecProfile:
    """Shape of one source's codec.

    Attributes:
        format: what the source's values stand for.
        height, width, channels: of the source; height 1 for one dimension.
        level_channels: L_k, finest level first.
        hidden_dim: d.
        activation: "relu" or "gelu" in the synthesis module.
        noise_matrix: whether M enters it.
        strategy: how parameters are sent, "repetition" or "coded".
        repetition_lsm: kappa_L; 0 where they are coded.
        channel_uses: k, symbols and parameters.
        snr_db: the design SNR, of which M's variance follows.
        seed: of M.
        scale_codes: one a parameter tensor, ten of the synthesis module and ReDU's; those of 1
            where parameters are coded.
        fineness: of the coded parameters' rounding; 0 where they are repeated, as the next two.
        payload_bits: of the message that carries them, its CRC included.
        bits_per_symbol: of their modulation.
        brightness: which maps start from the source's first component, as bits from that of the
            first map on; coded parameters only. A receiver without the decoder's parameters has
            nothing else to go by.
        filter_gain_db: by how much the filter that the decoder was trained behind lowers the design
            SNR's noise; coded parameters only.
        filter_side: of that filter's neighbourhoods; with the gain one of :data:`FILTERS`.
    """

    format: SourceFormat
    height: int
    width: int
    channels: int
    level_channels: tuple[int, ...]
    hidden_dim: int
    activation: str
    noise_matrix: bool
    strategy: str
    repetition_lsm: int
    channel_uses: int
    snr_db: float
    seed: int
    scale_codes: tuple[int, ...] = (SCALE_OFFSET,) * SCALES
    fineness: int = 0
    payload_bits: int = 0
    bits_per_symbol: int = 0
    brightness: int = 0
    filter_gain_db: int = 0
    filter_side: int = FILTERS[0][1]

    def __post_init__(self) -> None:
        """Refuse what cannot be decoded.

        Raises:
            ImplicitJsccError: a field is out of its bounds, or the fields contradict each other.
        """
        checks = (
            (1 <= self.height <= self._largest_height and 1 <= self.width, "size"),
            (self.height * self.width <= MAXIMUM_PIXELS, "number of pixels"),
            (self.format.allows(self.channels), "number of channels"),
            (1 <= len(self.level_channels) <= MAXIMUM_LEVELS, "number of levels"),
            (all(0 <= n <= MAXIMUM_LEVEL_CHANNELS for n in self.level_channels), "level's maps"),
            (bool(self.level_channels) and self.level_channels[-1] > 0, "coarsest level"),
            (1 <= self.hidden_dim <= MAXIMUM_HIDDEN_DIM, "hidden dimension"),
            (self.activation in _ACTIVATIONS, "activation"),
            (self.strategy in _STRATEGIES, "parameter strategy"),
            (0 <= self.seed < 1 << 32, "seed"),
            (-_SNR_OFFSET_DB <= self.snr_db <= _SNR_OFFSET_DB, "design SNR"),
            (len(self.scale_codes) == SCALES, "number of scales"),
            (all(0 <= code < SCALE_CODES for code in self.scale_codes), "scale"),
        )
        for holds, name in checks:
            if not holds:
                raise ImplicitJsccError(f"the codec's profile has an impossible {name}")
        widest = max(self.synthesis.inputs, self.hidden_dim, self.channels)
        if widest * self.height * self.width > MAXIMUM_LAYER_VALUES:
            raise ImplicitJsccError("the codec's profile has an impossible size of its layers")
        if not self.symbol_uses < self.channel_uses <= self._most_channel_uses:
            raise ImplicitJsccError("the codec's profile has an impossible number of channel uses")
        if self.strategy == "coded":
            self._check_coded()
        else:
            self._check_repetition()

    def _check_repetition(self) -> None:
        if not 1 <= self.repetition_lsm <= MAXIMUM_REPETITION:
            raise ImplicitJsccError("the codec's profile has an impossible repetition factor")
        if any(getattr(self, name) for name in _OF_CODED) or self.filter_side != FILTERS[0][1]:
            raise ImplicitJsccError("the codec's profile has an impossible mix of strategies")
        if self.repetition_redu < 1:
            raise ImplicitJsccError("the codec's profile leaves no channel uses for ReDU")

    def _check_coded(self) -> None:
        if self.repetition_lsm or set(self.scale_codes) != {SCALE_OFFSET}:
            raise ImplicitJsccError("the codec's profile has an impossible mix of strategies")
        if not 0 <= self.brightness < 1 << BRIGHTNESS_BITS:
            raise ImplicitJsccError("the codec's profile has impossible marks of its maps")
        if (self.filter_gain_db, self.filter_side) not in FILTERS:
            raise ImplicitJsccError("the codec's profile has an impossible filter")
        if not 0 <= self.fineness <= MAXIMUM_FINENESS:
            raise ImplicitJsccError("the codec's profile has an impossible rounding")
        if self.bits_per_symbol not in BITS_PER_SYMBOL:
            raise ImplicitJsccError("the codec's profile has an impossible modulation")
        if not self.parameters <= self.payload_bits <= MAXIMUM_PAYLOAD_BITS:
            raise ImplicitJsccError("the codec's profile has an impossible length of its message")
        if not coded_plan.can_be_sent(self.payload_bits, self.parameter_uses, self.bits_per_symbol):
            raise ImplicitJsccError("the codec's profile has an impossible code rate")

    @property
    def kind(self) -> str:
        """Name of the source's kind."""
        return self.format.kind

    @property
    def dimensions(self) -> int:
        """1 for signals, 2 for pictures."""
        return self.format.dimensions

    @property
    def samples(self) -> int:
        """N C."""
        return self.height * self.width * self.channels

    @property
    def level_sizes(self) -> list[tuple[int, int]]:
        """Height and width of each level, finest first."""
        return level_sizes(self.height, self.width, len(self.level_channels))

    @property
    def maps(self) -> int:
        """Channels of ReDU's output U."""
        return sum(self.level_channels)

    @property
    def synthesis(self) -> SynthesisShape:
        """Sizes of the synthesis module."""
        inputs = 2 * self.maps if self.noise_matrix else self.maps
        return SynthesisShape(inputs, self.hidden_dim, self.channels, self.dimensions)

    @property
    def redu_parameters(self) -> int:
        """Taps of ReDU's kernel."""
        return redu_parameters(self.dimensions)

    @property
    def parameters(self) -> int:
        """Parameters of the whole decoder."""
        return self.synthesis.parameters + self.redu_parameters

    @property
    def tensor_sizes(self) -> list[int]:
        """Parameters of each tensor that has a scale: the synthesis module's ten, then ReDU."""
        return [prod(shape) for shape in self.synthesis.tensors] + [self.redu_parameters]

    @property
    def real_symbols(self) -> int:
        """Real values in the pyramid."""
        return real_symbols(self.height, self.width, self.level_channels)

    @property
    def symbol_uses(self) -> int:
        """Channel uses of X."""
        return -(-self.real_symbols // 2)

    @property
    def parameter_uses(self) -> int:
        """Channel uses of the parameters."""
        return self.channel_uses - self.symbol_uses

    @property
    def repetition_redu(self) -> int:
        """kappa_T: whole copies of ReDU's kernel."""
        return channel_uses.redu_repetition(
            self.parameter_uses,
            self.synthesis.parameters,
            self.redu_parameters,
            self.repetition_lsm,
        )

    @property
    def bits_per_parameter(self) -> float:
        """Mean over the coded parameters, everything included."""
        return self.payload_bits / self.parameters

    @property
    def code_bits(self) -> int:
        """Length of the coded parameters' code word; where more bits are sent, they repeat it."""
        sent = self.parameter_uses * self.bits_per_symbol
        return min(sent, int(self.payload_bits / LOWEST_RATE))

    @property
    def bandwidth_ratio(self) -> float:
        """R = k / (N C)."""
        return self.channel_uses / self.samples

    @property
    def noise_variance(self) -> float:
        """sigma_w^2 of the design SNR, per complex symbol of unit power."""
        return float(10 ** (-self.snr_db / 10))

    @property
    def filtered_noise_variance(self) -> float:
        """Of the noise that the decoder was trained for, behind the receiver's filter."""
        return float(10 ** (-(self.snr_db + self.filter_gain_db) / 10))

    @property
    def scales(self) -> tuple[float, ...]:
        """What a unit real symbol of each parameter tensor stands for."""
        return tuple(scale_of(code) for code in self.scale_codes)

    @property
    def _largest_height(self) -> int:
        return 1 if self.dimensions == 1 else 0xFFFF

    @property
    def _most_channel_uses(self) -> int:
        reals = 2 * MAXIMUM_REPETITION * self.parameters
        return self.symbol_uses + max(reals, 4 * self.samples)

    def to_bytes(self) -> bytes:
        """The profile as the header carries it; k travels beside it."""
        size = [(self.width, 32)] if self.dimensions == 1 else [(self.height, 16), (self.width, 16)]
        head = [
            (self.format.number, 4),
            (_STRATEGIES.index(self.strategy), 2),
            (_ACTIVATIONS.index(self.activation), 1),
            (int(self.noise_matrix), 1),
            *size,
            (self.channels, 8),
            *((n, 4) for n in self.level_channels),
            *((0, 4) for _ in range(MAXIMUM_LEVELS - len(self.level_channels))),
            (self.hidden_dim, 7),
            (round((self.snr_db + _SNR_OFFSET_DB) / SNR_STEP_DB), 15),
            (self.seed, 32),
            *self._strategy_fields(),
        ]
        kind = self.format.fields()
        free = KIND_BITS - sum(width for _, width in kind)
        return bitfields.pack([*head, *kind, (0, free)], DESCRIPTION_BYTES)

    def _strategy_fields(self) -> list[tuple[int, int]]:
        """What belongs to the strategy: 89 bits."""
        if self.strategy == "coded":
            modulation = BITS_PER_SYMBOL.index(self.bits_per_symbol)
            head = [(self.fineness, 6), (modulation, 2), (self.payload_bits, 18)]
            number = FILTERS.index((self.filter_gain_db, self.filter_side))
            return [*head, (self.brightness, BRIGHTNESS_BITS), (number, 3)]
        return [(self.repetition_lsm, 12), *((code, 7) for code in self.scale_codes)]

    @classmethod
    def from_bytes(cls, description: bytes, channel_uses: int) -> CodecProfile:
        """The profile that a header described, for as many channel uses as came with it.

        Raises:
            ImplicitJsccError: it describes nothing that this version decodes.
        """
        if len(description) != DESCRIPTION_BYTES:
            raise ImplicitJsccError("the codec's description has a wrong length")
        reader = bitfields.Reader(description)
        number, strategy, activation = reader.take(4), reader.take(2), reader.take(1)
        if strategy >= len(_STRATEGIES):
            raise ImplicitJsccError("the content needs a newer version of this program")
        noise_matrix = bool(reader.take(1))
        kind_bits = int.from_bytes(description, "big") & ((1 << KIND_BITS) - 1)
        if dimensions_of(number, kind_bits) == 1:
            height, width = 1, reader.take(32)
        else:
            height, width = reader.take(16), reader.take(16)
        channels = reader.take(8)
        levels = [reader.take(4) for _ in range(MAXIMUM_LEVELS)]
        while levels and levels[-1] == 0:
            levels.pop()
        hidden_dim = reader.take(7)
        snr_db = round(reader.take(15) * SNR_STEP_DB - _SNR_OFFSET_DB, 2)
        seed = reader.take(32)
        strategy_fields = _read_strategy(reader, _STRATEGIES[strategy])
        source_format = read_format(number, reader)
        if reader.rest():
            raise ImplicitJsccError("the content needs a newer version of this program")
        return cls(
            format=source_format,
            height=height,
            width=width,
            channels=channels,
            level_channels=tuple(levels),
            hidden_dim=hidden_dim,
            activation=_ACTIVATIONS[activation],
            noise_matrix=noise_matrix,
            strategy=_STRATEGIES[strategy],
            channel_uses=channel_uses,
            snr_db=snr_db,
            seed=seed,
            **strategy_fields,
        )


def _read_strategy(reader: bitfields.Reader, strategy: str) -> dict[str, Any]:
    """The 89 bits that belong to the strategy.

    Raises:
        ImplicitJsccError: they mean nothing in this version.
    """
    if strategy == "repetition":
        repetition_lsm = reader.take(12)
        scale_codes = tuple(reader.take(7) for _ in range(SCALES))
        return {"repetition_lsm": repetition_lsm, "scale_codes": scale_codes}
    fineness, modulation = reader.take(6), reader.take(2)
    payload_bits, brightness = reader.take(18), reader.take(BRIGHTNESS_BITS)
    filter_gain_db, filter_side = FILTERS[reader.take(3)]
    if modulation >= len(BITS_PER_SYMBOL):
        raise ImplicitJsccError("the content needs a newer version of this program")
    return {
        "repetition_lsm": 0,
        "fineness": fineness,
        "payload_bits": payload_bits,
        "bits_per_symbol": BITS_PER_SYMBOL[modulation],
        "brightness": brightness,
        "filter_gain_db": filter_gain_db,
        "filter_side": filter_side,
    }


def scale_of(code: int) -> float:
    """The amplitude scale of a code."""
    return float(2.0 ** ((code - SCALE_OFFSET) / SCALE_STEPS_PER_OCTAVE))


def nearest_scale_code(scale: float) -> int:
    """The code whose scale is nearest in ratio, within what codes reach."""
    if scale <= 0:
        return 0
    code = round(SCALE_STEPS_PER_OCTAVE * log2(scale) + SCALE_OFFSET)
    return min(max(code, 0), SCALE_CODES - 1)
