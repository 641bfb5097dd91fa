"""Print SymPy expressions as NumPy functions and as JavaScript, with the same operations in the same order.

IEEE 754 rounds ``+ - * /`` and the square root correctly, so two languages that do the same of these
operations in the same order get the same bits. Three things could spoil that, and are fixed here: integer
powers are printed as products (``pow`` rounds differently from place to place), the common subexpressions
are named by the caller instead of searched for, and both languages print from the same expressions.
"""

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE


class _ProductsForPowers:
    def _print_Pow(self, expr, **kwargs):
        if expr.exp.is_Integer and expr.exp > 1:
            base = self.parenthesize(expr.base, PRECEDENCE["Pow"])
            return "(" + "*".join([base] * int(expr.exp)) + ")"
        return super()._print_Pow(expr, **kwargs)


class _JavaScript(_ProductsForPowers, JavascriptCodePrinter):
    def __init__(self):
        super().__init__({"user_functions": {"hypot": "Math.hypot"}})


class _NumPy(_ProductsForPowers, NumPyPrinter):
    pass


def numpy_function(args, results, definitions=()):
    """Make a NumPy function of SymPy expressions with ``sympy.lambdify``.

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
    """
    results = results if isinstance(results, sp.Expr) else tuple(results)
    printer = _NumPy({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})
    return sp.lambdify(args, results, "numpy", printer=printer, cse=lambda exprs: (list(definitions), exprs))


def javascript_lines(definitions, indent):
    """JavaScript ``const`` lines, one for each (symbol or name, expression) of `definitions`."""
    return [f"{indent}const {name} = {_JavaScript().doprint(expr)};" for name, expr in definitions]


def javascript_function(name, args, result, definitions=()):
    """Source of a JavaScript function of one expression; `args` are the printed arguments.

    A parameter that is a string is printed as it is, so that ``"{eta, M}"`` destructures an object.
    """
    return "\n".join(
        [
            f"function {name}({', '.join(map(str, args))}) {{",
            *javascript_lines(definitions, "  "),
            f"  return {_JavaScript().doprint(result)};",
            "}",
        ]
    )


def javascript_run(state, following, parameters, hoisted, stream, definitions):
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
    """
    names = [str(s) for s in state]
    finite = " && ".join(f"Number.isFinite({s})" for s in names)
    return "\n".join(
        [
            f"function run({{{', '.join(map(str, parameters))}}}, start, steps, stream) {{",
            f"  let [{', '.join(names)}] = start;",
            *javascript_lines(hoisted, "  "),
            f"  const record = [{', '.join(names)}].map(value => new Float64Array(steps + 1).fill(value));",
            "  for (let t = 0; t < steps; t++) {",
            f"    const {stream} = stream[t];",
            *javascript_lines(definitions, "    "),
            *javascript_lines(
                [(f"next_{s}", expr) for s, expr in zip(names, following, strict=True)], "    "
            ),
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
