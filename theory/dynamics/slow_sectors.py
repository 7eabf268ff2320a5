r"""Ageing with as many slow sectors as the landscape needs, a continuum of them or one for each step; here at T = 0.

Where C falls from q_b to q_a in one sector of time, ``R = x d_t' C`` with one ratio ``x`` (``X/T``); the integrated
response ``chi(q)``, that of all times at which C is above q, falls with slope ``-x``. Sectors are well apart
(ultrametric: of three times the two smaller correlations are equal), so that at the overlap q between two of them, with
``S(q) = int_q^1 f'' x`` the memory of times at which C is above q, the closed equations become

``0 = (S - mu) q + f'(q) chi(q) + int_0^q x d(c f'(c))``  (for C),   ``0 = S - mu + f''(q) chi(q)``  (for R).

Their solution from above: ``chi(q_b) = 1/sqrt(f''(q_b))`` at every q_b (marginal states, 1 to begin with), a ratio
for each possible end q_a, and as the end the q_a of the largest ratio: with a smaller one C would be arrested there on
its way. The largest ratio next to q_b itself makes a continuum. With a field the last sector ends at q_0,
``f'(q_0) chi^2 = q_0``, below which no correlation falls; without, at 0.

At T > 0 C falls to a plateau q in equilibrium, ``chi = (1 - q)/T``, and that of a marginal plateau, ``T^2 = (1 - q)^2
f''(q)`` (``ageing``), is ``1/sqrt(f''(q))``: below it everything is as at T = 0, with q in place of the first q_b.

Assumed: no overlap with a signal; marginal states; and no memory of the start, which a mixture of degrees may keep
(Folena, Franz, Ricci-Tersenghi 2020). In a field with ``f''(1) <= f'(1)`` there is a single minimum, no sector, and the
flow ends there: ``chi = 1/sqrt(f'(1))``, by ``f'(q_0) chi^2 = q_0`` at ``q_0 = 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from sympy import Eq, Expr, Integer, Integral, Symbol, diff, factor, simplify, solve, sqrt

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import OVERLAP
from .plateau import F2_Q, no_field

Sector = Literal["step", "continuum"]
UPPER, LOWER = Symbol("q_b", positive=True), Symbol("q_a", nonnegative=True)
CHI_UPPER, RATIO = Symbol("chi_b", positive=True), Symbol("x", real=True)
F1_UPPER, F1_LOWER, F2_UPPER, F2_LOWER = (
    Symbol(name, positive=True) for name in ("f'(q_b)", "f'(q_a)", "f''(q_b)", "f''(q_a)")
)
BOTTOM = Symbol("q_0", positive=True)
"""Overlap of two states in a field."""


@dataclass(frozen=True)
class StepLaw(Printable):
    """One sector from q_b down to q_a: its ratio, chi(q_a), and ``f''(q_a)`` if another sector begins there."""

    ratio: Expr
    susceptibility: Expr
    marginal_curvature: Expr

    def equations(self) -> list[Line]:
        """One step, the continuum that it becomes for ``q_a -> q_b``, and the energy of all sectors together."""
        return [
            (r"\chi_b", 1 / sqrt(F2_UPPER)),
            (r"x(q_a; q_b)", self.ratio),
            (r"\chi(q_a)", self.susceptibility),
            (r"f''(q_a)", self.marginal_curvature),
            (r"q_a", r"\mathrm{argmax}_{q < q_b} x(q; q_b)"),
            (r"\text{continuum: } \chi(q)", 1 / sqrt(F2_Q)),
            (r"e_\infty", r"-f'(q_0) \chi(q_0) - \int_{q_0}^1 f''(q) \chi(q)\, dq"),
        ]


@cache
def step_law() -> StepLaw:
    """The equation for C at both ends, that for R at the upper one, ``S - mu = -f''(q_b) chi_b = -1/chi_b``."""
    memory, below = -1 / CHI_UPPER, Symbol("K")
    memory_lower = memory + RATIO * (F1_UPPER - F1_LOWER)
    chi = CHI_UPPER + RATIO * (UPPER - LOWER)
    inside = RATIO * (UPPER * F1_UPPER - LOWER * F1_LOWER)
    upper = memory * UPPER + F1_UPPER * CHI_UPPER + below
    lower = memory_lower * LOWER + F1_LOWER * chi + below - inside
    ratio = solve([upper, lower], [below, RATIO])[RATIO]
    curvature = solve(memory_lower + F2_LOWER * chi, F2_LOWER)[0].subs(RATIO, ratio)
    return StepLaw(factor(ratio), factor(chi.subs(RATIO, ratio)), factor(simplify(curvature)))


def susceptibility(landscape: GaussianLandscape, overlap: Expr) -> Expr:
    """``chi = 1/sqrt(f'')`` where states are marginal."""
    return 1 / sqrt(landscape.f(2, overlap))


def step(landscape: GaussianLandscape, upper: Expr, lower: Expr) -> StepLaw:
    """The law of a step for a landscape."""
    values = {
        UPPER: upper,
        LOWER: lower,
        CHI_UPPER: susceptibility(landscape, upper),
        F1_UPPER: landscape.f(1, upper),
        F1_LOWER: landscape.f(1, lower),
    }
    law = step_law()
    return StepLaw(*(part.subs(values) for part in (law.ratio, law.susceptibility, law.marginal_curvature)))


@dataclass(frozen=True)
class SlowSectors:
    """The sectors from C = 1 down; ``()`` is the phase of a single minimum.

    ``overlaps`` are the ends of the sectors, from 1 down; all but the first and, without field, the last are unknowns
    of ``conditions``.
    """

    landscape: GaussianLandscape
    sectors: tuple[Sector, ...]

    @property
    def bottom(self) -> Expr:
        """Where the last sector ends."""
        if not self.sectors:
            return Integer(1)
        return BOTTOM if no_field(self.landscape) else Integer(0)

    @property
    def overlaps(self) -> tuple[Expr, ...]:
        """``1 > q_1 > q_2 > ... > q_0``."""
        inner = tuple(Symbol(f"q_{i}", positive=True) for i in range(1, len(self.sectors)))
        return (Integer(1), *inner, self.bottom) if self.sectors else (Integer(1),)

    @property
    def unknowns(self) -> tuple[Symbol, ...]:
        """Ends that are not given."""
        return tuple(overlap for overlap in self.overlaps if not overlap.is_number)

    @property
    def conditions(self) -> tuple[Eq, ...]:
        """One for each unknown end."""
        made, ends = self.landscape, self.overlaps
        equations = []
        for i, sector in enumerate(self.sectors[:-1]):
            upper, lower = ends[i], ends[i + 1]
            if sector == "step":
                root = sqrt(made.f(2, lower) * made.f(2, upper))
                equations.append(Eq(made.f(1, upper) - made.f(1, lower), (upper - lower) * root, evaluate=False))
            else:
                slope = -diff(susceptibility(made, OVERLAP), OVERLAP).subs(OVERLAP, lower)
                equations.append(Eq(step(made, lower, ends[i + 2]).ratio, slope, evaluate=False))
        if self.bottom == BOTTOM:
            equations.append(Eq(made.f(1, BOTTOM) * self.last_susceptibility**2, BOTTOM, evaluate=False))
        return tuple(equations)

    @property
    def last_susceptibility(self) -> Expr:
        """``chi(q_0)``, that of all times."""
        if not self.sectors:
            return 1 / sqrt(self.landscape.f(1))
        if self.sectors[-1] == "step":
            return step(self.landscape, *self.overlaps[-2:]).susceptibility
        return susceptibility(self.landscape, self.bottom)

    @property
    def energy(self) -> Expr:
        """``e = -f'(q_0) chi(q_0) - int_{q_0}^1 f''(q) chi(q) dq``."""
        pairs = zip(self.sectors, self.overlaps[:-1], self.overlaps[1:], strict=True)
        made, bottom = self.landscape, self.bottom
        below = Integer(0) if bottom == 0 else made.f(1, bottom) * self.last_susceptibility
        return -below - sum((self._work(*pair) for pair in pairs), start=Integer(0))

    def _work(self, sector: Sector, upper: Expr, lower: Expr) -> Expr:
        """``int f'' chi``: with ``chi = 1/sqrt(f'')``, or linear and by parts, ``[f' chi] + x [f]``."""
        made = self.landscape
        if sector == "continuum":
            return Integral(sqrt(made.f(2, OVERLAP)), (OVERLAP, lower, upper))
        law = step(made, upper, lower)
        lowest = Integer(0) if lower == 0 else made.f(1, lower) * law.susceptibility
        rise = made.f(0, upper) - made.f(0, lower)
        return made.f(1, upper) * susceptibility(made, upper) - lowest + law.ratio * rise
