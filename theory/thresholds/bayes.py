"""First-order transitions of Bayes-optimal inference: where a second overlap appears, is optimal, is the only one."""

from dataclasses import dataclass
from functools import cached_property

from sympy import Dummy, Eq, Expr, Integer, Poly, Symbol, diff, simplify, solve
from sympy.logic.boolalg import false

from ..inference import BayesOptimal
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import OVERLAP as Q
from ..symbols import SIGNAL_OVERLAP as M

REFERENCE = "Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2018, arXiv 1812.09066"
WEAK = Symbol("m_weak", nonnegative=True)
"""The smaller of two coexisting overlaps (zero, or that of weak recovery)."""
CONTINUOUS = "the optimal overlap grows continuously from zero (no first-order transition); see bayes_amp"
ALREADY = "recovery is already possible at zero signal-to-noise ratio of this channel: the other channel suffices"


@dataclass(frozen=True)
class BayesTransitions:
    """Spinodals and first-order line of a landscape with ``f = g``, along the curve ``control(m)`` of fixed points.

    Assumed: ``f = control q^2/2 + c q^p/p``, c a power of the parameter that stays free, or one term of degree p alone.
    """

    landscape: GaussianLandscape
    control: Symbol

    @cached_property
    def theory(self) -> BayesOptimal:
        """Free entropy and state evolution."""
        return BayesOptimal(self.landscape)

    @cached_property
    def curve(self) -> Expr:
        """The control parameter at which m is a fixed point of state evolution."""
        return self.theory.control_at_fixed_point(self.control)

    @cached_property
    def slope(self) -> Expr:
        """``d control/dm``: zero at the spinodals."""
        return simplify(diff(self.curve, M))

    @property
    def noise(self) -> Symbol | None:
        """The parameter that stays free (``Delta_p``), if any."""
        free = [s for s in self.landscape.free_symbols if s != self.control]
        return free[0] if free else None

    @cached_property
    def spinodal_noise(self) -> Expr:
        """``Delta_p``, or what else is free, for which the spinodal lies at m."""
        number, power = self._coupling
        return simplify((self._spinodal_coupling / number) ** (1 / power.as_base_exp()[1]))

    @property
    def _coupling(self) -> tuple[Expr, Expr]:
        """The coefficient ``c`` of the other term: a number, and a power of the noise."""
        coefficient: Expr = Poly(self.landscape.covariance - self.control * Q**2 / 2, Q).LC()
        number, power = coefficient.as_coeff_Mul()
        return number, power

    @cached_property
    def _spinodal_coupling(self) -> Expr:
        """The coefficient for which the spinodal lies at m; everything is linear in it, whatever the power."""
        number, power = self._coupling
        coupling = Dummy(positive=True)
        slope = diff(self.curve.subs(power, coupling / number), M)
        return simplify(solve(slope, coupling)[0])

    @cached_property
    def tricritical_overlap(self) -> Expr:
        """Overlap at which both spinodals meet: the largest ``Delta_p`` that has one."""
        inside = [m for m in solve(diff(self._spinodal_coupling, M), M) if m.is_real and 0 < m < 1]
        return inside[0] if inside else 0

    @property
    def tricritical_noise(self) -> Expr:
        """``Delta_p`` beyond which there is no first-order transition."""
        return self.spinodal_noise.subs(M, self.tricritical_overlap)

    def _first_order(self) -> tuple[Condition, ...]:
        if self.noise is None:
            return ()
        # beyond the tricritical point on the side of the spinodals of larger overlap
        bound, strong = self.tricritical_noise, self.spinodal_noise.subs(M, (1 + self.tricritical_overlap) / 2)
        return (Condition(self.noise < bound if strong < bound else self.noise > bound, CONTINUOUS),)

    @property
    def dynamic_spinodal(self) -> Threshold:
        """``d control/dm = 0`` at the larger overlap: a second fixed point appears."""
        closed = self._closed_spinodal()
        continuous = self.noise is None and closed is None
        return self._spinodal(
            "dynamic_spinodal",
            "A strongly correlated fixed point of Bayes-optimal state evolution exists from there on.",
            (Condition(false, CONTINUOUS),) if continuous else self._first_order(),
            closed,
        )

    def _spinodal(
        self, name: str, meaning: str, conditions: tuple[Condition, ...], closed: Expr | None = None
    ) -> Threshold:
        """A root of ``d control/dm = 0`` on the curve of fixed points."""
        defining = (Eq(self.control, self.curve), Eq(self.slope, 0, evaluate=False))
        return Threshold(name, meaning, self.control, defining, REFERENCE, (M,), closed, conditions)

    def _closed_spinodal(self) -> Expr | None:
        """Closed form where the slope has a single root between 0 and 1 (p = 3, and the pure tensor)."""
        if self.noise is not None and self.tricritical_overlap != 0:
            return None
        sample = {} if self.noise is None else {self.noise: self.tricritical_noise / 2}
        inside = [root for root in solve(self.slope, M) if 0 < root.subs(sample).evalf() < 1]
        return simplify(self.curve.subs(M, inside[0])) if len(inside) == 1 else None

    @property
    def amp_jump(self) -> Threshold:
        """``d control/dm = 0`` at the smaller overlap: the weakly correlated fixed point ends there."""
        no_weak = "message passing that leaves m = 0 reaches the best fixed point at once; see bayes_amp"
        conditions = self._first_order()
        if self.noise is None or self.tricritical_overlap == 0:
            conditions = (Condition(false, no_weak),)
        meaning = "Bayes-optimal message passing jumps from a weakly to a strongly correlated fixed point."
        return self._spinodal("bayes_amp_jump", meaning, conditions)

    @property
    def information_theoretic(self) -> Threshold:
        """Equal ``Phi_RS`` of the strongly correlated overlap and of m = 0."""
        return self._equal_entropies(Integer(0))

    @cached_property
    def information_theoretic_above_weak_recovery(self) -> Threshold:
        """The same where the competing overlap is that of weak recovery, ``m_weak > 0`` (p >= 4)."""
        return self._equal_entropies(WEAK)

    def _equal_entropies(self, other: Expr) -> Threshold:
        phi, on_curve = self.theory.free_entropy, Eq(self.control, self.curve)
        weak = (on_curve.subs(M, WEAK),) if other == WEAK else ()
        return Threshold(
            "information_theoretic",
            "The overlap of the Bayes-optimal estimator jumps (first order) or departs from zero (continuous).",
            self.control,
            (Eq(phi, phi.subs(M, other)), on_curve, *weak),
            REFERENCE,
            (M, WEAK) if other == WEAK else (M,),
            conditions=self._first_order(),
        )
