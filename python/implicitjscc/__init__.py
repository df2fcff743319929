# SPDX-License-Identifier: GPL-3.0-or-later
"""Implicit-JSCC: overfitted joint source-channel coding, from source to baseband samples and back.

The library has three rooms that know nothing of GNU Radio:

* ``codec``: a source to channel symbols and a small neural decoder, and back (needs PyTorch);
* ``phy``: channel symbols to baseband samples, and back (numpy and scipy only);
* ``cli``: the ``implicitjscc`` command.
"""

__version__ = "0.1.0"
