# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that carries a message meant for the user."""


class ImplicitJsccError(Exception):
    """Something that cannot be done; ``str(error)`` is one clear line that says why.

    The command line prints that line and exits with 1; a GNU Radio block logs it, counts it and
    drops what it was working on.
    """
