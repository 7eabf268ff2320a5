r"""A state of equilibrium at T', followed to another temperature (Franz, Parisi 1995; Barrat, Franz, Parisi 1997).

Above the static temperature a configuration of equilibrium at ``beta' = 1/T'`` is like a signal, planted with
the mean ``g = beta' f``. The state around it at temperature T is what weighs most at the overlap m with it where the
free energy is stationary, with one overlap q between its configurations as long as that is stable,
``T^2 > (1 - q)^2 f''(q)``. In ``chi = (1 - q)/T`` the conditions are regular down to T = 0.

Assumed: no random field, and nothing else planted.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Dummy, Expr, Symbol, cancel, diff, log

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import INVERSE_TEMPERATURE as START
from ..symbols import TEMPERATURE as T

M = Symbol("m_s", real=True)
"""Overlap with the start."""
CHI = Symbol("chi", positive=True)
SELF_OVERLAP = Symbol("q", positive=True)


def entropy() -> Expr:
    """``ln(1 - q) + (q - m^2)/(1 - q)``: twice that of configurations of overlaps m with the start and q."""
    return log(1 - SELF_OVERLAP) + (SELF_OVERLAP - M**2) / (1 - SELF_OVERLAP)


@dataclass(frozen=True)
class Followed(Printable):
    """As functions of the overlap m with the start, chi, T and beta'."""

    landscape: GaussianLandscape

    @cached_property
    def free_energy(self) -> Expr:
        """F at (m, q): what ``Ansatz`` has for one overlap on the part of the sphere at overlap m, and the signal."""
        f = self.landscape.f
        return -START * f(0, M) - (f(0) - f(0, SELF_OVERLAP)) / (2 * T) - T * entropy() / 2

    @cached_property
    def conditions(self) -> tuple[Expr, Expr]:
        """``m/chi - beta' f'(m)`` and ``f'(q) - (q - m^2)/chi^2``: slopes of F, the second times 2T."""
        first, second = (cancel(diff(entropy(), x).subs(SELF_OVERLAP, 1 - T * CHI)) for x in (M, SELF_OVERLAP))
        f = self.landscape.f
        return cancel(-T * first / 2) - START * f(1, M), f(1, 1 - T * CHI) - cancel(T**2 * second)

    @cached_property
    def energy(self) -> Expr:
        """``d(F/T)/d(1/T)`` at fixed m and q, ``-beta' f(m) - [f(1) - f(q)]/T``, regular in ``1 - q = T chi``."""
        step, f = Dummy("d"), self.landscape.f
        return -START * f(0, M) - CHI * cancel((f(0) - f(0, 1 - step)) / step).subs(step, T * CHI)

    @cached_property
    def margin(self) -> Expr:
        """``1 - chi^2 f''(q)``: the state breaks up where it is negative."""
        return 1 - CHI**2 * self.landscape.f(2, 1 - T * CHI)

    def equations(self) -> list[Line]:
        """The free energy, the conditions, the energy, and stability."""
        return [
            (r"q", 1 - T * CHI),
            (r"F", self.free_energy),
            *((condition, 0) for condition in self.conditions),
            (r"\text{energy}", self.energy),
            (r"\text{stable}", self.margin > 0),
        ]
