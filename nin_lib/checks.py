"""Checks of arguments: each names the argument, its value and the remedy."""

import math
import numbers as abstract
import operator
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def _message(name: str, wanted: str, got: str, remedy: str) -> str:
    return f"{name} must be {wanted}, got {got}" + (f": {remedy}" if remedy else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, abstract.Real) and not isinstance(value, bool | np.bool_)


def _real(value: Any) -> FloatArray | None:
    """`value` as a float array, or None if it holds something else than real numbers."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    try:
        # A list is looked at one element at a time: NumPy makes a 1 of a True that stands among numbers.
        array = np.asarray(value, dtype=None if hasattr(value, "dtype") else object)
        if array.dtype.kind == "O" and all(map(_is_number, array.flat)):
            return array.astype(float)
        return array.astype(float) if array.dtype.kind in "iuf" else None
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None  # the last: a tensor that asks for its gradient


def reals(name: str, value: Any, remedy: str = "") -> FloatArray:
    """Return `value` as a float array of real numbers, inf and nan among them.

    Booleans, complex numbers and masked arrays are no such numbers, whatever their values.

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    ValueError
        If one of its elements is no real number.
    """
    array = _real(value)
    if array is None:
        raise ValueError(_message(name, "real numbers", repr(value), remedy))
    return array


def numbers(
    name: str,
    value: Any,
    low: float = -math.inf,
    strictly: bool = False,
    remedy: str = "",
    high: float = math.inf,
) -> FloatArray:
    """Return `value` as a float array whose elements are finite, >= low (> low if strictly) and <= high.

    Booleans, complex numbers and masked arrays are no such numbers, whatever their values.

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    ValueError
        If an element is not such a number.
    """
    bad, bound = repr(value), "" if low == -math.inf else f" {'>' if strictly else '>='} {low:g}"
    array = _real(value)
    if array is not None:
        right = np.isfinite(array) & ((array > low) if strictly else (array >= low)) & (array <= high)
        if right.all():
            return array
        wrong = float(array[~right].flat[0])
        bad, bound = repr(wrong), f" <= {high:g}" if high < wrong < math.inf else bound
    raise ValueError(_message(name, "a finite number" + bound, bad, remedy))


def number(
    name: str,
    value: Any,
    low: float = -math.inf,
    strictly: bool = False,
    remedy: str = "",
    high: float = math.inf,
) -> float:
    """Return `value` as a finite float >= low (> low if strictly) and <= high.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is not one such number.
    """
    array = numbers(name, value, low, strictly, remedy, high)
    if array.ndim:
        raise ValueError(_message(name, "a single number", f"an array of shape {array.shape}", remedy))
    return float(array)


def whole(name: str, value: Any, low: int, remedy: str, high: float = math.inf) -> int:
    """Return `value` as an int from low to high; a boolean is none.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is not one.
    """
    number: int | None = None
    if "bool" not in str(getattr(value, "dtype", type(value))) and not isinstance(value, np.ma.MaskedArray):
        try:
            number = operator.index(value)
        except TypeError:
            pass
    if number is None or not low <= number <= high:
        bound = f">= {low}" if high == math.inf else f"from {low} to {high:.0f}"
        raise ValueError(_message(name, f"a whole number {bound}", repr(value), remedy))
    return number


def flag(name: str, value: Any) -> bool:
    """Return `value`, if it is True or False.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def choice(name: str, value: Any, options: Collection[str]) -> str:
    """Return `value`, if it is one of the words `options`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if not (isinstance(value, str) and value in options):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def broadcast(**arrays: FloatArray) -> tuple[FloatArray, ...]:
    """Return the arrays, broadcast to one shape.

    Returns
    -------
    tuple of numpy.ndarray

    Raises
    ------
    ValueError
        If their shapes do not allow it.
    """
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(
            f"the shapes must broadcast, got {shapes}: give axes of equal length, or of 1"
        ) from None


T = TypeVar("T")


def instance(name: str, value: Any, kind: type[T], remedy: str) -> T:
    """Return `value`, if it is an object of the class `kind`.

    Returns
    -------
    `value`

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {value!r}: {remedy}")
    return value


def path(name: str, value: Any, remedy: str) -> Path:
    """Return `value` as a path.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {value!r}: {remedy}")
    return Path(value)


def sequence(name: str, value: Any, remedy: str) -> list[Any]:
    """Return the elements of `value`, if it is a list, a tuple, a one-dimensional array or the like.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If it is not.
    """
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
