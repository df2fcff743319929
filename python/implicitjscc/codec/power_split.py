# SPDX-License-Identifier: GPL-3.0-or-later
"""How the parameters' power is split among their tensors before training learns it.

Noise on tensor t with power p_t a channel use costs s_t / (kappa_t p_t) of squared error, where s_t
is the error that noise as large as the tensor itself would make. Under a given total power the sum
is least for p_t in proportion to sqrt(s_t / (kappa_t n_t)), n_t being the real values that carry
the tensor. The sensitivities are measured with small noise on the start's decoder: the bias of the
output moves every sample, and a wave that hardly moves is lost in its noise where it gets no more
power than the others. Measured against an equal split: docs/codec-measurements.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .profile import CodecProfile

_PROBE = 0.05  # noise over the tensor's rms
_DRAWS = 4
_LEAST = 0.1  # of the mean power: what hardly matters at the start may later
_TINY = 1e-12


def initial_log_powers(
    profile: CodecProfile,
    copies: NDArray[np.int64],
    parameters: Tensor,
    rebuild: Callable[[Tensor], Tensor],
    generator: torch.Generator,
) -> Tensor:
    """Logarithms of the tensors' powers, but for a common constant; shape (11,).

    Args:
        profile: sizes.
        copies: how often each parameter is sent, shape (parameters,).
        parameters: the start's, shape (parameters,).
        rebuild: the decoder on noiseless symbols, from parameters to the source's values.
        generator: of the probes.
    """
    sizes = profile.tensor_sizes
    parts = parameters.detach().split(sizes)
    counts = np.split(copies, np.cumsum(sizes)[:-1])
    powers = []
    with torch.no_grad():
        clean = rebuild(parameters)
        for index, (part, sent) in enumerate(zip(parts, counts, strict=True)):
            scale = _PROBE * part.square().mean().add(_TINY).sqrt()
            error = 0.0
            for _ in range(_DRAWS):
                probe = torch.randn(part.shape, generator=generator) * scale
                noisy = torch.cat([*parts[:index], part + probe, *parts[index + 1 :]])
                error += float((rebuild(noisy) - clean).square().mean())
            powers.append((error / (float(sent.mean()) * float(sent.sum()))) ** 0.5)
    relative = torch.tensor(powers, dtype=torch.float64) + _TINY
    reals = torch.tensor([float(sent.sum()) for sent in counts], dtype=torch.float64)
    mean = (relative * reals).sum() / reals.sum()
    return (relative / mean).clamp_min(_LEAST).log().float()
