"""What a loss may be made of: functions that are smooth in u, real and finite for all fields.

Everything downstream differentiates the loss twice in u and integrates what is analytic between breaks in y. A kink or
a jump in u, a pole or a complex number is named here, before anything is computed with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import sympy
from sympy import (
    Abs,
    Expr,
    Function,
    Heaviside,
    Piecewise,
    Pow,
    Symbol,
    cosh,
    diff,
    lambdify,
    preorder_traversal,
)
from sympy.functions.elementary.miscellaneous import MinMaxBase

from ..expressions import NAMES
from .symbols import FIELD

SMOOTH: tuple[type[Function], ...] = tuple(getattr(sympy, name) for name in NAMES if name != "sqrt")
"""What a loss may be made of, besides + - * / and powers."""
KINKS = (Abs, MinMaxBase, Piecewise)
JUMPS = (sympy.sign, Heaviside, sympy.floor, sympy.ceiling, sympy.DiracDelta, sympy.frac)
SAMPLES = (
    0.0,
    *(sign * size for size in (1e-3, 0.1, 1 / 3, 0.5, 1.0, 1.5, 2.0, 3.1, 4.7, 7.0, 10.0) for sign in (1, -1)),
)
"""Values of each field at which signs are looked at."""
PLACES, NEAR_BY, FAR = 1000, 10.0, 1e4
SHARES = (0.6180339887, 0.4142135623, 0.7320508075, 0.2360679774, 0.6457513110, 0.3166247903)
"""How many, and how their coordinates are spread: multiples of irrational numbers."""
ORDINALS = ("function itself", "first derivative", "second derivative", "third derivative")


def require_smooth(name: str, expression: Expr, *, bends: bool = False) -> None:
    """Raise ValueError, naming the part at fault, for one that is not smooth in u, real and finite everywhere.

    Averages over laws of the data, Bayes-optimal inference and landscapes' geometry need it; samples do not.

    Signs of denominators and of what stands in roots and logarithms are looked at on a net of fields with positive
    parameters at 1, unless they follow from assumptions. With ``bends``, kinks and steps in u pass.
    """
    for part in preorder_traversal(expression):
        trouble = _unknown(part) or ("" if bends else _rough(part, expression)) or _outside_domain(part)
        if trouble:
            raise ValueError(f"{name} = {expression} contains {part}, {trouble}")


def require_known(name: str, expression: Expr) -> None:
    """Raise ValueError, naming the part at fault, for numbers that are not real and functions without a value."""
    for part in preorder_traversal(expression):
        trouble = _unknown(part)
        if trouble:
            raise ValueError(f"{name} = {expression} contains {part}, {trouble}")


def _rough(part: Expr, whole: Expr) -> str:
    """Why this part is not smooth in u; empty if it is. In y it may break at some places."""
    if isinstance(part, (sympy.floor, sympy.ceiling, sympy.frac, sympy.DiracDelta)):
        return "which is not known here; make steps of sign and Heaviside"
    if isinstance(part, (*JUMPS, *KINKS)) and FIELD not in part.free_symbols:
        return ""
    if isinstance(part, JUMPS):
        return "which jumps; smooth it, with tanh, say"
    if isinstance(part, KINKS):
        return f"which has a kink: the {_jumping(part, whole)} jumps there; smooth it, with sqrt(1 + u**2), say"
    return ""


def _unknown(part: Expr) -> str:
    """Why this part has no value; empty if it has."""
    if isinstance(part, Expr) and not part.free_symbols and not _is_real(part):
        return "which is not a finite real number"
    if isinstance(part, Function) and not isinstance(part, (*SMOOTH, *KINKS, *JUMPS)):
        return f"which is not known here; losses are made of {' '.join(f.__name__ for f in SMOOTH)}"
    if isinstance(part, (sympy.Integral, sympy.Derivative, sympy.Sum, sympy.Product)):
        return "which has no closed form; write it with elementary functions"
    return ""


def _is_real(number: Expr) -> bool:
    """Whether a number is real and finite."""
    if number.is_Rational:
        return True
    value = number.evalf(20)
    return bool(value.is_real and value.is_finite)


def _jumping(kink: Expr, whole: Expr) -> str:
    """Which derivative is the first to jump where the argument of an absolute value (a maximum) changes sign."""
    if isinstance(kink, MinMaxBase):
        sizes = kink.rewrite(Abs)
        kink, whole = next(iter(sizes.atoms(Abs)), kink), whole.xreplace({kink: sizes})
    if not isinstance(kink, Abs):
        return ORDINALS[1]
    inside = kink.args[0]
    gap = whole.xreplace({kink: inside}) - whole.xreplace({kink: -inside})
    field = min(inside.free_symbols, key=str)
    elsewhere = {symbol: sympy.Rational(7, 19) for symbol in whole.free_symbols - {field}}
    try:
        places = sympy.roots(inside.subs(elsewhere), field) if inside.is_polynomial(field) else {}
        for order, text in enumerate(ORDINALS):
            if any(abs(diff(gap, field, order).subs(elsewhere).subs(field, x).evalf()) > 1e-12 for x in places):
                return text
    except (TypeError, ValueError, sympy.PolynomialError):
        return ORDINALS[1]
    return ORDINALS[1] if not places else "fourth derivative, or a higher one,"


def _outside_domain(part: Expr) -> str:
    """For roots, logarithms, quotients and tangents: where they are no smooth functions."""
    if isinstance(part, sympy.log) and not _positive(part.args[0]):
        return "so that l is not finite, or not real, for some fields; soften it"
    if isinstance(part, sympy.tan) and not one_sign(sympy.cos(part.args[0])):
        return "which has poles"
    if isinstance(part, Pow) and part.exp.is_integer is not True and not _positive(part.base):
        return f"which is not smooth where {part.base} vanishes, or not real"
    if isinstance(part, Pow) and part.exp.is_extended_negative and not one_sign(part.base):
        return f"which has a pole where {part.base} vanishes"
    return ""


def _positive(expression: Expr) -> bool:
    return bool(expression.is_positive) or all(value > 0 for value in values(expression))


def one_sign(expression: Expr) -> bool:
    """Whether an expression is nowhere zero, judged by its values on a net."""
    if expression.is_positive or expression.is_negative:
        return True
    found = list(values(expression))
    return all(value > 0 for value in found) or all(value < 0 for value in found)


def values(expression: Expr) -> Iterator[float]:
    """Values on a net of the fields; those that leave the range of numbers are left out.

    An expression with parameters of unknown sign has none: it is looked at once they have values.
    """
    fields = sorted((s for s in expression.free_symbols if s.name in ("u", "y")), key=str)
    others = expression.free_symbols - set(fields)
    if not all(symbol.is_positive for symbol in others):
        return
    function = plain_function(tuple(fields), expression.xreplace(dict.fromkeys(others, sympy.Integer(1))))
    for point in itertools.product(SAMPLES, repeat=len(fields)):
        value = function(*point)
        if not math.isnan(value):
            yield value


def plain_function(fields: tuple[Symbol, ...], expression: Expr) -> Callable[..., float]:
    """The expression as a function of plain numbers; nan beyond their range."""
    compiled = lambdify(fields, expression.replace(sympy.sech, lambda x: 1 / cosh(x)), modules="math")

    def evaluate(*point: float) -> float:
        try:
            return float(compiled(*point))
        except (OverflowError, ValueError, ZeroDivisionError, TypeError):
            return math.nan

    return evaluate


def vanishes(expression: Expr) -> bool:
    """Whether an expression is zero for all values of its symbols: by its value to 40 digits at three places.

    An identity of elementary functions that holds there to 30 digits holds everywhere; ``simplify`` may take minutes.
    One of functions with kinks or steps holds up to the next of these only: it is looked at near and far.
    """
    if expression == 0:
        return True
    places = ((17, 41), (-23, 37), (29, 31))
    symbols = sorted(expression.free_symbols, key=str)
    for top, bottom in places:
        table = {
            symbol: (abs if symbol.is_positive else int)(top + 3 * i) / sympy.Rational(bottom + 2 * i)
            for i, symbol in enumerate(symbols)
        }
        if not _is_zero(expression.subs(table)):
            return False
    return not expression.has(*KINKS, *JUMPS) or _vanishes_far(expression, tuple(symbols))


def _vanishes_far(expression: Expr, symbols: tuple[Symbol, ...]) -> bool:
    """At places that are spread evenly up to ``NEAR_BY``, and by size up to ``FAR`` times that."""
    terms = [plain_function(symbols, term.replace(Heaviside, _step)) for term in sympy.Add.make_args(expression)]
    for k in range(PLACES):
        spread = [2 * ((k + 0.5) * share % 1) - 1 for share in SHARES]
        size = NEAR_BY * (FAR ** (k / PLACES) if k % 2 else 1.0)
        place = [size * (abs(x) if symbol.is_positive else x) for x, symbol in zip(spread, symbols, strict=False)]
        values = [term(*place) for term in terms]
        if abs(sum(values)) > 1e-9 * sum(map(abs, values)):
            return False
    return True


def _step(x: Expr, at_zero: Expr) -> Expr:
    """Heaviside's function, of functions that plain numbers have."""
    del at_zero
    return (1 + sympy.sign(x)) / 2


def _is_zero(number: Expr) -> bool:
    """Against the size of its terms, evaluated one by one."""
    terms = [term.evalf(40) for term in sympy.Add.make_args(number)]
    total, size = sum(terms), sum(abs(term) for term in terms)
    return bool(abs(total) <= 1e-30 * size)
