"""Checks of arguments: each names the argument, its value and the remedy."""

import math
import operator

import numpy as np


def numbers(name, value, low=-math.inf, strictly=False, remedy=""):
    """`value` as a float array whose elements are finite and >= low (> low if strictly)."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        bad = repr(value)
    else:
        right = np.isfinite(array) & ((array > low) if strictly else (array >= low))
        if right.all():
            return array
        bad = repr(float(array[~right].flat[0]))
    bound = "" if low == -math.inf else f" {'>' if strictly else '>='} {low:g}"
    raise ValueError(f"{name} must be a finite number{bound}, got {bad}: {remedy}")


def number(name, value, low=-math.inf, strictly=False, remedy=""):
    """`value` as a finite float >= low (> low if strictly)."""
    array = numbers(name, value, low, strictly, remedy)
    if array.ndim:
        raise ValueError(f"{name} must be a single number, got an array of shape {array.shape}: {remedy}")
    return float(array)


def whole(name, value, low, remedy, high=math.inf):
    """`value` as an int from low to high."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        bound = f">= {low}" if high == math.inf else f"from {low} to {high}"
        raise ValueError(f"{name} must be a whole number {bound}, got {value!r}: {remedy}")
    return number


def choice(name, value, options):
    """`value`, if it is one of the words `options`."""
    if not (isinstance(value, str) and value in options):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def broadcast(**arrays):
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"the shapes must broadcast, got {shapes}: give axes of equal length, or of 1"
        ) from None
