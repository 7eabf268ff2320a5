r"""The landscape seen from one of its minima: the joint Gaussian law at two points of overlap q, and what follows.

At ``x0 = sqrt(N) n`` and ``x1 = sqrt(N) (q n + sqrt(1 - q^2) e)`` the tangent planes share all directions ``u, v`` but
one: e at x0 leads towards x1, ``e' = sqrt(1 - q^2) n - q e`` at x1 leads back. The covariance ``N f(x.x'/N)`` is
differentiated along these; at most four derivatives of f enter, at 1 and at q.

Assumed: nothing is planted, and pairs are averaged apart from single points (annealed over both: the logarithm of the
mean number of pairs less that of the mean number of points x0). The setting is that of Ros, Biroli, Cammarota 2019
(EPL 126, 20003; arXiv 1809.05440).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from sympy import (
    Expr,
    ImmutableMatrix,
    Integer,
    Rational,
    Symbol,
    diff,
    expand_log,
    factor_terms,
    log,
    pi,
    simplify,
    sqrt,
    symbols,
)

from ..landscape import GaussianLandscape
from ..naming import called
from ..printing import Line, Printable
from ..random_matrices.bordered import CENTRE, SHARE, isolated, outside
from ..random_matrices.semicircle import Y
from ..symbols import OVERLAP as Q
from .average import pure
from .gaussian_law import GaussianLaw
from .hessian import hessian_law
from .local_law import F, N, taylor

FQ = tuple(Symbol(f"f^{{({k})}}(q)" if k > 2 else "f" + "'" * k + "(q)", real=True) for k in range(5))
"""Derivatives of the covariance at the overlap of the two points."""
ENERGIES, WS, SHIFTS = (symbols(f"{name}_0 {name}_1", real=True) for name in ("E", "w", "t"))
"""At both points: energy per spin, ``w = x.grad H/N``, and shift ``t = -w/sqrt(f''(1))`` of the Hessian."""
ALONG = symbols(r"(\partial_eH_0) (\partial_{e'}H_1)")
"""Gradients along the line that joins the points, over ``sqrt(N)``."""
ACROSS = symbols(r"(\partial_uH_0) (\partial_uH_1)")
BACK, MIXED, OFF = symbols(r"(\partial_{e'e'}H_1) (\partial_{e'u}H_1) (\partial_{uv}H_1)")
"""Second derivatives at x1."""


class Seen(NamedTuple):
    """A derivative of H: its name, the point (0 or 1), the directions there, and a factor."""

    name: Symbol
    point: int
    directions: tuple[str, ...]
    factor: Expr


def _at(point: int, along: str) -> tuple[Seen, ...]:
    """Energy, w and gradients at a point whose tangent plane has ``along``."""
    return (
        Seen(ENERGIES[point], point, (), 1 / N),
        Seen(WS[point], point, ("radial",), 1 / sqrt(N)),
        Seen(ALONG[point], point, (along,), 1 / sqrt(N)),
        Seen(ACROSS[point], point, ("u",), Integer(1)),
    )


SEEN = (
    *_at(0, "e"),
    *_at(1, "e'"),
    Seen(BACK, 1, ("e'", "e'"), Integer(1)),
    Seen(MIXED, 1, ("e'", "u"), Integer(1)),
    Seen(OFF, 1, ("u", "v"), Integer(1)),
)
FRAME = {
    "u": (0, 0, 1, 0),
    "v": (0, 0, 0, 1),
    "e": (0, 1, 0, 0),
    "e'": (sqrt(1 - Q**2), -Q, 0, 0),
}
RADIAL = ((1, 0, 0, 0), (Q, sqrt(1 - Q**2), 0, 0))
"""Unit vectors in the coordinates along ``n, e, u, v``."""


def _moved(seen: Seen, letter: str) -> tuple[tuple[Symbol, ...], list[Expr]]:
    """The point moved by ``s`` along each of the directions, and all s."""
    steps = symbols([f"{letter}_{k}" for k in range(len(seen.directions))])
    place = [sqrt(N) * x for x in RADIAL[seen.point]]
    for step, name in zip(steps, seen.directions, strict=True):
        direction = RADIAL[seen.point] if name == "radial" else FRAME[name]
        place = [x + step * d for x, d in zip(place, direction, strict=True)]
    return tuple(steps), place


def _covariance(a: Seen, b: Seen) -> Expr:
    """``Cov(a, b)``: the covariance of H differentiated along the directions of both."""
    (steps, here), (more, there) = _moved(a, "s"), _moved(b, "s'")
    derivatives, around = (F, 1) if a.point == b.point else (FQ, Q)
    inner = sum(x * y for x, y in zip(here, there, strict=True)) / N
    found = N * taylor(derivatives, inner - around)
    for step in (*steps, *more):
        found = diff(found, step).subs(step, 0)
    found = found.subs(dict.fromkeys((*steps, *more), 0))
    return (a.factor * b.factor * found).expand()


@cache
def pair_law() -> GaussianLaw:
    """Law of all that is seen at both points."""
    size = len(SEEN)
    upper = [[_covariance(a, b) for b in SEEN[i:]] for i, a in enumerate(SEEN)]
    covariance = ImmutableMatrix(size, size, lambda i, j: upper[min(i, j)][abs(i - j)])
    return GaussianLaw(tuple(seen.name for seen in SEEN), ImmutableMatrix.zeros(size, 1), covariance)


@cache
def across() -> tuple[Expr, Expr]:
    """Variance of a gradient across at x1, and N times that of ``e'.Hess.u``, where the gradients across vanish.

    Raises ValueError unless the rest of the Hessian stays as it is without x0.
    """
    law = pair_law()
    gradient = law.conditional(ACROSS[1:], {ACROSS[0]: 0}).covariance[0]
    given = law.conditional((MIXED, OFF), dict.fromkeys(ACROSS, 0)).covariance
    if simplify(N * given[1, 1] - F[2]) != 0 or given[0, 1] != 0:
        raise ValueError(f"Hessian beside the line is not that of a single point: {given}")
    return gradient, simplify(N * given[0, 0])


@dataclass(frozen=True)
class TwoPoints(Printable):
    r"""Points x1 at overlap q with a minimum x0 of energy E_0 and shift t_0, in a landscape without a signal.

    ``Sigma(q, E_1, t_1 | E_0, t_0) = S(q) + Phi(t_1) - 1/2 d K^-1 d + 1/2 d_0 K_00^-1 d_0`` with
    ``d = (d_0, d_1)`` the values of ``names``, zero for the gradients, and K their covariance times N.
    """

    landscape: GaussianLandscape

    def __post_init__(self) -> None:
        if self.landscape.mean != 0:
            raise ValueError(f"{called('mean', self.landscape.mean)}: not with a planted signal; leave it out")
        if self.landscape.f(3, Q) == 0:
            raise ValueError(f"{called('covariance', self.landscape.covariance)}: of degree 2 at most; add q**3")
        if self.landscape.f(0, 0) != 0:
            raise ValueError(
                f"{called('covariance', self.landscape.covariance)}: the constant only shifts all energies"
            )

    @cached_property
    def jet(self) -> dict[Symbol, Expr]:
        """Values of ``f, f', f''`` at 1 and at q."""
        at_one = {F[k]: self.landscape.f(k) for k in range(5)}
        return at_one | {FQ[k]: self.landscape.f(k, Q) for k in range(5)}

    @cached_property
    def pure(self) -> bool:
        """One degree p only: ``w = p E``, so that the energy says nothing beside it."""
        return pure(self.landscape)

    @cached_property
    def names(self) -> tuple[Symbol, ...]:
        """What is given at x0, then at x1: energy (not of a pure model), w, gradient along the line."""
        each = [(ENERGIES[i], WS[i], ALONG[i]) for i in (0, 1)]
        return tuple(name for given in each for name in (given[1:] if self.pure else given))

    @cached_property
    def covariance(self) -> ImmutableMatrix:
        """``K``: N times that of ``names``, a function of q."""
        return scaled_covariance(self.names, self.names).subs(self.jet)

    @cached_property
    def pull(self) -> ImmutableMatrix:
        """``k``: N times that of the second derivative towards x0 with ``names``; its mean is ``k K^-1 d``."""
        return scaled_covariance((BACK,), self.names).subs(self.jet)

    @cached_property
    def given(self) -> ImmutableMatrix:
        """``d``, in the energies and shifts of both points."""
        return ImmutableMatrix([_given()[name] for name in self.names]).subs(self.jet)

    @cached_property
    def entropy(self) -> Expr:
        """``S(q)``."""
        return entropy().subs(self.jet)

    @cached_property
    def scale(self) -> Expr:
        """``sqrt(f''(1))``, half the radius of the bulk."""
        return hessian_law().scale.subs(self.jet)

    @cached_property
    def share(self) -> Expr:
        """N times the variance of ``e'.Hess.u``, over ``f''(1)``."""
        return share().subs(self.jet)

    def equations(self) -> list[Line]:
        """All of it, in terms of the derivatives of f."""
        used = set().union(*(general.free_symbols for general in self._general()))
        return [
            *self.landscape.equations()[:1],
            *((symbol, value) for symbol, value in self.jet.items() if symbol in used),
            (r"\Sigma(q, E_1, t_1 | E_0, t_0)", EXPONENT),
            *zip(("S(q)", "d", "K", "k", SHARE), self._general(), strict=True),
            (CENTRE, r"k\, K^{-1} d / \sqrt{f''(1)}"),
            (Y, outside()),
            ("z", isolated()[0]),
            (r"\lambda_{\rm iso}", r"\sqrt{f''(1)}\,(t_1 + z)"),
        ]

    def _general(self) -> tuple[Any, ...]:
        given = ImmutableMatrix([_given()[name] for name in self.names])
        between = scaled_covariance(self.names, self.names)
        return entropy(), given, between, scaled_covariance((BACK,), self.names), share()


EXPONENT = r"S(q) + \Phi(t_1) - \tfrac12\, d^T K^{-1} d + \tfrac12\, d_0^T K_{00}^{-1} d_0"


def scaled_covariance(rows: Sequence[Symbol], columns: Sequence[Symbol]) -> ImmutableMatrix:
    """N times what ``pair_law`` says."""
    law = pair_law()
    return ImmutableMatrix([[factor_terms((N * law.covariance_of(a, b)).expand()) for b in columns] for a in rows])


def _given() -> dict[Symbol, Expr]:
    """Values of energies, ``w`` and gradients along the line."""
    shift = hessian_law().shift_per_w
    ws = {w: t / shift for w, t in zip(WS, SHIFTS, strict=True)}
    return dict(zip(ENERGIES, ENERGIES, strict=True)) | ws | dict.fromkeys(ALONG, Integer(0))


@cache
def entropy() -> Expr:
    """``S(q)``: volume at overlap q, density of the gradient across at zero, scale of the determinant."""
    volume, (variance, _) = (log(2 * pi) + 1) / 2 + log(1 - Q**2) / 2, across()
    return expand_log(volume - log(2 * pi * variance) / 2 + log(hessian_law().scale) - Rational(1, 2), force=True)


@cache
def share() -> Expr:
    """N times the variance of ``e'.Hess.u``, over that of an entry of the rest."""
    return across()[1] / hessian_law().scale ** 2
