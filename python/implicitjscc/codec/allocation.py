# SPDX-License-Identifier: GPL-3.0-or-later
"""What a search over encodings decides: the choices that a profile file holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from .settings import EncoderSettings


@dataclass(frozen=True)
class Allocation:
    """Where bandwidth, complexity and power go; None leaves a choice to the encoder.

    Each attribute is the setting of the same name of :class:`.settings.EncoderSettings`. To search
    over another setting, add it here and a move to :data:`.moves.MOVES`.

    Attributes:
        level_channels: L_k, finest level first.
        hidden_dim: d.
        repetition_lsm: kappa_L; kappa_T follows from what it leaves.
        power_db: power of the parameters over the mean of all channel uses.
        noise_matrix: whether M is in use.
        parameter_bits: for which coded parameters must have room.
    """

    level_channels: tuple[int, ...]
    hidden_dim: int
    repetition_lsm: int | None = None
    power_db: float | None = None
    noise_matrix: bool = True
    parameter_bits: float | None = None

    def applied(self, settings: EncoderSettings) -> EncoderSettings:
        """The settings with these choices in them.

        Raises:
            ImplicitJsccError: a choice is out of its range.
        """
        return replace(settings, **{f.name: getattr(self, f.name) for f in fields(self)})

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        values = asdict(self)
        values["level_channels"] = list(self.level_channels)
        return values
