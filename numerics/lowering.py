"""From expressions to functions of numbers: the one place where symbols turn into code."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, Float, Integral, Rational, Symbol, erf, erfc, lambdify

Backend = Literal["numpy", "mpmath"]
Array = NDArray[np.float64]


@lru_cache(maxsize=512)
def _compiled(arguments: tuple[Symbol, ...], expressions: tuple[Expr, ...], backend: Backend) -> Callable[..., Any]:
    modules: list[str] = [backend]
    if backend == "numpy":
        expressions = tuple(within_float(expression) for expression in expressions)
        # NumPy has no error function; SciPy is loaded where it is needed
        modules = ["scipy", backend] if any(expression.has(erf, erfc) for expression in expressions) else [backend]
    # a common subexpression must not leave the integral that binds its variable
    apart = not any(expression.has(Integral) for expression in expressions)
    return lambdify(arguments, list(expressions), modules=modules, cse=apart)  # type: ignore[no-any-return]


def within_float(expression: Expr) -> Expr:
    """Fractions too long for machine integers (an exact 0.7320508075691123, say) become floats."""
    long = {r: Float(r, 17) for r in expression.atoms(Rational) if max(abs(r.p), r.q) > 2**53}
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
