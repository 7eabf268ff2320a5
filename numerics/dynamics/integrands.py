"""What is integrated, ``F(C) R X``, and what stands beside it, read off the printed equations with all derivatives.

A landscape enters by the values of ``f', f'', f'''`` at ``C`` and of ``g', g''`` at ``m``: one binary serves them all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sympy import Add, Expr, Symbol, diff
from sympy.core.function import AppliedUndef

from theory.dynamics import kernels
from theory.dynamics.action import RESPONSE, F, G
from theory.dynamics.kernels import FIELD, POSITION, SAME_POSITION, SIGNAL
from theory.dynamics.notation import EARLIER, INNER, MU, TIME, C, M, R, Terms, TimeIntegral
from theory.symbols import CORRELATION, INVERSE_TEMPERATURE, SIGNAL_OVERLAP

from ..native import generated

PAST, PAST_RESPONSE = Symbol("X", real=True), Symbol("Y", real=True)
VALUES = {
    **{C(TIME, INNER): CORRELATION, C(TIME, 0): CORRELATION, R(TIME, INNER): RESPONSE, M(TIME): SIGNAL_OVERLAP},
    **{C(INNER, EARLIER): PAST, R(INNER, EARLIER): PAST, M(INNER): PAST, M(EARLIER): PAST},
    **{R(EARLIER, INNER): PAST_RESPONSE, C(EARLIER, 0): PAST_RESPONSE},
}
"""Order parameters as numbers: those at ``t``, and X and Y for those of the past that multiply them."""
JETS = {symbol.name.partition("(")[0]: symbol for symbol in (*F, *G)}


def integrand(terms: Terms, upper: Any = None) -> Expr:
    """The sum of what is integrated, up to ``upper`` if that is given."""
    integrals = [term for term in terms.args if isinstance(term, TimeIntegral)]
    return _plain(Add(*(term.args[0].as_expr() for term in integrals if upper in (None, term.args[3]))))


def local(terms: Terms) -> Expr:
    """What is not integrated, friction apart."""
    others = [term.as_expr() for term in terms.args if not isinstance(term, TimeIntegral)]
    return _plain(Add(*(term for term in others if not term.has(MU))))


def _plain(expression: Expr) -> Expr:
    """In symbols for numbers: ``f''(C(t,s)) R(t,s) C(s,t')`` is ``f'' R X``."""
    calls = {call: JETS.get(call.func.__name__) for call in expression.atoms(AppliedUndef)}
    return expression.xreplace(VALUES | {call: symbol for call, symbol in calls.items() if symbol is not None})


def slope(expression: Expr, variable: Symbol) -> Expr:
    """The derivative, where the one of ``f'`` is ``f''``."""
    jet = {CORRELATION: F, SIGNAL_OVERLAP: G}.get(variable, ())
    return diff(expression, variable) + Add(*(diff(expression, low) * high for low, high in pairwise(jet)))


def _with_slopes(expression: Expr, *variables: Symbol) -> tuple[Expr, ...]:
    return expression, *(slope(expression, variable) for variable in variables)


_made = kernels("equilibrium")
_position, _field, _signal, _now = (_made.force(probe) for probe in (POSITION, FIELD, SIGNAL, SAME_POSITION))
_c, _r, _m, _x, _y = CORRELATION, RESPONSE, SIGNAL_OVERLAP, PAST, PAST_RESPONSE
_jets = (G[1], G[2], F[1], F[2], INVERSE_TEMPERATURE)

_compiled: Any = generated(
    {
        "before": ((_r, _x, _y, *F[1:]), _with_slopes(integrand(_position), _c, _r, _x, _y)),
        "between": ((_r, _x, *F[2:]), _with_slopes(integrand(_position, TIME), _c, _r, _x)),
        "response": ((_r, _x, *F[2:]), _with_slopes(integrand(_field), _c, _r, _x)),
        "overlap": ((_r, _x, *F[2:]), _with_slopes(integrand(_signal), _c, _r, _x)),
        "sources": ((_x, _y, *_jets), _with_slopes(local(_position), _m, _c, _x, _y)),
        "friction": ((_c, _r, *F[1:]), _with_slopes(integrand(_now), _c, _r)),
        "constraint": ((_m, _c, *_jets), _with_slopes(local(_now), _m, _c)),
        "energy": ((_r, F[1]), (integrand(_made.energy),)),
        "start_energy": ((G[0], F[0], INVERSE_TEMPERATURE), (local(_made.energy),)),
    }
)
before, between, response, overlap = _compiled.before, _compiled.between, _compiled.response, _compiled.overlap
sources, friction, constraint = _compiled.sources, _compiled.friction, _compiled.constraint
energy, start_energy = _compiled.energy, _compiled.start_energy
