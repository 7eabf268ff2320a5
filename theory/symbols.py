"""The symbols that every derivation shares."""

from sympy import Expr, Symbol

OVERLAP = Symbol("q", real=True)
"""``q = x.x'/N``, overlap of two points on the sphere."""

SIGNAL_OVERLAP = Symbol("m", real=True)
"""``m = x.x*/N``, overlap with the planted signal."""

ENERGY = Symbol("E", real=True)
"""Energy per spin, ``H(x)/N``."""

SHIFT = Symbol("t", real=True)
"""``t = -w/sqrt(f''(1))``: distance of the Hessian's bulk centre from zero, in units where the bulk is [-2, 2]."""

SPIKE = Symbol("theta", real=True)
"""Strength of the rank-one part of the Hessian, in the same units."""

CORRELATION = Symbol("C", real=True)
"""``C = x(t).x(t')/N``, correlation of two times."""

TEMPERATURE = Symbol("T", positive=True)
"""Temperature of the Langevin noise, of variance ``2T``; 0 for gradient flow."""

INVERSE_TEMPERATURE = Symbol("beta", positive=True)
"""Inverse temperature at which the start is in equilibrium."""


def value_at_zero(expression: Expr, symbol: Symbol) -> Expr:
    """Value of a sum of powers of ``symbol`` at zero, where symbolic exponents such as ``p - 2`` count as positive."""
    powers = {power for power in expression.atoms(type(symbol**2)) if power.base == symbol and not power.exp.is_number}
    return expression.subs(dict.fromkeys(powers, 0)).subs(symbol, 0)


INVERSE_DELTA_2 = Symbol("inverse_delta_2", positive=True)
"""``1/Delta_2``, signal-to-noise ratio of the matrix."""

INVERSE_DELTA_P = Symbol("inverse_delta_p", positive=True)
"""``1/Delta_p``, signal-to-noise ratio of the tensor."""

SIGNAL_STRENGTH = Symbol("signal_strength", positive=True)
"""Factor in front of the planted mean of a landscape that has no noise parameter of its own."""
