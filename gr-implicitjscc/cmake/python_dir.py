# SPDX-License-Identifier: GPL-3.0-or-later
"""Print where Python packages go below the prefix that is given as the first argument."""

import site
import sys
import sysconfig
from pathlib import Path

prefix = Path(sys.argv[1])
below = [path for path in map(Path, site.getsitepackages()) if path.is_relative_to(prefix)]
if len(below) == 1:
    place = below[0]
else:
    scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
    variables = {"base": str(prefix), "platbase": str(prefix)}
    place = Path(sysconfig.get_path("purelib", scheme, variables))
sys.stdout.write(place.relative_to(prefix).as_posix())
