r"""The dynamical action averaged over the landscape (Martin, Siggia, Rose 1973; Janssen; De Dominicis 1976).

``xdot = -grad H - mu x + noise`` is the weight ``exp(S)`` on trajectories and on a response field ``x~``,

``S = -int x~.(xdot + mu x) dt + T int x~.x~ dt - int x~.grad H(x) dt``.

All that is random in it is linear in H: the force ``-x~.grad H(x)`` at every time and, for a start in equilibrium, the
weight ``-beta H(x_0)`` at time 0. A Gaussian H is averaged by the means and covariances of these insertions, which
follow from those of H by differentiation:

``E H(x) = -N g(x.x*/N)``, ``Cov(H(x), H(x')) = N f(x.x'/N)``, ``x~.grad H(x) = d/dh H(x + h x~)`` at h = 0.
"""

from dataclasses import dataclass
from itertools import pairwise

from sympy import Add, Expr, Integer, Mul, Symbol, diff, symbols

from ..kac_rice.local_law import taylor
from ..printing import Line
from ..symbols import CORRELATION, INVERSE_TEMPERATURE, SIGNAL_OVERLAP
from .notation import Terms, TwoTimeDisplay, product

F = tuple(Symbol("f" + "'" * k + "(C)", real=True) for k in range(4))
"""Derivatives of the covariance at ``C = x(t).x(s)/N``."""
G = tuple(Symbol("g" + "'" * k + "(m)", real=True) for k in range(3))
"""Derivatives of the planted mean at ``m = x(t).x*/N``."""

RESPONSE = Symbol("R", real=True)
"""``R = x(t).x~(s)/N``: response at t to a field at s."""
ADVANCED = Symbol("R^+", real=True)
"""``x~(t).x(s)/N``: response at s to a field at t, zero for s < t once the average over the dynamics is taken."""
FIELDS = Symbol("D", real=True)
"""``D = x~(t).x~(s)/N``, zero in that average."""
FIELD_SIGNAL = Symbol("mtilde", real=True)
"""``x~(t).x*/N``, zero in that average."""
CAUSALITY = {ADVANCED: Integer(0), FIELDS: Integer(0), FIELD_SIGNAL: Integer(0)}


@dataclass(frozen=True)
class Insertion:
    """``weight H(x)``, or ``weight x~.grad H(x)``: what the action contains of H at one time."""

    weight: Expr
    derivative: bool = False


FORCE = Insertion(Integer(-1), derivative=True)
EQUILIBRIUM = Insertion(-INVERSE_TEMPERATURE)
ENERGY = Insertion(Integer(1))


def _inserted(expression: Expr, insertions: tuple[Insertion, ...], steps: tuple[Symbol, ...]) -> Expr:
    """Weights, and derivatives along the response fields."""
    for insertion, step in zip(insertions, steps, strict=True):
        expression = insertion.weight * (diff(expression, step) if insertion.derivative else expression)
    return expression.subs(dict.fromkeys(steps, 0)).expand()


def covariance(here: Insertion, there: Insertion) -> Expr:
    """Covariance per N of an insertion at t and one at s; of f at most two derivatives enter, so Taylor is exact."""
    steps = symbols("h h'")
    overlap = steps[0] * ADVANCED + steps[1] * RESPONSE + steps[0] * steps[1] * FIELDS
    return _inserted(taylor(F, overlap), (here, there), steps)


def mean(here: Insertion) -> Expr:
    """Mean per N of an insertion at t."""
    step = Symbol("h")
    return _inserted(-taylor(G, step * FIELD_SIGNAL), (here,), (step,))


def variation(density: Expr, parameter: Symbol) -> Expr:
    """Derivative with respect to an order parameter, then causality.

    The derivatives of f depend on C, those of g on m.
    """
    chain = {CORRELATION: F, SIGNAL_OVERLAP: G}.get(parameter, ())
    through = sum(diff(density, low) * high for low, high in pairwise(chain))
    return (diff(density, parameter) + through).subs(CAUSALITY)


class AveragedAction(TwoTimeDisplay):
    """``ln E exp(S)/N``: the means of the insertions, and their covariances over all pairs of times."""

    def equations(self) -> list[Line]:
        """The order parameters of two times, and the averages."""
        force, weight = r"-\tilde{x} \cdot \nabla H(x)", r"-\beta H(x_0)"
        primed = r"-\tilde{x}' \cdot \nabla H(x')"
        return [
            (r"\left(C, R, R^{+}, D, m, \tilde{m}\right)", ORDER_PARAMETERS),
            (rf"\mathbb{{E}}\left[{force}\right]/N", _in_order(mean(FORCE))),
            (rf"\mathrm{{Cov}}\left[{force}, {primed}\right]/N", _in_order(covariance(FORCE, FORCE))),
            (rf"\mathrm{{Cov}}\left[{force}, {weight}\right]/N", _in_order(covariance(FORCE, EQUILIBRIUM))),
            (rf"\mathrm{{Cov}}\left[H(x), {primed}\right]/N", _in_order(covariance(ENERGY, FORCE))),
            (rf"\mathrm{{Cov}}\left[H(x), {weight}\right]/N", _in_order(covariance(ENERGY, EQUILIBRIUM))),
        ]


ORDER_PARAMETERS = (
    r"\left(x \cdot x', x \cdot \tilde{x}', \tilde{x} \cdot x', \tilde{x} \cdot \tilde{x}', "
    r"x \cdot x_*, \tilde{x} \cdot x_*\right)/N"
)


def _in_order(expression: Expr) -> Terms:
    """Numbers, beta, the landscape's functions, order parameters."""
    ranks = {INVERSE_TEMPERATURE: 1} | dict.fromkeys(F + G, 2)

    def rank(factor: Expr) -> int:
        return 0 if factor.is_number else ranks.get(factor, 3)

    return Terms(*(product(*sorted(Mul.make_args(term), key=rank)) for term in Add.make_args(expression)))
