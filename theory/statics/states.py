r"""Complexity of the states of a spherical spin glass, from its free energy as a function of Parisi's x.

x copies of the system in the same state, whatever it is, have ``F(x) = min_f [f - Sigma(f) T/x]`` per copy: with
``y = x/T`` the free energy f of the states and ``Sigma = ln(number)/N`` follow as ``f = d(y F)/dy``,
``Sigma = y^2 dF/dy`` (Monasson 1995). F is Parisi's functional with ``x(q) = x`` below the overlap q_1 inside a state;
at T = 0, where ``q_1 = 1``, the response ``chi = lim (1 - q_1)/T`` takes its place, f is the energy of minima.

Assumed: no field, nothing planted, states that overlap by zero and have no states in them: one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Integer, S, Symbol, diff, simplify, solve, sqrt

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from .ansatz import Ansatz, Part
from .transitions import unplanted

COPIES = Symbol("y", positive=True)
"""``x/T``, conjugate to the free energy of states: ``y = dSigma/df``."""
RESPONSE, INSIDE = Symbol("chi", positive=True), Symbol("q_1", positive=True)


@dataclass(frozen=True)
class States(Printable):
    """All along one ``variable``: ``q_1`` at ``temperature`` (a number or a symbol), ``chi`` at 0."""

    landscape: GaussianLandscape
    temperature: Expr = S.Zero

    @property
    def variable(self) -> Symbol:
        """What tells states apart."""
        return RESPONSE if self.temperature == 0 else INSIDE

    @property
    def overlap(self) -> Expr:
        """Inside a state."""
        return Integer(1) if self.temperature == 0 else INSIDE

    @property
    def response(self) -> Expr:
        """``chi(q_1) = (1 - q_1)/T``."""
        return RESPONSE if self.temperature == 0 else (1 - INSIDE) / self.temperature

    @cached_property
    def functional(self) -> Expr:
        """F of y and the variable: ``chi(0) = chi(q_1) + y q_1``."""
        made = unplanted(self.landscape)
        parts: tuple[Part, ...] = ("atom",) if self.temperature == 0 else ("atom", "atom")
        ansatz = Ansatz(made, parts, at_zero=True, temperature=self.temperature)
        unit, outer = sqrt(made.f(1)), self.response + COPIES * self.overlap
        first, last = ansatz.unknowns
        values = {first: unit * outer, last: unit * RESPONSE if self.temperature == 0 else INSIDE}
        return ansatz.free_energy.subs(values, simultaneous=True)

    @cached_property
    def copies(self) -> Expr:
        """y at which ``dF = 0`` along the variable."""
        return simplify(solve(simplify(diff(self.functional, self.variable)), COPIES)[-1])

    @cached_property
    def free_energy(self) -> Expr:
        """``d(y F)/dy``."""
        return diff(COPIES * self.functional, COPIES).subs(COPIES, self.copies)

    @cached_property
    def sigma(self) -> Expr:
        """``y^2 dF/dy``."""
        return (COPIES**2 * diff(self.functional, COPIES)).subs(COPIES, self.copies)

    @cached_property
    def stability(self) -> Expr:
        """``1 - f''(q_1) chi^2``, of a state against falling apart: zero where its minimum is marginal."""
        return 1 - self.landscape.f(2, self.overlap) * self.response**2

    def equations(self) -> list[Line]:
        """F, its condition, and what follows."""
        return [
            (r"F(y)", self.functional),
            (COPIES, self.copies),
            (r"f", r"\partial_y (y F)"),
            (r"\Sigma", r"y^2 \partial_y F"),
            (r"\text{stable}", self.stability >= 0),
        ]
