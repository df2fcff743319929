# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios on USB, their drivers, and whether this user may open them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from .doctor_findings import Findings, attempt

_SYSTEM = Path("/sys/bus/usb/devices")
_NODES = Path("/dev/bus/usb")


class Model(NamedTuple):
    """A radio that is known: its name, the package with its udev rule, its SoapySDR module."""

    name: str
    rules: str
    soapy: str | None


_HACKRF = Model("HackRF", "libhackrf0", "HackRF")
_USRP = Model("USRP", "uhd-host", None)
_MODELS = {
    **dict.fromkeys(("1d50:6089", "1d50:604b", "1d50:cc15"), _HACKRF),
    **dict.fromkeys(
        ("2500:0020", "2500:0021", "2500:0022", "3923:7813", "3923:7814", "fffe:0002"), _USRP
    ),
    **dict.fromkeys(("0bda:2832", "0bda:2838"), Model("RTL-SDR", "librtlsdr0", "rtlsdr")),
    "1d50:6108": Model("LimeSDR", "limesuite-udev", "LMS7"),
    **dict.fromkeys(("2cf0:5246", "2cf0:5250"), Model("bladeRF", "bladerf", "bladeRF")),
}


def examine(findings: Findings, system: Path = _SYSTEM, nodes: Path = _NODES) -> dict[str, Any]:
    """What radios and drivers there are. What lacks is told as a note: nothing else needs it.

    Args:
        findings: takes the notes.
        system: the kernel's list of USB devices.
        nodes: the devices' files.

    Returns:
        whether uhd, soapy and osmosdr load, SoapySDR's modules, and the radios on USB.
    """
    drivers = {name: attempt(f"gnuradio.{name}")[0] is not None for name in ("uhd", "soapy")}
    drivers["osmosdr"] = attempt("osmosdr")[0] is not None
    modules = _soapy_modules()
    radios = []
    for model, node in _on_usb(system, nodes):
        radios.append(f"{model.name} ({node})")
        if not os.access(node, os.R_OK | os.W_OK):
            findings.note(
                f"no permission to use the {model.name} at {node}",
                f"apt-get install {model.rules} && usermod -aG plugdev $USER, then plug it in "
                "and log in again  (its udev rule)",
            )
        if model.soapy and not any(model.soapy.lower() in name.lower() for name in modules):
            findings.note(
                f"no SoapySDR module for the {model.name}",
                f"apt-get install soapysdr-module-{model.soapy.lower()}",
            )
        if model is _USRP and not drivers["uhd"]:
            findings.note("no UHD for the USRP", "apt-get install gnuradio uhd-host")
    if not radios:
        findings.note(
            "no radio on USB",
            "plug one in; those on the network: uhd_find_devices, SoapySDRUtil --find",
        )
    return {**drivers, "soapy_modules": modules, "usb_radios": radios}


def _on_usb(system: Path, nodes: Path) -> list[tuple[Model, Path]]:
    found = []
    for folder in sorted(system.glob("*")):
        try:
            identity = ":".join(
                (folder / name).read_text().strip() for name in ("idVendor", "idProduct")
            )
            bus, device = (int((folder / name).read_text()) for name in ("busnum", "devnum"))
        except (OSError, ValueError):
            continue
        if identity in _MODELS:
            found.append((_MODELS[identity], nodes / f"{bus:03d}" / f"{device:03d}"))
    return found


def _soapy_modules() -> list[str]:
    """The names of SoapySDR's driver modules, as HackRFSupport."""
    folders = [
        Path(name) for name in os.environ.get("SOAPY_SDR_PLUGIN_PATH", "").split(":") if name
    ]
    roots = ["/usr/lib", "/usr/local/lib"]
    if conda := os.environ.get("CONDA_PREFIX"):
        roots.append(f"{conda}/lib")
    for root in roots:
        folders += [*Path(root).glob("SoapySDR/modules*"), *Path(root).glob("*/SoapySDR/modules*")]
    return sorted(
        {path.stem.removeprefix("lib") for place in folders for path in place.glob("*.so")}
    )
