# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of baseband samples, and of what a receiver makes of them.

SigMF files (:mod:`.writer`, :mod:`.reader`) and a receiver's internal signals (:mod:`.frame_dump`).
"""
