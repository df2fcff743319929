# SPDX-License-Identifier: GPL-3.0-or-later
"""Live transmission: a folder's files, encoded as they arrive, on a carousel."""
