"""Print SymPy expressions as NumPy functions and as JavaScript, with the same operations in the same order.

IEEE 754 rounds ``+ - * /`` and the square root correctly, so two languages that do the same of these
operations in the same order get the same bits. Three things could spoil that, and are fixed here: integer
powers are printed as products (``pow`` rounds differently from place to place), the common subexpressions
are named by the caller instead of searched for, and both languages print from the same expressions.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

Definitions = Iterable[tuple[Any, sp.Expr]]  # a name, or a symbol, and what it stands for


class _ProductsForPowers:
    def _print_Pow(self, expr: sp.Pow, **kwargs: Any) -> Any:
        if expr.exp.is_Integer and expr.exp > 1:
            base = self.parenthesize(expr.base, PRECEDENCE["Pow"])  # type: ignore[attr-defined] # a printer's
            return "(" + "*".join([base] * int(expr.exp)) + ")"
        return super()._print_Pow(expr, **kwargs)  # type: ignore[misc]


class _JavaScript(_ProductsForPowers, JavascriptCodePrinter):
    def __init__(self) -> None:
        super().__init__({"user_functions": {"hypot": "Math.hypot"}})


class _NumPy(_ProductsForPowers, NumPyPrinter):
    pass


def _expression(name: str, value: Any) -> sp.Expr:
    """`value` as a SymPy expression."""
    try:
        expr = sp.sympify(value, strict=True)
    except sp.SympifyError:
        expr = None
    if not isinstance(expr, sp.Expr):
        raise TypeError(
            f"{name} must be made of SymPy expressions, got {value!r}: make it with sympy.sympify"
        )
    return expr


def _javascript(name: str, value: Any) -> str:
    """An expression, or the array of a sequence of them, in JavaScript."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_javascript(name, expr) for expr in value)}]"
    expr = _expression(name, value)
    try:
        if not expr.has(sp.I, sp.EulerGamma, sp.Catalan, sp.GoldenRatio, sp.TribonacciConstant):
            return str(_JavaScript().doprint(expr))
    except NotImplementedError:
        pass
    raise ValueError(f"{name} must be made of what JavaScript has, got {expr}: use elementary real functions")


def numpy_function(
    args: Sequence[sp.Symbol], results: sp.Expr | Sequence[sp.Expr], definitions: Definitions = ()
) -> Callable[..., Any]:
    """Make a NumPy function of SymPy expressions with ``sympy.lambdify``.

    It does what the formula says and looks at nothing: what is no number, or out of the formula's range, is its
    caller's concern.

    Parameters
    ----------
    args : sequence of sympy.Symbol
        The function's arguments, in order.
    results : sympy.Expr or sequence of sympy.Expr
        What it returns: one value, or a tuple.
    definitions : sequence of (sympy.Symbol, sympy.Expr)
        Intermediate values, computed first and in this order; ``results`` may use their symbols.

    Returns
    -------
    callable
        Its source is readable with ``inspect.getsource``.

    Raises
    ------
    TypeError
        If an argument is no symbol, or a result or definition no expression.
    ValueError
        If a symbol is used that is neither an argument nor defined before.
    """
    results = results if isinstance(results, sp.Expr) else tuple(results)
    definitions = list(definitions)
    known = set(args)
    for symbol in known:
        if not isinstance(symbol, sp.Symbol):
            raise TypeError(f"args must be symbols, got {symbol!r}: make it with sympy.Symbol")
    wanted = results if isinstance(results, tuple) else (results,)
    for name, symbol, expr in (
        *(("definitions", *d) for d in definitions),
        *(("results", None, r) for r in wanted),
    ):
        unknown = _expression(name, expr).free_symbols - known
        if unknown:
            raise ValueError(
                f"{name} must use args and what is defined before, got {unknown.pop()}: define it"
            )
        known.add(symbol)
    printer = _NumPy({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})
    function = sp.lambdify(args, results, "numpy", printer=printer, cse=lambda exprs: (definitions, exprs))
    return function  # type: ignore[no-any-return] # SymPy has no types


def javascript_lines(definitions: Definitions, indent: str, name: str = "definitions") -> list[str]:
    """JavaScript ``const`` lines, one for each (symbol or name, expression) of `definitions`.

    Parameters
    ----------
    definitions : sequence of (sympy.Symbol or str, sympy.Expr)
    indent : str
        Spaces at the start of each line.
    name : str
        What an error calls the definitions.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If a value is no expression.
    ValueError
        If it has a function or a number that JavaScript has not.
    """
    return [f"{indent}const {symbol} = {_javascript(name, expr)};" for symbol, expr in definitions]


def javascript_function(
    name: str, args: Iterable[Any], result: sp.Expr | list[sp.Expr], definitions: Definitions = ()
) -> str:
    """Source of a JavaScript function of one expression, or of an array of several.

    Parameters
    ----------
    name : str
    args : sequence of sympy.Symbol or str
        A string is printed as it is, so that ``"{eta, M}"`` destructures an object.
    result : sympy.Expr or list of sympy.Expr
        What it returns.
    definitions : sequence of (sympy.Symbol or str, sympy.Expr)
        Intermediate values, in order.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If the result or a definition is no expression.
    ValueError
        If it has a function or a number that JavaScript has not.
    """
    return "\n".join(
        [
            f"function {name}({', '.join(map(str, args))}) {{",
            *javascript_lines(definitions, "  "),
            f"  return {_javascript('result', result)};",
            "}",
        ]
    )


def javascript_run(
    state: Sequence[sp.Symbol],
    following: Sequence[sp.Expr],
    parameters: Sequence[sp.Symbol],
    hoisted: Definitions,
    stream: sp.Symbol,
    definitions: Definitions,
) -> str:
    """Source of a JavaScript function ``run(p, start, steps, stream)`` that iterates a recurrence.

    Parameters
    ----------
    state : sequence of sympy.Symbol
        The variables that are iterated.
    following : sequence of sympy.Expr
        Their values after one step.
    parameters : sequence of sympy.Symbol
        Read from the properties of ``p`` that have these names.
    hoisted : sequence of (sympy.Symbol, sympy.Expr)
        What depends on the parameters alone, computed once.
    stream : sympy.Symbol
        The variable that takes another value at each step.
    definitions : sequence of (sympy.Symbol, sympy.Expr)
        Intermediate values of a step, in order.

    Returns
    -------
    str
        The function returns an array with one ``Float64Array(steps + 1)`` for each state variable. From the
        first step at which one of them is not finite, all are ``Infinity``.

    Raises
    ------
    TypeError
        If a value is no expression.
    ValueError
        If `state` and `following` are not of one length, or an expression has what JavaScript has not.
    """
    if len(state) != len(following):
        raise ValueError(
            f"following must have one expression for each of {len(state)} variables, got {len(following)}"
        )
    names = [str(s) for s in state]
    after = [(f"next_{s}", expr) for s, expr in zip(names, following, strict=True)]
    finite = "\n        && ".join(f"Number.isFinite({s})" for s in names)
    return "\n".join(
        [
            "function run(parameters, start, steps, stream) {",
            f"  const {{{', '.join(map(str, parameters))}}} = parameters;",
            f"  let [{', '.join(names)}] = start;",
            *javascript_lines(hoisted, "  ", "hoisted"),
            f"  const record = [{', '.join(names)}].map(",
            "    value => new Float64Array(steps + 1).fill(value),",
            "  );",
            "  for (let t = 0; t < steps; t++) {",
            f"    const {stream} = stream[t];",
            *javascript_lines(definitions, "    "),
            *javascript_lines(after, "    ", "following"),
            *[f"    {s} = next_{s};" for s in names],
            f"    if (!({finite})) {{",
            "      for (const values of record) values.fill(Infinity, t + 1);",
            "      break;",
            "    }",
            *[f"    record[{i}][t + 1] = {s};" for i, s in enumerate(names)],
            "  }",
            "  return record;",
            "}",
        ]
    )
