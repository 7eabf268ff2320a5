"""Critical values of ``alpha = M/N`` of a loss, each by the law of the data in whose averages its equations hold.

Hessians have an outlier at the edge of their bulk where ``b = 1`` (BBP): at random points, in states of the replica
method, at minima that Kac-Rice counts. What the label shows is enough for inference where ``alpha(q)`` says so.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from sympy import Derivative, Eq, Expr, Function, Limit, Symbol, oo

from ..laws import Law
from ..prediction import Threshold
from ..printing import Line
from .bayes import BEST_PREPROCESSING, POSTERIOR_VARIANCE, WEAK_RECOVERY, BayesChannel
from .kac_rice import KacRiceAction
from .landscape import GeneralizedLinearLandscape
from .replicas import FullRSB, OneStepRSB
from .spectrum import HessianSpectrum
from .symbols import ALPHA, CURVATURE, EDGE_DUAL, FORCE_DUAL, PLANTED_OVERLAP, RESOLVENT, RESPONSE, TILT

Sides = tuple[Eq, ...]
G, CHI, S, Q = RESOLVENT, RESPONSE, TILT, PLANTED_OVERLAP
COMPLEXITY, LEAST_ENERGY, STEPS = (Symbol(name, real=True) for name in ("Sigma", "e_0", "K"))
SPECTRUM, ONE_STEP, MANY_STEPS, COUNT = HessianSpectrum(), OneStepRSB(), FullRSB(), KacRiceAction()
LOWEST = "the same at the lowest minima of Kac-Rice (Sigma = 0; labels quenched, inputs annealed)"
SPECTRAL = "the best spectral method correlates with the signal"
PASSING = "Bayes-optimal message passing"
MOST = "the same at the most numerous minima; labels"
GRADIENT_FLOW = "Sarao Mannelli et al. 2020, arXiv 2006.06997"
KAC_RICE = "Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143"
BAYES = "Barbier et al. 2019, arXiv 1708.03395"


@dataclass(frozen=True)
class DataLaw(Law):
    """A law of the data of a landscape; ``sides`` hold at the critical alpha, for some values of the ``unknowns``."""

    landscape: GeneralizedLinearLandscape
    unknowns: ClassVar[tuple[Symbol, ...]] = ()

    @property
    def sides(self) -> Sides:
        """Equations in averages over the data."""
        raise NotImplementedError

    def equations(self, name: str) -> list[Line]:
        """As they are."""
        del name
        return [(side.lhs, side.rhs) for side in self.sides]

    def threshold(self, name: str, meaning: str, reference: str) -> Threshold:
        """The critical alpha."""
        return Threshold(name, meaning, ALPHA, self.sides, reference, self.unknowns, by=self)


class RandomPoint(DataLaw):
    """u and y are independent standard Gaussians; an outlier leaves the bulk."""

    unknowns = (G,)

    @property
    def sides(self) -> Sides:
        """``A = 0``, ``b = 1``."""
        return SPECTRUM.edge, SPECTRUM.outlier


class MarginalStates(DataLaw):
    """That of ``OneStepRSB``, ``q_0 = 0``; bulk and outlier touch zero, where ``g = chi``."""

    unknowns = (CHI, S)

    @property
    def sides(self) -> Sides:
        """Stationary, marginal, ``b = 1``."""
        return _zero(ONE_STEP.stationarity), _zero(ONE_STEP.marginality), SPECTRUM.outlier.subs(G, CHI)


class GroundStates(DataLaw):
    """That of ``FullRSB`` with infinitely many steps; the outlier touches zero."""

    unknowns = (CHI,)

    @property
    def sides(self) -> Sides:
        """The overlaps, ``b = 1``."""
        return _equal(1 / MANY_STEPS.level[-1], MANY_STEPS.inverse_width), SPECTRUM.outlier.subs(G, CHI)


@dataclass(frozen=True)
class CountedMinima(DataLaw):
    """That of ``KacRiceAction`` at overlap 0, the ``lowest`` minima or the most numerous; the outlier touches zero."""

    labels: Literal["quenched", "annealed"] = "quenched"
    lowest: bool = False
    unknowns = (FORCE_DUAL, G, EDGE_DUAL, S)

    @property
    def sides(self) -> Sides:
        """Stationary, ``b = 1``, and ``Sigma = 0`` or ``s = 0``."""
        stationary = (COUNT.force_equation, COUNT.position_equation, COUNT.edge_equation)
        which = COMPLEXITY if self.lowest else S
        return *(_zero(side.subs(Q, 0)) for side in stationary), SPECTRUM.outlier, _zero(which)


class Uninformed(DataLaw):
    """That of ``BayesChannel`` at ``q = 0``, which is no longer stable."""

    @property
    def sides(self) -> Sides:
        """Where it changes."""
        return (WEAK_RECOVERY,)


class Informed(DataLaw):
    """That of ``BayesChannel`` at the q of the largest ``alpha(q)``."""

    unknowns: ClassVar[tuple[Symbol, ...]] = (Q,)

    @property
    def fixed_points(self) -> Expr:
        """``alpha(q)``, with D a function of q."""
        return BayesChannel(self.landscape).alpha_at_overlap.subs(POSTERIOR_VARIANCE, Function("D")(Q))

    @property
    def sides(self) -> Sides:
        """Inside; the largest may also be the first or the last."""
        return _equal(ALPHA, self.fixed_points), _zero(Derivative(self.fixed_points, Q))


class FullyInformed(Informed):
    """The same as ``q -> 1``."""

    unknowns = ()

    @property
    def sides(self) -> Sides:
        """The last ``alpha(q)``."""
        return (_equal(ALPHA, Limit(self.fixed_points, Q, 1, "-")),)


@dataclass(frozen=True)
class LeastEnergy(DataLaw):
    """That of ``FullRSB`` with so many ``steps``, None: infinitely many; the ground state has this ``energy``."""

    energy: Expr
    steps: int | None = None

    @property
    def sides(self) -> Sides:
        """``e_0`` as there, and K."""
        return _equal(LEAST_ENERGY, self.energy), _equal(STEPS, oo if self.steps is None else self.steps)


class BestSpectralMethod(RandomPoint):
    """The curvature is minus the best preprocessing of y."""

    @property
    def sides(self) -> Sides:
        """As there."""
        return *super().sides, _equal(CURVATURE, -BEST_PREPROCESSING)


def critical_alphas(x: GeneralizedLinearLandscape) -> tuple[Threshold, ...]:
    """The thresholds of a smooth loss."""
    return (
        RandomPoint(x).threshold("bbp_initial", "outlier of the Hessian at a random start", GRADIENT_FLOW),
        MarginalStates(x).threshold("bbp_threshold_1rsb", "the same at marginal 1RSB states, q_0 = 0", GRADIENT_FLOW),
        GroundStates(x).threshold("bbp_ground_state_frsb", "the same in the ground state, full RSB", GRADIENT_FLOW),
        CountedMinima(x, lowest=True).threshold("bbp_kac_rice_zero_complexity", LOWEST, KAC_RICE),
        CountedMinima(x).threshold("bbp_kac_rice_dominant_quenched", f"{MOST} quenched, inputs annealed", KAC_RICE),
        CountedMinima(x, "annealed").threshold(
            "bbp_kac_rice_dominant_annealed", f"{MOST} and inputs annealed", KAC_RICE
        ),
        Uninformed(x).threshold("weak_recovery", f"{PASSING} leaves q = 0", "Mondelli, Montanari 2018"),
        Informed(x).threshold("bayes_algorithmic", f"{PASSING} reaches q = 1", BAYES),
        FullyInformed(x).threshold("information_theoretic", "the signal is determined", BAYES),
        BestSpectralMethod(x).threshold("spectral_optimal", SPECTRAL, "Lu, Li 2017, arXiv 1702.06435"),
    )


def _equal(left: Expr, right: Expr | int) -> Eq:
    return Eq(left, right, evaluate=False)


def _zero(side: Expr) -> Eq:
    return _equal(side, 0)
