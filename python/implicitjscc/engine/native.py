# SPDX-License-Identifier: GPL-3.0-or-later
"""The native engine: fused kernels in C++ behind a C interface.

The interface is plain C and called with ctypes, so that one library serves every Python version
and building it needs a C++ compiler only: neither Python's headers nor a binding generator.
"""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import POINTER, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_uint64, c_void_p
from math import prod
from pathlib import Path

import numpy as np

from ..errors import ImplicitJsccError
from .build import LIBRARY_NAME, fingerprint, is_whole
from .model import FILTER_SIDES, DecoderShape, FilteredNoise, FloatArray, StepSettings, SymbolState

_MAXIMUM_LEVELS = 8
_MOST_THREADS = 64


class _Shape(ctypes.Structure):
    _fields_ = (
        ("height", c_int32),
        ("width", c_int32),
        ("channels", c_int32),
        ("levels", c_int32),
        ("hidden", c_int32),
        ("gelu", c_int32),
        ("kernel_rows", c_int32),
        ("residual_rows", c_int32),
        ("noise_matrix", c_int32),
        ("maps", c_int32 * _MAXIMUM_LEVELS),
    )


class _StepSettings(ctypes.Structure):
    _fields_ = (
        ("noise_key", c_uint64),
        ("symbols_rms", c_float),
        ("noise_std", c_float),
        ("filtered_variance", c_float),
        ("filter_side", c_int32),
        ("loss_weight", c_float),
        ("first_moment", c_float),
        ("second_moment", c_float),
        ("epsilon", c_float),
        ("first_correction", c_float),
        ("second_correction", c_float),
        ("rates", c_float * _MAXIMUM_LEVELS),
    )


class NativeUnavailableError(Exception):
    """There is no native engine to load; the message says why in one line."""


@functools.cache
def library() -> ctypes.CDLL:
    """The engine's library.

    Raises:
        NativeUnavailableError: it is not built, cannot be loaded, or is of another version.
    """
    path = Path(__file__).with_name(LIBRARY_NAME)
    if not path.is_file():
        raise NativeUnavailableError("it is not built")
    if not is_whole(path):
        raise NativeUnavailableError("its file is cut short")
    try:
        loaded = ctypes.CDLL(os.fspath(path))
        loaded.ijscc_fingerprint.restype = c_char_p
        built_from = loaded.ijscc_fingerprint().decode()
    except (OSError, AttributeError) as error:
        raise NativeUnavailableError(f"it does not load ({error})") from None
    if built_from != fingerprint():
        raise NativeUnavailableError("it was built from another version's sources")
    floats = POINTER(c_float)
    signatures = {
        "ijscc_instruction_set": (c_char_p, [c_int]),
        "ijscc_create": (c_void_p, [POINTER(_Shape), c_int, c_int]),
        "ijscc_destroy": (None, [c_void_p]),
        "ijscc_prepare_training": (c_int, [c_void_p, floats]),
        "ijscc_set_noise_matrix": (c_int, [c_void_p, floats]),
        "ijscc_decode": (None, [c_void_p, floats, floats, c_float, c_float, c_int, floats]),
        "ijscc_gradient": (c_double, [c_void_p, floats, floats, floats, floats]),
        "ijscc_step": (c_double, [c_void_p, POINTER(_StepSettings), *[floats] * 5]),
        "ijscc_normals": (None, [c_void_p, c_uint64, c_int64, floats]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def instruction_sets() -> list[str]:
    """Those that the library has kernels for and this processor runs, fastest first.

    Raises:
        NativeUnavailableError: see :func:`library`.
    """
    names: list[str] = []
    while (name := library().ijscc_instruction_set(len(names))) is not None:
        names.append(name.decode())
    return names


def default_threads() -> int:
    """One a core that this process may use; OMP_NUM_THREADS bounds it, as it does PyTorch's."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        cores = min(cores, int(wanted))
    return max(1, min(cores, _MOST_THREADS))


class NativeModel:
    """One source's decoder; see :class:`implicitjscc.engine.model.Model`.

    Results are the same for the same inputs and number of threads. One call at a time.

    Args:
        shape: sizes.
        threads: how many; None for :func:`default_threads`.
        instruction_set: a name out of :func:`instruction_sets`; None for the fastest.

    Raises:
        NativeUnavailableError: see :func:`library`.
        ImplicitJsccError: the shape is out of bounds, or there is not enough memory.
    """

    def __init__(
        self,
        shape: DecoderShape,
        threads: int | None = None,
        instruction_set: str | None = None,
    ) -> None:
        self._handle: int | None = None
        self._library = library()
        names = instruction_sets()
        index = names.index(instruction_set) if instruction_set is not None else 0
        two = shape.dimensions == 2
        levels = len(shape.level_channels)
        if not 1 <= levels <= _MAXIMUM_LEVELS:
            raise ImplicitJsccError(f"the native engine cannot run {levels} levels")
        maps = (*shape.level_channels, *[0] * (_MAXIMUM_LEVELS - levels))
        self._shape = _Shape(
            height=shape.height,
            width=shape.width,
            channels=shape.channels,
            levels=levels,
            hidden=shape.hidden_dim,
            gelu=int(shape.activation == "gelu"),
            kernel_rows=8 if two else 1,
            residual_rows=3 if two else 1,
            noise_matrix=int(shape.noise_matrix),
            maps=(c_int32 * _MAXIMUM_LEVELS)(*maps),
        )
        self._reals, self._parameters = _sizes(shape)
        self._size = (shape.channels, shape.height, shape.width)
        self._source: FloatArray | None = None
        self._handle = self._library.ijscc_create(self._shape, threads or default_threads(), index)
        if not self._handle:
            raise ImplicitJsccError("the native engine has not enough memory for this source")

    def __del__(self) -> None:
        """Free the kernels' memory and end their threads."""
        if self._handle:
            self._library.ijscc_destroy(self._handle)

    def set_noise_matrix(self, pyramid: FloatArray) -> None:
        """Take M's pyramid; shape (real_symbols,)."""
        if not self._library.ijscc_set_noise_matrix(
            self._handle, _pointer(pyramid, (self._reals,))
        ):
            raise ImplicitJsccError("not enough memory for the noise matrix")

    def decode(
        self, received: FloatArray, parameters: FloatArray, noise: FilteredNoise | None = None
    ) -> FloatArray:
        """f_theta(Y), shape (channels, height, width)."""
        out = np.empty(self._size, np.float32)
        self._library.ijscc_decode(
            self._handle,
            _pointer(received, (self._reals,)),
            _pointer(parameters, (self._parameters,)),
            noise.variance if noise else 0.0,
            noise.filtered_variance if noise else -1.0,
            noise.side if noise else FILTER_SIDES[0],
            _pointer(out, self._size),
        )
        return out

    def prepare_training(self, source: FloatArray) -> None:
        """Take the source, shape (channels, height, width)."""
        pointer = _pointer(source, self._size)
        self._source = source  # the kernels read it in every step
        if not self._library.ijscc_prepare_training(self._handle, pointer):
            raise ImplicitJsccError("not enough memory to encode this source")

    def gradient(
        self, received: FloatArray, parameters: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Mean squared error and its gradients at Y and at the parameters."""
        self._check_training()
        at_received = np.empty(self._reals, np.float32)
        at_parameters = np.empty(self._parameters, np.float32)
        loss = self._library.ijscc_gradient(
            self._handle,
            _pointer(received, (self._reals,)),
            _pointer(parameters, (self._parameters,)),
            _pointer(at_received, (self._reals,)),
            _pointer(at_parameters, (self._parameters,)),
        )
        return loss, at_received, at_parameters

    def step(
        self, settings: StepSettings, state: SymbolState, parameters: FloatArray
    ) -> tuple[float, FloatArray]:
        """One step on the symbols, in place; the loss and its gradient at the parameters."""
        self._check_training()
        gradient = np.empty(self._parameters, np.float32)
        loss = self._library.ijscc_step(
            self._handle,
            _step_settings(settings),
            _pointer(state.symbols, (self._reals,)),
            _pointer(state.first, (self._reals,)),
            _pointer(state.second, (self._reals,)),
            _pointer(parameters, (self._parameters,)),
            _pointer(gradient, (self._parameters,)),
        )
        return loss, gradient

    def normals(self, key: int) -> FloatArray:
        """The channel noise of a step with this key, unit variance, shape (real_symbols,)."""
        out = np.empty(self._reals, np.float32)
        self._library.ijscc_normals(self._handle, key, self._reals, _pointer(out, out.shape))
        return out

    def _check_training(self) -> None:
        if self._source is None:
            raise ValueError("prepare_training comes first")


def _sizes(shape: DecoderShape) -> tuple[int, int]:
    """Real symbols, and parameters of the decoder."""
    height, width, reals = shape.height, shape.width, 0
    for maps in shape.level_channels:
        reals += maps * height * width
        height, width = -(-height // 2), -(-width // 2)
    inputs = sum(shape.level_channels) * (2 if shape.noise_matrix else 1)
    d, c, dimensions = shape.hidden_dim, shape.channels, shape.dimensions
    residual = c * c * 3**dimensions + c
    layers = (inputs + 1) * d + (d + 1) * d + (d + 1) * c + 2 * residual
    return reals, layers + 8**dimensions


def _step_settings(settings: StepSettings) -> _StepSettings:
    first, second = settings.moments
    filtered = settings.filtered_variance
    return _StepSettings(
        noise_key=settings.noise_key,
        symbols_rms=settings.symbols_rms,
        noise_std=settings.noise_std,
        filtered_variance=-1.0 if filtered is None else filtered,
        filter_side=settings.filter_side,
        loss_weight=settings.loss_weight,
        first_moment=first,
        second_moment=second,
        epsilon=settings.epsilon,
        first_correction=1 / (1 - first**settings.step),
        second_correction=1 / (1 - second**settings.step),
        rates=(c_float * _MAXIMUM_LEVELS)(*settings.rates),
    )


def _pointer(array: np.ndarray, shape: tuple[int, ...]) -> ctypes._Pointer[c_float]:
    """The address of an array that C++ may read to its end.

    Raises:
        ValueError: it is not what the kernels expect.
    """
    if array.dtype != np.float32 or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(
            f"expected {prod(shape)} contiguous float32 of shape {shape}, got {array.dtype} of "
            f"shape {array.shape}"
        )
    return array.ctypes.data_as(POINTER(c_float))
