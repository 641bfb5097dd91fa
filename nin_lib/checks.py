"""Checks of arguments: each names the argument, its value and the remedy."""

import math
import operator

import numpy as np


def numbers(name, value, low=-math.inf, strictly=False, remedy=""):
    """`value` as a float array whose elements are finite and >= low (> low if strictly)."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array, bad = None, value
    else:
        right = np.isfinite(array) & ((array > low) if strictly else (array >= low))
        if right.all():
            return array
        bad = array[~right].flat[0]
    bound = "" if low == -math.inf else f" {'>' if strictly else '>='} {low:g}"
    raise ValueError(f"{name} must be a finite number{bound}, got {bad!s}: {remedy}")


def whole(name, value, low, remedy):
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < low:
        raise ValueError(f"{name} must be a whole number >= {low}, got {value!r}: {remedy}")
    return number


def broadcast(**arrays):
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"the shapes must broadcast, got {shapes}: give axes of equal length, or of 1"
        ) from None
