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

from ...generated_code import generated

X, Y = Symbol("X", real=True), Symbol("Y", real=True)
VALUES = {
    **{C(TIME, INNER): CORRELATION, C(TIME, 0): CORRELATION, R(TIME, INNER): RESPONSE, M(TIME): SIGNAL_OVERLAP},
    **{C(INNER, EARLIER): X, R(INNER, EARLIER): X, M(INNER): X, M(EARLIER): X},
    **{R(EARLIER, INNER): Y, C(EARLIER, 0): Y},
}
"""Order parameters as numbers: those at ``t``, and X and Y for those of the past that multiply them."""
JETS = {symbol.name.partition("(")[0]: symbol for symbol in (*F, *G)}


def integrand(terms: Terms, upper: Any = None) -> Expr:
    """The sum of what is integrated, up to ``upper`` if that is given."""
    integrals = [term for term in terms.args if isinstance(term, TimeIntegral)]
    return plain(Add(*(term.args[0].as_expr() for term in integrals if upper in (None, term.args[3]))))


def local(terms: Terms) -> Expr:
    """The sum of what is not, ``-mu C`` apart."""
    others = [term.as_expr() for term in terms.args if not isinstance(term, TimeIntegral)]
    return plain(Add(*(term for term in others if not term.has(MU))))


def plain(expression: Expr) -> Expr:
    """In symbols for numbers: ``f''(C(t,s)) R(t,s) C(s,t')`` is ``f'' R X``."""
    jets = {call: JETS[call.func.__name__] for call in expression.atoms(AppliedUndef) if call.func.__name__ in JETS}
    return expression.xreplace(VALUES | jets)


def with_slopes(expression: Expr, *variables: Symbol) -> tuple[Expr, ...]:
    """The expression and its derivatives, where the one of ``f'`` is ``f''``."""
    jets = {CORRELATION: F, SIGNAL_OVERLAP: G}
    inner = [[diff(expression, low) * high for low, high in pairwise(jets.get(x, ()))] for x in variables]
    return expression, *(diff(expression, x) + Add(*terms) for x, terms in zip(variables, inner, strict=True))


_made = kernels("equilibrium")
_position, _field, _signal, _now = (_made.force(probe) for probe in (POSITION, FIELD, SIGNAL, SAME_POSITION))
_c, _r, _m, _beta = CORRELATION, RESPONSE, SIGNAL_OVERLAP, INVERSE_TEMPERATURE
_jets = (G[1], G[2], F[1], F[2], _beta)

_compiled: Any = generated(
    {
        "before": ((_r, X, Y, *F[1:]), with_slopes(integrand(_position), _c, _r, X, Y)),
        "between": ((_r, X, *F[2:]), with_slopes(integrand(_position, TIME), _c, _r, X)),
        "response": ((_r, X, *F[2:]), with_slopes(integrand(_field), _c, _r, X)),
        "overlap": ((_r, X, *F[2:]), with_slopes(integrand(_signal), _c, _r, X)),
        "multiplier": ((_c, _r, *F[1:]), with_slopes(integrand(_now), _c, _r)),
        "local_multiplier": ((_m, _c, *_jets), with_slopes(local(_now), _m, _c)),
        "sources": ((X, Y, *_jets), with_slopes(local(_position), _m, _c, X, Y)),
        "energy": ((_r, F[1]), (integrand(_made.energy),)),
        "local_energy": ((G[0], F[0], _beta), (local(_made.energy),)),
    }
)
before, between, response, overlap = _compiled.before, _compiled.between, _compiled.response, _compiled.overlap
multiplier, local_multiplier, sources = _compiled.multiplier, _compiled.local_multiplier, _compiled.sources
energy, local_energy = _compiled.energy, _compiled.local_energy
"""Each returns its value and the derivatives asked for; those of the energy have none."""
