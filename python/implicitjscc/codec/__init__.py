# SPDX-License-Identifier: GPL-3.0-or-later
"""The Implicit-JSCC codec: a source to channel symbols and a neural decoder, and back.

Reference throughout ("the paper"): H. Wu, G. Li, P. L. Dragotti, D. Gündüz, "Leveraging
overfitting for low-complexity and modality-agnostic joint source-channel coding".
"""
