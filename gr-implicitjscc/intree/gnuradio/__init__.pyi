# SPDX-License-Identifier: GPL-3.0-or-later
# GNU Radio has no type hints. This folder, on PYTHONPATH or on the type checker's path, shows the
# blocks of the source tree under their installed name.
from typing import Any

def __getattr__(name: str) -> Any: ...
