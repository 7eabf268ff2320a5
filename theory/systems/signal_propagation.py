r"""Random networks of rectified linear units: what becomes of the length of a signal, of its gradient, and of angles.

``x_(l+1) = max(0, W_l x_l)``, n units in each of L layers, Gaussian weights of variance 2/n (He et al. 2015). A layer
multiplies ``|x|^2`` by ``Y = (2/n) sum_i D_i g_i^2``, g Gaussian, D fair coins: ``(2/n) chi^2_K``, ``K ~ Bin(n, 1/2)``,
independently of the other layers. With ``K = 0`` the signal dies; all laws are those of signals that survive.

If the rows of the ``W_l`` change their signs at random, so do the active units, and nothing else does: a gradient sees
fair coins that are independent of the weights, and that of ``v.x_L``, v isotropic, has the law of the norm, at any n
(Hanin, Nica 2018). Angles are deterministic for ``n -> infinity`` at fixed depth only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from sympy import (
    Eq,
    Expr,
    Integral,
    Poly,
    S,
    Symbol,
    diff,
    exp,
    expand,
    expand_func,
    factorial,
    integrate,
    log,
    loggamma,
    oo,
    pi,
    rf,
    series,
    solve,
    sqrt,
)

from ..domain import Whole
from ..laws import Explicit, Iteration
from ..networks.kernels import ACTIVATIONS, RHO, dual
from ..parameter import Parameter
from ..prediction import Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

WIDTH, DEPTH = (Symbol(name, positive=True) for name in ("width", "depth"))
LOG_GAIN = Symbol("log_gain", real=True)
U, X, POWER, INVERSE = (Symbol(name, positive=True) for name in ("u", "x", "s", "h"))
"""``INVERSE`` is 1/n."""
FIELD = Symbol("g", real=True)
LAYER, FAR = (Symbol(name, positive=True) for name in ("l", "epsilon"))
HANIN = "Hanin, Nica 2018, arXiv 1812.05994"
LUTHER = "Luther, Seung 2019, arXiv 1902.04942"
NORM = "ln |x_L|^2/|x_0|^2 where the signal survives, and of ln |grad|^2 back through the layers."


@cache
def unit() -> Expr:
    """``E e^(-u (2/n) g^2)``, of one active unit."""
    return integrate(exp(-2 * U * FIELD**2 / WIDTH - FIELD**2 / 2), (FIELD, -oo, oo)) / sqrt(2 * pi)


@cache
def transform() -> Expr:
    """``E e^(-u Y)`` where ``Y > 0``: each of n units is active or not, but not none of them."""
    dead = S(2) ** -WIDTH
    return (((1 + unit()) / 2) ** WIDTH - dead) / (1 - dead)


@cache
def place() -> Expr:
    """The u at which a unit contributes ``e^(-2x/n)``."""
    return solve(Eq(unit() ** -2, exp(4 * X / WIDTH)), U)[0]


def average(function: Expr) -> Expr:
    """``E function(x)`` with ``P(X > x) = E e^(-u Y)``, ``u = place``: that is the law of ``u = E/Y``, E exponential.

    So ``ln Y`` and ``-ln u`` have the same cumulants but those of ``ln E``: single integrals in place of sums over K.
    """
    return Integral(-function * diff(transform().subs(U, place()), X), (X, 0, oo))


@cache
def cumulant(order: int) -> Expr:
    """Of ``ln Y``, from ``E Y^s = E u^(-s)/Gamma(1 - s)``."""
    moments = [Symbol(f"m{k}") for k in range(order + 1)]
    series_of_u = 1 + sum((-POWER) ** k / factorial(k) * moments[k] for k in range(1, order + 1))
    found = expand(diff(log(series_of_u) - loggamma(1 - POWER), POWER, order).subs(POWER, 0))
    return found.xreplace({moment: average(log(place()) ** k) for k, moment in enumerate(moments)})


@cache
def generating(order: int = 2) -> Expr:
    """``ln E Y^s`` in powers of ``h = 1/n``, up to ``e^(-O(n))``: of degree k + 1 in s at order k, so that a sum over
    n layers or so is Gaussian, but for 1/n."""
    wide, powers = {WIDTH: 1 / INVERSE}, (INVERSE, 0, order + 1)
    growth = series(log(place().subs(wide) / X), *powers).removeO()
    weight = (1 / INVERSE - 1) * log((1 + exp(-2 * X * INVERSE)) / 2) - 2 * X * INVERSE
    rest = series(weight, *powers).removeO() + X
    terms = Poly(expand(series(exp(expand(rest - POWER * growth)), *powers).removeO()), X).terms()
    moment = sum(factor * rf(1 - POWER, power) for (power,), factor in terms)  # E x^(k-s) = Gamma(1 - s + k)
    return expand(series(log(expand(expand_func(moment))), *powers).removeO())


@cache
def correlation() -> Expr:
    """That of two signals after a layer from ``rho`` before, n -> infinity: the kernel of the unit, normalised."""
    kernel = dual(ACTIVATIONS["relu"])
    return expand(kernel / kernel.subs(RHO, 1))


@cache
def decay() -> Expr:
    """``1 - c`` after many layers, whatever it was: ``d eps/dl = -a eps^(3/2)`` at leading order."""
    rate = series(correlation().subs(RHO, 1 - FAR) - 1 + FAR, FAR, 0, 2).removeO()
    size = Symbol("A", positive=True)
    late = size / LAYER**2
    return late.subs(size, solve(Eq(diff(late, LAYER), -rate.subs(FAR, late)), size)[0])


class SignalPropagation(System):
    r"""``width >= 1`` units in each of ``depth >= 1`` layers."""

    slug = "signal-propagation"
    title = "a random ReLU network: lengths, gradients and angles of signals, layer by layer"
    statement = "x -> max(0, W x), L layers of n units, weights Gaussian of variance 2/n"
    source = f"{LUTHER}; {HANIN}"
    parameters = (
        Parameter("width", "units n of a layer", Whole(1, 10**9), "64"),
        Parameter("depth", "layers L", Whole(1, 10**4), "16"),
    )
    width: int
    depth: int

    def predictions(self) -> Iterable[Prediction]:
        """Of a layer, of all of them; and how different independent inputs still are."""
        mean, variance, third = (cumulant(order) for order in (1, 2, 3))
        left = Iteration(RHO, correlation(), S.Zero, DEPTH, 1 - RHO)
        share = "For n -> infinity, L fixed: variance over independent inputs, of the total over inputs and weights."
        return (
            per_layer("mean", mean),
            per_layer("variance", variance),
            Derived("mean_log_norm", f"Mean of {NORM}", HANIN, Explicit(DEPTH * mean)),
            Derived("variance_log_norm", f"Variance of {NORM}", HANIN, Explicit(DEPTH * variance)),
            Derived("skewness_log_norm", f"Skewness of {NORM}", HANIN, Explicit(third / sqrt(DEPTH * variance**3))),
            Derived("sample_variance", share, LUTHER, left),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "gain": lambda: [("Gain Y of a layer at width n, and of many units, h = 1/n", Gain())],
            "correlation": lambda: [("Correlation of two signals", Angle())],
            **super().derivation(),
        }


def per_layer(name: str, cumulant: Expr) -> Threshold:
    """A cumulant of the logarithm of the gain."""
    return Threshold(
        f"{name}_log_gain",
        f"{name.capitalize()} of ln |x_(l+1)|^2/|x_l|^2 where a unit is active; the same at every layer.",
        LOG_GAIN,
        (Eq(LOG_GAIN, cumulant, evaluate=False),),
        HANIN,
        by=Explicit(cumulant),
    )


class Gain(Printable):
    """Its transform, exact, and its cumulants."""

    def equations(self) -> list[Line]:
        """Cumulants at order ``1/n^2``, the first two of which lead."""
        cumulants: list[Line] = [
            (rf"\kappa_{order}(\ln Y)", diff(generating(), POWER, order).subs(POWER, 0)) for order in (1, 2, 3, 4)
        ]
        return [
            (r"\mathbb{E}\, e^{-u Y}", transform()),
            (U, place()),
            (r"\mathbb{E}\ln Y", cumulant(1)),
            (r"\ln \mathbb{E}\, Y^s", generating()),
            *cumulants,
        ]


class Angle(Printable):
    """The map from layer to layer, and where it ends."""

    def equations(self) -> list[Line]:
        """For infinitely many units."""
        return [(r"\rho_{l+1}", correlation()), (r"1 - \rho_l", decay())]
