"""From expressions to functions of numbers: the one place where symbols turn into code."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from mpmath import mp
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, Float, Function, Integral, Mul, Rational, Sum, Symbol, erf, erfc, exp, lambdify
from sympy.codegen.cfunctions import expm1

from .errors import ConvergenceError

Backend = Literal["numpy", "mpmath"]
Array = NDArray[np.float64]
DIGITS = 17
"""Of numbers in double precision."""
FINER = 1
"""Halving of the step of a quadrature beyond those that mpmath would make."""


@lru_cache(maxsize=512)
def _compiled(arguments: tuple[Symbol, ...], expressions: tuple[Expr, ...], backend: Backend) -> Callable[..., Any]:
    modules: list[Any] = [{"quad": integral}, backend]
    if backend == "numpy":
        expressions = tuple(within_float(_with_numbers(expression)) for expression in expressions)
        # NumPy has no error function; SciPy is loaded where it is needed
        modules = ["scipy", backend] if any(expression.has(erf, erfc) for expression in expressions) else [backend]
    expressions = tuple(expression.replace(Integral, _without_cancellation) for expression in expressions)
    expressions = tuple(_called(expression, modules) for expression in expressions)
    # a common subexpression must not leave the integral or sum that binds its variable
    apart = not any(expression.has(Integral, Sum) for expression in expressions)
    return lambdify(arguments, list(expressions), modules=modules, cse=apart)  # type: ignore[no-any-return]


def _called(expression: Expr, modules: list[Any]) -> Expr:
    """Integrals that are numbers as calls of functions among the modules: where SymPy prints a sum with a number in it,
    it evaluates that number, which takes minutes."""
    calls = {}
    for number in _constant_integrals(expression):
        name = f"integral_{len(modules[0])}"
        modules[0][name] = lambdify((), number, modules=modules)
        calls[number] = Function(name)()
    return expression.xreplace(calls)


def _constant_integrals(expression: Expr) -> list[Integral]:
    return [integral for integral in expression.atoms(Integral) if not integral.free_symbols]


def _with_numbers(expression: Expr) -> Expr:
    """Integrals that are numbers become floats."""
    integrals = _constant_integrals(expression)
    with mp.workdps(DIGITS):
        values = [lower_exact((), [integral])()[0] for integral in integrals]
    return expression.xreplace({i: Float(value, DIGITS) for i, value in zip(integrals, values, strict=True)})


def _without_cancellation(integrand: Expr, *limits: Any) -> Integral:
    """Sums with ``exp(x)``, x > 0, which at the nodes close to ``x = 0`` would lose their digits."""
    return Integral(integrand.replace(lambda e: e.is_Add, lambda e: e.func(*map(_from_expm1, e.args))), *limits)


def _from_expm1(term: Expr) -> Expr:
    """``a exp(x)`` as ``a (exp(x) - 1) + a``."""
    growing = [factor for factor in Mul.make_args(term) if isinstance(factor, exp) and factor.exp.is_positive]
    a = term / growing[0] if growing else term
    return a * expm1(growing[0].exp) + a if growing else term


def integral(function: Callable[..., Any], *intervals: Any) -> Any:
    """By tanh-sinh quadrature; an integrand may be singular at its ends, which costs digits.

    Raises ``ConvergenceError`` where mpmath's estimate of the error leaves less than a third of them; how many are
    right shows when it is done again with more.
    """
    steps = mp.quad.__self__._tanh_sinh.guess_degree(mp.prec) + FINER
    try:
        value, error = mp.quad(function, *intervals, error=True, maxdegree=steps)
    except ZeroDivisionError:
        value, error = mp.nan, mp.inf
    if not error <= max(1, abs(value)) * mp.mpf(10) ** (-mp.dps / 3):
        raise ConvergenceError(f"an integral is known to {mp.nstr(error, 2)} only")
    return value


def within_float(expression: Expr) -> Expr:
    """Fractions too long for machine integers (an exact 0.7320508075691123, say) become floats."""
    long = {r: Float(r, DIGITS) for r in expression.atoms(Rational) if max(abs(r.p), r.q) > 2**53}
    return expression.xreplace(long)


def lower(arguments: Sequence[Symbol], expressions: Sequence[Expr]) -> Callable[..., list[Array]]:
    """A NumPy function of ``arguments`` (arrays that broadcast) returning one float64 array for each expression.

    Branches of a Piecewise that are not taken may compute nan or inf on the way; no warning is given for those.
    """
    function = _compiled(tuple(arguments), tuple(expressions), "numpy")

    def evaluate(*values: ArrayLike) -> list[Array]:
        arrays = [np.asarray(value, dtype=np.float64) for value in values]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        # full shape: a select over scalar conditions would not broadcast
        arrays = [np.broadcast_to(array, shape) for array in arrays]
        with np.errstate(all="ignore"):
            return [np.broadcast_to(np.asarray(result, dtype=np.float64), shape) for result in function(*arrays)]

    return evaluate


def lower_exact(arguments: Sequence[Symbol], expressions: Sequence[Expr]) -> Callable[..., list[Any]]:
    """The same with mpmath numbers, to the working precision ``mpmath.mp.dps``."""
    return _compiled(tuple(arguments), tuple(expressions), "mpmath")
