# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m implicitjscc``: the same as the command ``implicitjscc``."""

from .cli.main import main

raise SystemExit(main())
