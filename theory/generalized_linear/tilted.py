"""Functionals ``explicit + alpha E_y ln int du e^tilt`` that are extremised over their parameters."""

from dataclasses import dataclass

from sympy import Expr, Integer, Symbol, diff, expand

from .average import Mean, integrands
from .symbols import ALPHA


@dataclass(frozen=True)
class TiltedFunctional:
    """``explicit + alpha ln Z``: Z the mass of ``e^tilt du``, whose normalisation is the label law ``P(u | y)``.

    Labels quenched: ``ln Z`` is averaged over y. Annealed: the y-average is inside the logarithm.
    """

    explicit: Expr
    tilt: Expr

    def derivative(self, parameter: Symbol) -> Expr:
        """Derivative of the functional: ``d explicit + alpha E[d tilt]``; zero where it is stationary."""
        return diff(self.explicit, parameter) + ALPHA * Mean(diff(self.tilt, parameter))


def tilted(functional: Expr, base: Expr) -> TiltedFunctional:
    """The maximum over laws P of a functional linear in P, ``explicit + alpha E_P[f]``, minus alpha times the relative
    entropy of P to ``e^base du`` (Gibbs): averages move into the exponent."""
    expanded = expand(functional, deep=False)
    averages = {mean: Symbol(f"mean_{i}") for i, mean in enumerate(integrands(expanded))}
    linear = expand(expanded.subs(averages), log=False)
    tilt = sum((expand(linear.coeff(name) / ALPHA) * mean.args[0] for mean, name in averages.items()), start=Integer(0))
    explicit = linear.subs(dict.fromkeys(averages.values(), 0))
    return TiltedFunctional(explicit, base + tilt)
