# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands to, and status of, a running transmitter or receiver: JSON over ZeroMQ.

The protocol is in docs/control.md.
"""
