"""Bayes-optimal inference at the Nishimori point (``f = g``): free energy, state evolution, their transitions."""

from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Symbol, diff, log, simplify, solve

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import OVERLAP
from ..symbols import SIGNAL_OVERLAP as M


@dataclass(frozen=True)
class BayesOptimal(Printable):
    """Replica-symmetric theory of the posterior ``exp(-H)`` of a landscape with ``f = g`` (Lesieur et al. 2017).

    Raises ValueError when ``f != g``: then the posterior at temperature 1 is not that of the planted signal.
    """

    landscape: GaussianLandscape

    def __post_init__(self) -> None:
        if simplify(self.landscape.covariance.subs(OVERLAP, M) - self.landscape.mean) != 0:
            raise ValueError(f"{self.landscape!r} is not Bayes-optimal: that takes the same f and g")

    @cached_property
    def free_entropy(self) -> Expr:
        """``Phi_RS(m) = 1/2 ln(1 - m) + m/2 + g(m)/2``, zero at m = 0; its largest maximum is the optimal overlap.

        The signal is seen through a Gaussian channel of signal-to-noise ratio s, whose free entropy is
        ``(s - ln(1 + s))/2``; s is eliminated at its saddle.
        """
        s = Symbol("s", positive=True)
        channel = (self.landscape.mean - M * s + s - log(1 + s)) / 2
        saddle = solve(diff(channel, s), s)[0]
        ratio = log(1 / (1 - M))
        at_saddle = channel.subs(s, saddle).subs(log(1 + saddle), ratio).subs(ratio, -log(1 - M))
        mean = self.landscape.mean / 2
        return simplify(at_saddle - mean) + mean

    @cached_property
    def state_evolution(self) -> Expr:
        """One step of AMP, ``m <- g'(m)/(1 + g'(m))``: overlap of a Gaussian signal at ratio ``s = g'(m)``."""
        s = Symbol("s", positive=True)
        step = solve(diff(s - log(1 + s) - M * s, s), M)[0]
        return step.subs(s, self.landscape.g(1))

    @property
    def stability(self) -> Expr:
        """``g''(0)``, the slope of state evolution at 0: m = 0 is stable under AMP while this is below 1."""
        return self.landscape.g(2, 0)

    def control_at_fixed_point(self, control: Symbol) -> Expr:
        """The control parameter at which m is a fixed point: ``1/Delta_2 = 1/(1 - m) - m^(p-2)/Delta_p``."""
        stationary = solve(diff(self.free_entropy, M), control)
        if len(stationary) != 1:
            raise ValueError(f"{control} is not determined by the fixed point of {self.landscape!r}")
        return simplify(stationary[0])

    def equations(self) -> list[Line]:
        """Free entropy and state evolution."""
        return [(r"\Phi_{\rm RS}(m)", self.free_entropy), (r"m_{k+1}", self.state_evolution)]
