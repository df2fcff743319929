# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, texts and truth values as pmts, and back, and what holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pmt

Scalar = int | float | str | bool

_MOST_ROWS = 32


def to_pmt_dict(values: Mapping[str, Any]) -> Any:
    """A dictionary of numbers, texts and None (left out) as a pmt dictionary.

    It may hold further such dictionaries, and lists of them, which become vectors.
    """
    entries = pmt.make_dict()
    for key, value in values.items():
        if value is not None:
            entries = pmt.dict_add(entries, pmt.intern(key), _entry(value))
    return entries


def _entry(value: Any) -> Any:
    if isinstance(value, Mapping):
        return to_pmt_dict(value)
    if isinstance(value, list):
        rows = pmt.make_vector(len(value), pmt.PMT_NIL)
        for index, row in enumerate(value):
            pmt.vector_set(rows, index, to_pmt_dict(row))
        return rows
    return scalar(value)


def scalars(meta: Any) -> dict[str, Scalar]:
    """The numbers, booleans and texts of a pmt dictionary; vectors and the rest are left out."""
    found: dict[str, Scalar] = {}
    items = pmt.dict_items(meta)
    for index in range(pmt.length(items)):
        key, value = pmt.car(pmt.nth(index, items)), pmt.cdr(pmt.nth(index, items))
        plain = pmt.is_number(value) or pmt.is_symbol(value) or pmt.is_bool(value)
        if pmt.is_symbol(key) and plain and not pmt.is_complex(value):
            found[pmt.symbol_to_string(key)] = pmt.to_python(value)
    return found


def tree(meta: Any) -> dict[str, Any]:
    """The same, and one level of what :func:`to_pmt_dict` makes of dictionaries and lists."""
    found: dict[str, Any] = dict(scalars(meta))
    items = pmt.dict_items(meta)
    for index in range(pmt.length(items)):
        key, value = pmt.car(pmt.nth(index, items)), pmt.cdr(pmt.nth(index, items))
        if not pmt.is_symbol(key):
            continue
        name = pmt.symbol_to_string(key)
        if pmt.is_vector(value):
            rows = [pmt.vector_ref(value, row) for row in range(min(pmt.length(value), _MOST_ROWS))]
            found[name] = [scalars(row) for row in rows if pmt.is_dict(row)]
        elif pmt.is_dict(value):
            found[name] = scalars(value)
    return found


def scalar(value: Any) -> Any:
    """A number, boolean or text as a pmt."""
    if isinstance(value, (bool, np.bool_)):
        return pmt.from_bool(bool(value))
    if isinstance(value, (int, np.integer)):
        return pmt.from_long(int(value))
    if isinstance(value, (float, np.floating)):
        return pmt.from_double(float(value))
    return pmt.intern(str(value))
