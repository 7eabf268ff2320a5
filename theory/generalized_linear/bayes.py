r"""Bayes-optimal inference of the signal from what the teacher shows: state evolution of message passing.

Barbier, Krzakala, Macris, Miolane, Zdeborova (2019, arXiv 1708.03395). The field splits as ``y = w + sqrt(V) z``: w, of
variance q, is known so far, and ``V = 1 - q``. What is shown leaves a few values ``y_i`` of y, with posterior weights
``e^(-(y_i - w)^2/(2V))/|dY/dy_i|``. Labels are functions of y without noise. Two y with the same label are close only
near turning points, which makes ``E Var = O(V^(3/2))`` and ``alpha(q) -> 1`` as ``q -> 1``; and where the label is
flat: ``alpha(q) -> 1/P``, P the probability that it is not.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Abs, Eq, Expr, Integer, Symbol, degree, diff, exp, log, numer, oo, simplify, solve, together

from ..printing import Line, Printable
from .average import Mean
from .landscape import GeneralizedLinearLandscape
from .symbols import ALPHA, PLANTED_OVERLAP, SIGNAL_FIELD
from .teacher import core, is_even, is_monotone

KNOWN = Symbol("w", real=True)
"""The part of y that is known, of variance q."""
Q, Y = PLANTED_OVERLAP, SIGNAL_FIELD
VARIANCE = 1 - Q
PREIMAGE, SLOPE = Symbol("y_i", real=True), Symbol("s_i", positive=True)
"""A value of y with the label seen, and ``|dY/dy_i|`` there."""
LOG_WEIGHT = -((PREIMAGE - KNOWN) ** 2) / (2 * VARIANCE) - log(SLOPE)
"""``-(y_i - w)^2/(2V) - ln|dY/dy_i|``: log of the posterior weight of a preimage, up to a constant."""
LARGEST_DEGREE = 4
"""Of an equation for preimages that is solved in closed form."""
POSTERIOR_VARIANCE = Symbol("D", nonnegative=True)
"""``E Var[y | w, label]``, averaged over both."""
DENOISED = Symbol("qhat", nonnegative=True)


class GivenLabel(Mean):
    r"""``E[integrand | label]``, a function of y through what is seen of it."""

    given = r"\,\middle|\,\text{label}"


SECOND_MOMENT = GivenLabel(SIGNAL_FIELD**2)
"""Of a standard Gaussian y."""
WEAK_RECOVERY = Eq(1 / ALPHA, Mean((SECOND_MOMENT - 1) ** 2))
"""Where ``q = 0`` loses stability, unless the label shows something of the sign."""
BEST_PREPROCESSING: Expr = 1 - 1 / SECOND_MOMENT
"""Of all spectral methods the best (Luo, Alghamdi, Lu 2019)."""


@dataclass(frozen=True)
class BayesChannel(Printable):
    """What is seen of y, and what follows for the best estimate of the signal."""

    landscape: GeneralizedLinearLandscape

    @cached_property
    def label(self) -> Expr:
        """What is seen of y, without one-to-one functions around it."""
        return core(self.landscape.observed)

    @cached_property
    def even(self) -> bool:
        """Whether nothing is seen of the sign of y; otherwise the label's mean does for weak recovery."""
        return is_even(self.label)

    @cached_property
    def invertible(self) -> bool:
        """Whether the label shows y itself."""
        return is_monotone(self.label)

    @cached_property
    def solved(self) -> bool:
        """Whether the preimages have a closed form."""
        try:
            return bool(self.preimages)
        except ValueError:
            return False

    @cached_property
    def preimages(self) -> tuple[Expr, ...]:
        """The values of y with the same label. Raises ValueError where they have no closed form."""
        if self.invertible:
            return (Y,)
        if self.even and is_monotone(self.label, positive=True):
            return (Y, -Y)
        # for labels that are even in y, y and -y have the same preimages
        field = Symbol("y_0", positive=True) if self.even else Symbol("y_0", real=True, nonzero=True)
        roots = self._roots(field)
        unknown = [root for root in roots if root.is_real is None]
        if unknown or not any(simplify(root - field) == 0 for root in roots):
            raise ValueError(f"teacher = {self.label}: its preimages have no closed form; try y or y**2")
        return tuple(root.subs(field, Y) for root in roots if root.is_real)

    def _roots(self, field: Symbol) -> list[Expr]:
        """Solutions of an algebraic equation of degree at most 4; none for others, which can take minutes."""
        other = Symbol("y_i", real=True)
        equation = numer(together(self.label.subs(Y, other) - self.label.subs(Y, field)))
        short = equation.is_polynomial(other) and degree(equation, other) <= LARGEST_DEGREE
        return list(solve(equation, other)) if short else []

    def _weights(self, exponents: list[Expr]) -> list[Expr]:
        """Normalised ``e^exponent/|dY/dy|``, written with differences of exponents."""
        slope = diff(self.label, Y)
        jacobians = [simplify(Abs(slope / slope.subs(Y, root))) for root in self.preimages]
        ratios = [
            sum(jacobians[j] / jacobians[i] * exp(simplify(exponents[j] - exponents[i])) for j in range(len(exponents)))
            for i in range(len(exponents))
        ]
        return [1 / ratio for ratio in ratios]

    @cached_property
    def _posterior(self) -> list[Expr]:
        """Weights of the preimages once w is known."""
        return self._weights([simplify(-((root - KNOWN) ** 2) / (2 * VARIANCE)) for root in self.preimages])

    @cached_property
    def estimate(self) -> Expr:
        """``E[y | w, label]``, a function of y and w: ``y tanh(y w/V)`` where only the size of y is shown."""
        return sum((w * y for w, y in zip(self._posterior, self.preimages, strict=True)), start=Integer(0))

    @property
    def output(self) -> Expr:
        """``(E[y | w, label] - w)/V``: what message passing sends back of each datum; slope ``(Var - V)/V^2`` in w."""
        return (self.estimate - KNOWN) / VARIANCE

    @cached_property
    def variance(self) -> Expr:
        """``Var[y | w, label]``, a function of y and w: ``y^2 sech^2(y w/V)`` where only the size of y is shown."""
        weights = self._posterior
        pairs = [(i, j) for i in range(len(weights)) for j in range(i)]
        points = self.preimages
        spread = (weights[i] * weights[j] * (points[i] - points[j]) ** 2 for i, j in pairs)
        return sum(spread, start=Integer(0))

    @cached_property
    def signal_to_noise(self) -> Expr:
        """``qhat = alpha (V - E Var)/V^2``."""
        return ALPHA * (VARIANCE - POSTERIOR_VARIANCE) / VARIANCE**2

    @property
    def overlap(self) -> Expr:
        """``q = qhat/(1 + qhat)``: a Gaussian signal seen at that ratio."""
        return DENOISED / (1 + DENOISED)

    @cached_property
    def alpha_at_overlap(self) -> Expr:
        """``alpha(q) = q V/(V - E Var)``: at which q is a fixed point."""
        return solve(self.overlap.subs(DENOISED, self.signal_to_noise) - Q, ALPHA)[0]

    @property
    def excess(self) -> Expr:
        """``alpha(q) - 1 = (E Var - V^2)/(V - E Var)``, which keeps its digits as ``q -> 1``."""
        return (POSTERIOR_VARIANCE - VARIANCE**2) / (VARIANCE - POSTERIOR_VARIANCE)

    @cached_property
    def moments(self) -> tuple[Expr, Expr]:
        """``E[y | label]`` and ``E[y^2 | label]`` of a standard Gaussian y."""
        weights = self._weights([-(root**2) / 2 for root in self.preimages])
        first, second = (
            sum(weight * root**k for weight, root in zip(weights, self.preimages, strict=True)) for k in (1, 2)
        )
        return simplify(first), simplify(second)

    @cached_property
    def weak_recovery(self) -> Expr:
        """``1/alpha = E[(E[y^2 | label] - 1)^2]``, where ``q = 0`` loses stability.

        Zero where the label shows something of the sign; infinite where it shows nothing of the size.
        """
        if not self.even:
            return Integer(0)
        second = self.moments[1]
        return oo if second == 1 else 1 / WEAK_RECOVERY.rhs.subs(SECOND_MOMENT, second)

    @cached_property
    def optimal_preprocessing(self) -> Expr:
        """``T = 1 - 1/E[y^2 | label]``."""
        return simplify(BEST_PREPROCESSING.subs(SECOND_MOMENT, self.moments[1]))

    def equations(self) -> list[Line]:
        """State evolution, and alpha as a function of the overlap."""
        weight = r"\propto \sum_i \delta(y - y_i)\, e^{-\frac{(y_i - w)^2}{2V}}/\left|\partial Y/\partial y_i\right|"
        closed: list[Line] = [
            (r"P(y\,|\,w, \text{label})", weight + r", \quad Y(y_i) = \text{label}"),
            (r"\text{weak}", WEAK_RECOVERY),
            (r"T_{\rm opt}", BEST_PREPROCESSING),
        ]
        if self.solved:
            closed = [
                (r"\mathrm{Var}[y\,|\,w, \text{label}]", self.variance),
                (r"\alpha_{\rm weak}", self.weak_recovery),
                (r"T_{\rm opt}", self.optimal_preprocessing),
            ]
        return [
            (r"\text{seen}", self.landscape.observed),
            closed[0],
            (r"\hat q", self.signal_to_noise.subs(POSTERIOR_VARIANCE, Symbol("D"))),
            (r"D", r"\mathbb{E}\,\mathrm{Var}[y\,|\,w, \text{label}], \quad w \sim N(0, q),\; y \sim N(w, 1 - q)"),
            (r"q", self.overlap),
            (r"\alpha(q)", self.alpha_at_overlap),
            *closed[1:],
        ]
