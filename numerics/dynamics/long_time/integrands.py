"""What is integrated, ``F(C) R X``, and what stands beside it, read off the printed equations with all derivatives.

A landscape enters by the values of ``f', f'', f'''`` at ``C``, of ``f', f''`` at ``q`` and of ``g', g''`` at ``m``: one
binary serves them all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sympy import Add, Expr, Symbol, diff
from sympy.core.function import AppliedUndef

from theory.dynamics import kernels
from theory.dynamics.action import RESPONSE, F, G
from theory.dynamics.kernels import FIELD, POSITION, REPLICA, SAME_POSITION, SIGNAL
from theory.dynamics.notation import EARLIER, INNER, MU, TIME, C, M, Q, R, Terms, TimeIntegral
from theory.symbols import CORRELATION, INVERSE_TEMPERATURE, OVERLAP, SIGNAL_OVERLAP

from ...generated_code import generated

X, Y, Z = (Symbol(name, real=True) for name in "XYZ")
FIRST_M, FIRST_Q = (Symbol(name, real=True) for name in ("m_0", "q_0"))
F_OTHERS = tuple(Symbol("f" + "'" * k + "(q)", real=True) for k in range(3))
"""Derivatives of the covariance at the overlap q with a replica of the start."""
VALUES = {
    **{C(TIME, INNER): CORRELATION, C(TIME, 0): CORRELATION, R(TIME, INNER): RESPONSE, M(TIME): SIGNAL_OVERLAP},
    **{C(INNER, EARLIER): X, R(INNER, EARLIER): X, M(INNER): X, M(EARLIER): X, Q(INNER): X},
    **{R(EARLIER, INNER): Y, C(EARLIER, 0): Y, Q(EARLIER): Z},
    **{Q(TIME): OVERLAP, M(0): FIRST_M, Q(0): FIRST_Q},
}
"""Order parameters as numbers: those at ``t`` and at 0, and X, Y and Z for those of the past that multiply them."""
JETS = {symbol.name.partition("(")[0]: symbol for symbol in (*F, *G)}
JETS_OF_OTHERS = {symbol.name.partition("(")[0]: symbol for symbol in F_OTHERS}


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
    calls = [call for call in expression.atoms(AppliedUndef) if call.func.__name__ in JETS]
    jets = {call: (JETS_OF_OTHERS if call.args[0] == Q(TIME) else JETS)[call.func.__name__] for call in calls}
    return expression.xreplace(VALUES | jets)


def with_slopes(expression: Expr, *variables: Symbol) -> tuple[Expr, ...]:
    """The expression and its derivatives, where the one of ``f'`` is ``f''``."""
    jets = {CORRELATION: F, SIGNAL_OVERLAP: G, OVERLAP: F_OTHERS}
    inner = [[diff(expression, low) * high for low, high in pairwise(jets.get(x, ()))] for x in variables]
    return expression, *(diff(expression, x) + Add(*terms) for x, terms in zip(variables, inner, strict=True))


_made = kernels("replicated")
_position, _field, _now = (_made.force(probe) for probe in (POSITION, FIELD, SAME_POSITION))
_signal, _replica = _made.force(SIGNAL), _made.force(REPLICA)
_c, _r, _m, _q, _beta = CORRELATION, RESPONSE, SIGNAL_OVERLAP, OVERLAP, INVERSE_TEMPERATURE
_jets = (G[1], G[2], F[1], F[2], F_OTHERS[1], F_OTHERS[2], _beta)

_compiled: Any = generated(
    {
        "before": ((_r, X, Y, *F[1:]), with_slopes(integrand(_position), _c, _r, X, Y)),
        "between": ((_r, X, *F[2:]), with_slopes(integrand(_position, TIME), _c, _r, X)),
        "response": ((_r, X, *F[2:]), with_slopes(integrand(_field), _c, _r, X)),
        "overlap": ((_r, X, *F[2:]), with_slopes(integrand(_signal), _c, _r, X)),
        "multiplier": ((_c, _r, *F[1:]), with_slopes(integrand(_now), _c, _r)),
        "local_multiplier": ((_m, _c, _q, *_jets), with_slopes(local(_now), _m, _c, _q)),
        "sources": ((X, Y, Z, *_jets), with_slopes(local(_position), _m, _c, _q, X, Y, Z)),
        "along_signal": ((FIRST_M, *_jets), with_slopes(local(_signal), _m, _c, _q)),
        "along_replica": ((FIRST_M, FIRST_Q, *_jets), with_slopes(local(_replica), _m, _c, _q)),
        "energy": ((_r, *F[1:3]), with_slopes(integrand(_made.energy), _c, _r)),
        "local_energy": ((G[0], G[1], *F[:2], *F_OTHERS[:2], _beta), with_slopes(local(_made.energy), _m, _c, _q)),
    }
)
before, between, response, overlap = _compiled.before, _compiled.between, _compiled.response, _compiled.overlap
multiplier, local_multiplier, sources = _compiled.multiplier, _compiled.local_multiplier, _compiled.sources
along_signal, along_replica = _compiled.along_signal, _compiled.along_replica
energy, local_energy = _compiled.energy, _compiled.local_energy
"""Each returns its value and the derivatives asked for."""
