"""Checks of arguments: each names the argument, its value and the remedy."""

import math
import numbers as abstract
import operator
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np


def numbers(
    name: str, value: Any, low: float = -math.inf, strictly: bool = False, remedy: str = ""
) -> np.ndarray:
    """`value` as a float array whose elements are finite and >= low (> low if strictly).

    Booleans, complex numbers and masked arrays are no such numbers, whatever their values.
    """
    bad = repr(value)
    array = None if isinstance(value, np.ma.MaskedArray) else _real(value)
    if array is not None:
        right = np.isfinite(array) & ((array > low) if strictly else (array >= low))
        if right.all():
            return array
        bad = repr(float(array[~right].flat[0]))
    bound = "" if low == -math.inf else f" {'>' if strictly else '>='} {low:g}"
    raise ValueError(f"{name} must be a finite number{bound}, got {bad}: {remedy}")


def _real(value: Any) -> np.ndarray | None:
    """`value` as a float array, or None if it holds something else than real numbers."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and not all(
            isinstance(v, abstract.Real) and not isinstance(v, bool) for v in array.flat
        ):
            return None
        return array.astype(float) if array.dtype.kind in "iufO" else None
    except (
        TypeError,
        ValueError,
        OverflowError,
        RuntimeError,
    ):  # the last: a tensor that asks for its gradient
        return None


def number(name: str, value: Any, low: float = -math.inf, strictly: bool = False, remedy: str = "") -> float:
    """`value` as a finite float >= low (> low if strictly)."""
    array = numbers(name, value, low, strictly, remedy)
    if array.ndim:
        raise ValueError(f"{name} must be a single number, got an array of shape {array.shape}: {remedy}")
    return float(array)


def whole(name: str, value: Any, low: int, remedy: str, high: float = math.inf) -> int:
    """`value` as an int from low to high; a boolean is none."""
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        bound = f">= {low}" if high == math.inf else f"from {low} to {high:.0f}"
        raise ValueError(f"{name} must be a whole number {bound}, got {value!r}: {remedy}")
    return number


def choice(name: str, value: Any, options: Iterable[str]) -> str:
    """`value`, if it is one of the words `options`."""
    if not (isinstance(value, str) and value in options):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def broadcast(**arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays, broadcast to one shape."""
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"the shapes must broadcast, got {shapes}: give axes of equal length, or of 1"
        ) from None


def reals(name: str, value: Any, remedy: str) -> np.ndarray:
    """`value` as a float array of real numbers, which may be inf or nan."""
    array = None if isinstance(value, np.ma.MaskedArray) else _real(value)
    if array is None:
        raise ValueError(f"{name} must hold real numbers, got {value!r}: {remedy}")
    return array


def flag(name: str, value: Any) -> bool:
    """`value`, if it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


T = TypeVar("T")


def instance(name: str, value: Any, kind: type[T], remedy: str) -> T:
    """`value`, if it is an object of the class `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {value!r}: {remedy}")
    return value


def path(name: str, value: Any, remedy: str) -> Path:
    """`value` as a path."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {value!r}: {remedy}")
    return Path(value)


def sequence(name: str, value: Any, remedy: str) -> list[Any]:
    """The elements of `value`, if it is a list, a tuple, a one-dimensional array or the like."""
    if isinstance(value, (str, bytes, dict, set, np.ma.MaskedArray)):
        elements = None
    else:
        try:
            elements = list(value)
        except TypeError:
            elements = None
    if elements is None:
        raise TypeError(f"{name} must be a sequence, got {value!r}: {remedy}")
    return elements
