# SPDX-License-Identifier: GPL-3.0-or-later
"""Sample formats of SigMF that radios write: complex, little-endian, full scale 1.0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ImplicitJsccError


@dataclass(frozen=True)
class Datatype:
    """How one complex sample is stored.

    Attributes:
        name: SigMF's, as in ``core:datatype``.
        component: numpy's type of I and of Q.
        full_scale: the component's value that stands for 1.0.
    """

    name: str
    component: str
    full_scale: float

    @property
    def sample_bytes(self) -> int:
        """Length of a sample."""
        return 2 * np.dtype(self.component).itemsize

    @property
    def is_integer(self) -> bool:
        """Whether values are rounded and clipped."""
        return np.dtype(self.component).kind == "i"

    def pack(self, samples: NDArray[np.complex64]) -> tuple[bytes, int]:
        """Samples as bytes, and how many of them were clipped.

        Integers are rounded to the nearest and clipped to their range; what is not finite
        becomes 0.
        """
        parts = np.ascontiguousarray(samples, np.complex64).view(np.float32)
        if not self.is_integer:
            return parts.astype(self.component, copy=False).tobytes(), 0
        limits = np.iinfo(self.component)
        finite = np.where(np.isfinite(parts), parts, np.float32(0))
        scaled = np.rint(finite.astype(np.float64) * self.full_scale)
        outside = ((scaled < limits.min) | (scaled > limits.max)).reshape(-1, 2).any(axis=1)
        clipped = np.clip(scaled, limits.min, limits.max).astype(self.component)
        return clipped.tobytes(), int(np.count_nonzero(outside))

    def unpack(self, data: bytes) -> NDArray[np.complex64]:
        """Bytes, a whole number of samples, as samples of full scale 1.0."""
        parts = np.frombuffer(data, self.component).astype(np.float32)
        if self.is_integer:
            parts /= np.float32(self.full_scale)
        return parts.view(np.complex64)


DATATYPES = {
    datatype.name: datatype
    for datatype in (
        Datatype("cf32_le", "<f4", 1.0),
        Datatype("ci16_le", "<i2", 32768.0),
        Datatype("ci8", "i1", 128.0),
    )
}


def datatype_of(name: str) -> Datatype:
    """The datatype of a name.

    Raises:
        ImplicitJsccError: it is none of those that can be read and written here.
    """
    if name in DATATYPES:
        return DATATYPES[name]
    known = ", ".join(DATATYPES)
    reason = "big-endian samples" if name.endswith("_be") else "this datatype"
    raise ImplicitJsccError(f"datatype {name[:40]!r}: {reason} cannot be read, only {known}")
