# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to a radio before one is opened: settings, rates, levels and gaps. numpy and scipy.

The GNU Radio layer opens the devices; this room knows none.
"""
