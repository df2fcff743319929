# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``implicitjscc`` command: one file a sub-command.

Nothing heavy is imported before a sub-command runs, so that ``doctor`` works with an interpreter
that has neither PyTorch nor GNU Radio.
"""
