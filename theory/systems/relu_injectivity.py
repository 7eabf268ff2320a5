r"""ReLU layers that are one-to-one: ``x -> max(0, W x)``, W an m x n Gaussian matrix, ``alpha = m/n``.

The layer is not injective exactly where some x has fewer than n positive fields ``u_mu = w_mu.x`` (Puthawala et al.
2020): where the ground state of the loss ``l(u) = 1[u > 0]``, without a teacher, has an energy below 1 per dimension.

Geometry: the m hyperplanes ``u_mu = 0`` cut the sphere into faces. Rows of W are as likely as their negatives, so that
signs on a face are fair coins; numbers of faces do not depend on W (Schlaefli; Zaslavsky 1975).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sympy import Eq, Expr, Heaviside, Integer, Sum, Symbol, binomial, diff, log, numer, solve, together

from ..domain import Exact
from ..generalized_linear import ALPHA, FIELD, GeneralizedLinearLandscape
from ..generalized_linear.thresholds import LeastEnergy
from ..parameter import Parameter
from ..prediction import Threshold
from ..printing import Line, Printable
from ..system import Blocks
from .constraints import Constraints

ROWS, SIZE = (Symbol(name, integer=True, positive=True) for name in "mn")
POSITIVES, DIMENSION, K = (Symbol(name, integer=True, nonnegative=True) for name in "jdk")
DUAL = Symbol("t", positive=True)
"""Conjugate to the dimension of the faces of orthants."""
COUNT = GeneralizedLinearLandscape(Heaviside(FIELD), name="relu-injectivity")
"""The number of positive fields."""
GLOBALLY = "Puthawala, Kothari, Lassas, Dokmanic, de Hoop 2020, arXiv 2006.08464"
PERSPECTIVES = "Maillard, Bandeira, Belius, Dokmanic, Nakajima 2023, arXiv 2302.14112"
STATES = "The least number of positive fields is n;"


def entropy(share: Expr) -> Expr:
    """``H(p) = -p ln p - (1 - p) ln(1 - p)``, of a coin in nats."""
    return -share * log(share) - (1 - share) * log(1 - share)


def faces() -> Expr:
    """Those of dimension d: ``m - m' = n - 1 - d`` fields vanish, m' others cut a sphere of dimension d into cells."""
    rest = ROWS - (SIZE - 1 - DIMENSION)
    return binomial(ROWS, SIZE - 1 - DIMENSION) * 2 * Sum(binomial(rest - 1, K), (K, 0, DIMENSION))


def vertices() -> Expr:
    """Expected vertices with j positive fields, ``2 C(m, n-1) C(m-n+1, j)/2^(m-n+1)``."""
    return (faces().subs(DIMENSION, 0).doit() * coins(ROWS - SIZE + 1)).powsimp()


def low_vertices() -> Expr:
    """Expected vertices with fewer than n."""
    return Sum(vertices(), (POSITIVES, 0, SIZE - 1))


def coins(fields: Expr) -> Expr:
    """Probability that j of them are positive."""
    return binomial(fields, POSITIVES) / 2**fields


def euler_characteristic() -> Expr:
    """Expected, of the set of x with fewer than n positive fields: the alternating sum over its faces, at finite n."""
    few = Sum(coins(ROWS - (SIZE - 1 - DIMENSION)), (POSITIVES, 0, SIZE - 1))
    return Sum((-1) ** DIMENSION * faces() * few, (DIMENSION, 0, SIZE - 1))


def cells_rate() -> Expr:
    """``lim 1/m ln`` of the expected cells with n positive fields, from ``#_(n-1)`` and the probability of n heads."""
    return 2 * entropy(1 / ALPHA) - log(2)


def euler_rate() -> Expr:
    """``lim 1/m ln |E chi|``, at the saddle of t."""
    return coefficient_rate().subs(DUAL, saddle())


def coefficient_rate() -> Expr:
    """``1/m ln`` of ``[t^(m-n)] 2^-m C(m, n) (t - 1)^n (1 + t)^(m-n)``, before t is at its saddle.

    Intrinsic volumes of the cone of fewer than n positive fields: ``sum_k v_k t^k = 2^-m sum_(p<n) C(m, p)
    (t - 1)^p (1 + t)^(m-p)``; by Crofton's formula the expected Euler characteristic in a random subspace is
    ``2 (v_(m-n+1) + v_(m-n+3) + ..)``, of which the first term leads. By ``t -> 1/t`` it is the coefficient of
    ``t^n``.
    """
    share = 1 / ALPHA
    series = share * log(1 - DUAL) + (1 - share) * log(1 + DUAL) - share * log(DUAL)
    return entropy(share) - log(2) + series


def saddle() -> Expr:
    """The t of the coefficient: the smaller root, real for ``alpha > 4 + 2 sqrt(2)``, where nothing oscillates."""
    roots = solve(numer(together(diff(coefficient_rate(), DUAL))), DUAL)
    return min(roots, key=lambda root: root.subs(ALPHA, 10).evalf())


class ReluInjectivity(Constraints):
    r"""``alpha = m/n``; left out, it stays a symbol."""

    slug = "relu-injectivity"
    title = "a random layer of rectified linear units, which is one-to-one or not"
    statement = "x -> max(0, W x) of n numbers to m, W Gaussian; one-to-one where each x has n positive (W x)_i or more"
    source = f"{GLOBALLY}; {PERSPECTIVES}"
    parameters = (Parameter("alpha", "outputs per input, m/n", Exact(), "5"),)
    size_to_try = 4

    @property
    def violated(self) -> GeneralizedLinearLandscape:
        """``1[u > 0]``: fewer than n positive fields, an energy below 1, and the layer is not injective."""
        return COUNT

    def predictions(self) -> Iterable[Threshold]:
        """Those of geometry, and those of the ground state."""
        symmetric, one, full = (LeastEnergy(COUNT, Integer(1), steps) for steps in (0, 1, None))
        return (
            Threshold(
                "annealed",
                "Above it no cell with fewer than n positive fields is expected: injective (a bound).",
                ALPHA,
                (Eq(cells_rate(), 0, evaluate=False),),
                PERSPECTIVES,
                within=(Integer(2), Integer(100)),
            ),
            Threshold(
                "euler_characteristic",
                "Above it the expected Euler characteristic of the x with fewer than n positive fields vanishes.",
                ALPHA,
                (Eq(euler_rate(), 0, evaluate=False),),
                f"Paleka 2021; Clum 2022; see {PERSPECTIVES}",
                within=(Integer(7), Integer(100)),
            ),
            symmetric.threshold(
                "replica_symmetric", f"{STATES} replica symmetry, above which it is injective (a bound).", PERSPECTIVES
            ),
            one.threshold("one_step", f"{STATES} one step of replica symmetry breaking.", PERSPECTIVES),
            full.threshold("full_rsb", f"{STATES} full RSB: the transition.", PERSPECTIVES),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "geometry": lambda: [("Faces of m hyperplanes on the sphere, and their signs", Geometry())],
            "replicas": self.replicas,
            "thresholds": super().derivation()["predictions"],
        }


class Geometry(Printable):
    """What is expected of faces, exactly, and at large n."""

    def equations(self) -> list[Line]:
        """Numbers of faces, of vertices by positive fields, the Euler characteristic, and rates."""
        return [
            (r"\#_d", faces()),
            (r"\mathbb{E}\,\#_0(j)", vertices()),
            (r"\mathbb{E}\,\chi", euler_characteristic()),
            (r"\lim \tfrac1m \ln \mathbb{E}\,\#_{n-1}(n)", cells_rate()),
            (r"\lim \tfrac1m \ln |\mathbb{E}\,\chi|", coefficient_rate()),
            (DUAL, saddle()),
        ]
