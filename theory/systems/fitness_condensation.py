r"""Growing networks in which fit nodes attract links: below a temperature a finite share of them goes to the fittest.

A step adds a node with m links. Its energy has the law ``g(epsilon)``; each link goes to node i with probability
``Pi_i = eta_i k_i/sum_j eta_j k_j``, ``eta = exp(-epsilon/T)``, k the degree. Assumed is mean field: the shares of
link ends, and ``Z = sum_j eta_j k_j``, do not fluctuate, which holds for t -> infinity. Below the transition they
reach their limits like ``1/ln t`` only: there the flow tells what is seen at a given t, and the limits do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sympy import (
    Eq,
    Expr,
    Function,
    Ge,
    Gt,
    Integral,
    Lt,
    S,
    Symbol,
    diff,
    exp,
    expand,
    integrate,
    log,
    oo,
    simplify,
    solve,
)

from ..domain import Exact, Whole
from ..laws import Explicit, Flow, Law, Roots
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

EPSILON, TAU, U = (Symbol(name, positive=True) for name in ("epsilon", "tau", "u"))
M, THETA, TEMPERATURE = (Symbol(name, positive=True) for name in ("m", "theta", "temperature"))
DENSITY, FITNESS, PARTITION, EXPONENT = (Symbol(name, positive=True) for name in ("g", "eta", "z", "gamma"))
SHARE = Function("rho")(EPSILON, TAU)
BIANCONI = "Bianconi, Barabasi 2001, Phys. Rev. Lett. 86, 5632"
Z = "Z/(m t) = e^(-mu/T), mu the chemical potential."
ENDS = "Link ends on nodes of an energy, over m t; from many nodes of equal degrees."
CONDENSATE = "Share of the links on the fittest nodes for t -> infinity, reached like 1/ln t."
TAIL = "gamma of the degrees k of the fittest nodes, P(k) ~ k^-gamma."
FERRETTI = "Ferretti, Bianconi 2008, Phys. Rev. E 78, 056102"


@cache
def share_rate() -> Expr:
    """``d rho/d tau``, ``tau = ln t``, of ``m t rho`` link ends on nodes of an energy.

    A step brings ``m g`` with the new node and ``m eta rho/z`` to old ones, ``z = Z/(m t)``.
    """
    ends = M * exp(TAU) * SHARE
    growth = Eq(diff(ends, TAU) * exp(-TAU), M * DENSITY + M * FITNESS * SHARE / PARTITION)
    return expand(solve(growth, diff(SHARE, TAU))[0])


@cache
def attached() -> Expr:
    """``rho - g`` where ``rho`` is stationary: links that older nodes have attracted, ``g/(z/eta - 1)``."""
    stationary = solve(share_rate(), SHARE)[0]
    return DENSITY / expand(simplify(DENSITY / (stationary - DENSITY)))


@cache
def degree_exponent() -> Expr:
    """``-d ln P/d ln k`` of nodes of one fitness: ``dk/dt = eta k/(z t)``, ``k = m`` at a time uniform in (0, t)."""
    born, k = Symbol("s", positive=True), Symbol("k", positive=True)
    degree = M * born ** (-FITNESS / PARTITION)  # t = 1
    older = solve(Eq(degree, k), born)[0]
    return expand(simplify(-k * diff(log(-diff(older, k)), k)))


@cache
def wave() -> tuple[Expr, Expr]:
    """Below the transition, at late times: z, and the mean energy of the links of the condensate.

    With ``z = 1 - c/tau`` the shares at small energies grow by ``d ln rho/d tau = c/tau - epsilon/T``, from
    ``rho ~ epsilon^theta``. Their total is constant for one c only: a Gamma law of width ``T/tau`` that moves to 0.
    """
    c, small = Symbol("c", positive=True), Symbol("s")
    near = {FITNESS: exp(-small * EPSILON / TEMPERATURE), PARTITION: 1 - small * c / TAU}
    growth = share_rate().coeff(SHARE).subs(near)
    profile = EPSILON**THETA * exp(integrate(diff(growth, small).subs(small, 0), TAU))
    total = simplify(integrate(profile, (EPSILON, 0, oo)))
    exponent = solve(diff(log(total), TAU), c)[0]
    return 1 - exponent / TAU, simplify(integrate(EPSILON * profile, (EPSILON, 0, oo)) / total)


@cache
def link_flow(theta: Expr, temperature: Expr) -> Flow:
    """Shares of the link ends over energies, ``tau = ln(t/t_0)``, from ``t_0 >> 1`` nodes with ``rho = 2 g``.

    There the degrees know nothing of the energies. A network that begins with one node differs below the transition:
    it has to wait for fit nodes; its flow starts from what it is when its fluctuations are small.
    """
    density, fitness = density_of(theta), exp(-EPSILON / temperature)
    partition = Integral(fitness * SHARE, (EPSILON, 0, 1))
    gained = SHARE - density
    observables = {
        "partition": partition,
        "energy": Integral(EPSILON * gained, (EPSILON, 0, 1)) / Integral(gained, (EPSILON, 0, 1)),
    }
    rate = share_rate().subs({DENSITY: density, FITNESS: fitness, PARTITION: partition})
    return Flow(SHARE, EPSILON, (S.Zero, S.One), TAU, rate, 2 * density, tuple(observables.items()))


def density_of(theta: Expr) -> Expr:
    """``g(epsilon)``."""
    return (theta + 1) * EPSILON**theta


def occupied(theta: Expr, temperature: Expr, partition: Expr) -> Expr:
    """``I``: share of the links that nodes which are not fittest attract, z given; 1 above T_c."""
    known = {DENSITY: density_of(theta), FITNESS: exp(-EPSILON / temperature), PARTITION: partition}
    return Integral(attached().subs(known), (EPSILON, 0, 1))


def mean_energy(theta: Expr, temperature: Expr, partition: Expr) -> Expr:
    """Of the nodes that attract links, above T_c."""
    return Integral(EPSILON * occupied(theta, temperature, partition).function, (EPSILON, 0, 1))


def most_occupied(theta: Expr, temperature: Expr) -> Expr:
    """``I`` at ``z = 1``, its largest value, with ``u = epsilon^theta``: the density of links is singular at 0."""
    whole = occupied(theta, temperature, S.One)
    if not theta.is_number:
        return whole
    if theta == 0:
        return oo
    place = U ** (1 / theta)
    return Integral(whole.function.subs(EPSILON, place) * diff(place, U), (U, 0, 1))


def condensation(theta: Expr) -> Threshold:
    """``I = 1`` at ``z = 1``, between bounds: ``x/(e^x - 1) <= 1``; Jensen's for the convex ``1/(e^x - 1)``."""
    return Threshold(
        "condensation",
        "Below it a finite share of all links is on the fittest nodes.",
        TEMPERATURE,
        (Eq(most_occupied(theta, TEMPERATURE), 1, evaluate=False),),
        BIANCONI,
        conditions=(Condition(Gt(theta, 0), "no transition: with theta = 0 the links find room at any temperature"),),
        within=(theta / (theta + 1), (theta + 1) / ((theta + 2) * log(2))),
    )


def balance(theta: Expr, temperature: Expr, unknown: Symbol, partition: Expr) -> Law:
    """``I(z) = 1`` for ``partition``, which is z in terms of the unknown; ``1 < z < 2`` as ``I <= 1/(z - 1)``."""
    if theta == 0:
        return Explicit(solve(Eq(partition, flat_partition(temperature)), unknown)[0])
    low, high = (solve(Eq(partition, end), unknown)[0] for end in (1, 2))
    return Roots((Eq(occupied(theta, temperature, partition), 1),), (unknown,), (low, high))


@cache
def flat_partition(temperature: Expr) -> Expr:
    """z where ``theta = 0``, in closed form."""
    states = expand(integrate(occupied(S.Zero, TEMPERATURE, PARTITION).function, EPSILON) / TEMPERATURE)
    top, bottom = (
        expand(exp(states.subs(EPSILON, end) + more), power_exp=True) for end, more in ((1, 0), (0, 1 / TEMPERATURE))
    )
    return simplify(solve(Eq(top, bottom), PARTITION)[0]).subs(TEMPERATURE, temperature)


class FitnessCondensation(System):
    r"""``m >= 1`` links a step, ``theta >= 0``, ``T > 0``; what is left out stays a symbol, but m, which is 2 then."""

    slug = "fitness-condensation"
    title = "a growing network whose links condense on the fittest nodes"
    statement = "P(i) = eta_i k_i/sum_j eta_j k_j,  eta = e^(-epsilon/T),  g = (theta + 1) epsilon^theta on [0, 1]"
    source = f"{BIANCONI}; {FERRETTI}"
    parameters = (
        Parameter("theta", "exponent of the density of energies at 0", Exact(zero=True), "1"),
        Parameter("m", "links of a new node; default 2", Whole(1, 1000), "2", required=False),
        Parameter("temperature", "T of the fitness e^(-epsilon/T)", Exact(), "1.2"),
    )
    control = "temperature"
    theta: Expr
    temperature: Expr
    m: int

    def __init__(self, theta: Any = None, m: Any = 2, temperature: Any = None) -> None:
        super().__init__(theta=theta, m=m, temperature=temperature)

    def predictions(self) -> Iterable[Prediction]:
        """The transition, what is reached for t -> infinity on either side of it, and the flow."""
        theta, temperature = self.theta, self.temperature
        largest = most_occupied(theta, temperature)
        above = Condition(Ge(largest, 1, evaluate=False), "below the transition z tends to 1 like 1 - (theta + 1)/ln t")
        below = Condition(Lt(largest, 1, evaluate=False), "above the transition there is no condensate")
        (of_fittest,) = solve(Eq(degree_exponent().subs(FITNESS, 1), EXPONENT), PARTITION)
        late, energy = (value.subs({THETA: theta, TEMPERATURE: temperature}) for value in wave())
        return (
            condensation(theta),
            Derived("partition", Z, BIANCONI, balance(theta, temperature, PARTITION, PARTITION), (above,)),
            Derived("degree_exponent", TAIL, BIANCONI, balance(theta, temperature, EXPONENT, of_fittest), (above,)),
            Derived("condensate", CONDENSATE, BIANCONI, Explicit(1 - largest), (below,)),
            Derived("late_partition", f"{Z} At large tau = ln t.", FERRETTI, Explicit(late), (below,)),
            Derived("condensate_energy", "Of its links, at large tau = ln t.", FERRETTI, Explicit(energy), (below,)),
            Derived("links", ENDS, FERRETTI, link_flow(theta, temperature)),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {"growth": lambda: [("Mean field, z = Z/(m t), tau = ln t", Growth())], **super().derivation()}


class Growth(Printable):
    """How shares grow, what is stationary, and the exponent gamma of the degrees of nodes of one fitness."""

    def equations(self) -> list[Line]:
        """For any density g and fitness eta."""
        return [
            (SHARE.diff(TAU), share_rate()),
            (SHARE - DENSITY, attached()),
            (EXPONENT, degree_exponent()),
        ]
