# SPDX-License-Identifier: GPL-3.0-or-later
"""``implicitjscc info``: what a container holds, and pictures of it."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImplicitJsccError
from . import options as shared

if TYPE_CHECKING:
    from ..codec.profile import CodecProfile


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the sub-command."""
    parser = commands.add_parser(
        "info",
        parents=[common],
        help="what X.ijscc holds; --pictures draws its symbols",
        description="Print a container's profile, sizes and hashes.",
    )
    parser.add_argument("content", metavar="X.ijscc")
    parser.add_argument(
        "--pictures",
        metavar="FOLDER",
        help="draw the channel symbols and ReDU's output of every level, as in the paper's Fig. 6",
    )
    parser.add_argument(
        "--snr", type=shared.snr, metavar="DB", help="of the drawn channel output; design"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Describe the container."""
    from ..codec import complexity, container

    encoded = container.load(options.content)
    profile = encoded.profile
    content = encoded.content()
    result: dict[str, Any] = {
        "content_id": f"{content.content_id:08x}",
        "kind": profile.kind,
        "dimensions": profile.dimensions,
        **profile.format.facts(),
        "width": profile.width,
        "height": profile.height,
        "channels": profile.channels,
        "snr_db": profile.snr_db,
        "seed": profile.seed,
        "levels": len(profile.level_channels),
        "level_channels": list(profile.level_channels),
        "hidden_dim": profile.hidden_dim,
        "activation": profile.activation,
        "noise_matrix": profile.noise_matrix,
        "parameters": profile.parameters,
        "parameter_strategy": profile.strategy,
        **_strategy(profile),
        "channel_uses": profile.channel_uses,
        "symbol_channel_uses": profile.symbol_uses,
        "parameter_channel_uses": profile.parameter_uses,
        "bandwidth_ratio": profile.bandwidth_ratio,
        "macs_per_pixel": complexity.macs_per_pixel(profile),
        "macs_per_pixel_with_noise_matrix": complexity.macs_per_pixel_with_noise_matrix(profile),
        "file_bytes": Path(options.content).stat().st_size,
        "sha256": {
            "file": hashlib.sha256(Path(options.content).read_bytes()).hexdigest(),
            "symbols": hashlib.sha256(content.symbols.astype("<c8").tobytes()).hexdigest(),
        },
        "encoder": encoded.figures,
    }
    if options.pictures:
        snr_db = profile.snr_db if options.snr is None else options.snr
        result["pictures"] = _draw(encoded, snr_db, Path(options.pictures))
    return result


def _strategy(profile: CodecProfile) -> dict[str, Any]:
    """How the parameters are sent."""
    from ..codec import modulation

    if profile.strategy == "repetition":
        return {
            "kappa_lsm": profile.repetition_lsm,
            "kappa_redu": profile.repetition_redu,
            "scales": list(profile.scales),
        }
    return {
        "fineness": profile.fineness,
        "bits_per_parameter": profile.bits_per_parameter,
        "payload_bits": profile.payload_bits,
        "code_bits": profile.code_bits,
        "code_rate": profile.payload_bits / profile.code_bits,
        "modulation": modulation.NAMES[profile.bits_per_symbol],
    }


def _draw(encoded: Any, snr_db: float, folder: Path) -> list[str]:
    from PIL import Image as PillowImage

    from ..codec.pictures import level_pictures

    if not folder.parent.is_dir():
        raise ImplicitJsccError(f"{folder.parent}: no such folder")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ImplicitJsccError(f"{folder}: {error.strerror}") from None
    written = []
    for pictures in level_pictures(encoded, snr_db):
        for name in ("sent", "received", "upsampled"):
            path = folder / f"level{pictures.level}-{name}.png"
            PillowImage.fromarray(getattr(pictures, name)).save(path)
            written.append(str(path))
    return written
