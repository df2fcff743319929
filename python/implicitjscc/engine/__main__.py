# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m implicitjscc.engine [FOLDER]`` builds the native engine."""

import sys

from .build import main

sys.exit(main())
