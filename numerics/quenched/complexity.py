"""Typical complexity at one overlap and energy: the saddle that holds, or the reason why none is known to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np

from theory.kac_rice import KacRice, Kind
from theory.landscape import GaussianLandscape

from ..complexity import NO_SHIFT, ComplexityResult, complexity
from ..errors import ConvergenceError
from ..lowering import Array
from ..quantity import Quantity
from ..solution import Solution
from ..storage import Format
from .action import Problem
from .saddle import EDGE, Count, Saddle, broken, symmetric
from .stability import grouping, outlier, replicon

GAIN = 1e-10
"""Of groups of replicas: below it is rounding, or a group at complexity zero."""
SLACK = 1e-9
FURTHER = "the replicas break their symmetry further than in one step"
HELD_BACK = (
    "not known: one eigenvalue of the Hessian along the signal is negative, and how rarely it is not depends on what "
    "replicas have in common; saddles, which have Sigma = {:.9g}, are more"
)
RARE = "not known: eigenvalues held below the bulk are not independent between replicas that overlap"


@dataclass(frozen=True, eq=False, repr=False)
class QuenchedComplexity(Solution):
    """``lim E ln(number)/N`` of one kind of critical points, the shift and energy of the dominant ones.

    Attributes
    ----------
    sigma, error
        nan where it is not known and -inf where there typically are none, with the ``reason``.
    overlaps, sizes
        Of pairs of these points, outermost first; of groups of replicas, none where their symmetry is not broken.
    outlier
        ``y`` of the Hessian's smallest eigenvalue, apart from the bulk where ``y > 1``.
    replicon
        The largest of all levels: the saddle is stable where it is negative.
    """

    sigma: float
    error: float
    t: float
    energy: float
    overlaps: Array
    sizes: Array
    outlier: float
    replicon: float
    reason: str = ""
    kind: Kind = "total"
    settings: Mapping[str, Any] = field(default_factory=dict)
    form: ClassVar[Format] = Format("ruggedflow quenched complexity", 1, "complexity")

    axes: ClassVar[Mapping[str, Any]] = {}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """``sigma, t, energy``."""
        known = np.isfinite(self.sigma)
        value, error = (self.sigma, self.error) if known else (None, None)
        return {
            "sigma": Quantity(value, error, "typical (quenched) complexity per spin", self.reason),
            "t": Quantity(self.t, None, "shift of the Hessian"),
            "energy": Quantity(self.energy, None, "energy per spin"),
        }


def quenched(
    landscape: GaussianLandscape,
    overlap: float,
    kind: Kind = "total",
    *,
    energy: float | None = None,
    breaking: int = 1,
    marginal: bool = False,
) -> QuenchedComplexity:
    """``lim (1/N) E ln(number of critical points)`` at overlap m with the signal, by replicas.

    The saddle is replica symmetric or, at most, broken in ``breaking`` (0 or 1) steps; it is refused where replicas
    break their symmetry further. Arguments as those of ``complexity``, but numbers.
    """
    settings = {"landscape": repr(landscape), "overlap": overlap, "energy": energy, "kind": kind}
    settings |= {"marginal": True} if marginal else {}
    # a constant of variance N f(0) moves the energies of an average, not those of a typical landscape
    landscape = GaussianLandscape(landscape.covariance - landscape.f(0, 0), landscape.mean)
    annealed = complexity(landscape, overlap, kind, energy=energy, marginal=marginal)
    bound = float(annealed.sigma)
    if not bound > 100 * float(annealed.error):
        return _bounded(annealed, settings)
    mirrored = float(annealed.t) < 0
    if mirrored:
        # maxima are the minima of -H
        seen, lifted = GaussianLandscape(landscape.covariance, -landscape.mean), None if energy is None else -energy
    else:
        seen, lifted = landscape, energy
    try:
        found = _saddle(seen, overlap, Count(kind, lifted, marginal), abs(float(annealed.t)), breaking)
    except ConvergenceError as failure:
        return _refused(annealed, settings, f"not known: {failure}")
    result = _judged(found, annealed, settings)
    return replace(result, t=-result.t, energy=0.0 - result.energy) if mirrored else result


def _saddle(landscape: GaussianLandscape, overlap: float, wanted: Count, t: float, breaking: int) -> Saddle:
    """The stable saddle. Raises ConvergenceError."""
    problem, energy = Problem(landscape, float(overlap)), wanted.energy
    rule: Literal["inside"] | float = "inside" if wanted.kind == "total" and not wanted.marginal else EDGE
    if energy is not None and KacRice(landscape).at_energy().shift_variance == 0:
        # the energy is the shift
        rule, energy = t, None
    count = replace(wanted, energy=None if energy is None else energy / problem.unit)
    saddle = symmetric(problem, count, rule)
    group = grouping(saddle)
    if saddle.sigma < -saddle.error or (group.gain < GAIN and _replicon(saddle) < 0):
        return saddle
    if not breaking:
        raise ConvergenceError("replica symmetry breaks")
    saddle = broken(saddle, group[:3])
    if saddle.sigma < -saddle.error:
        return saddle
    if grouping(saddle).gain > GAIN or _replicon(saddle) > 0:
        raise ConvergenceError(FURTHER)
    return saddle


def _replicon(saddle: Saddle) -> float:
    return max(replicon(saddle, level) for level in range(saddle.action.breaking + 1))


def _judged(saddle: Saddle, annealed: ComplexityResult, settings: Mapping[str, Any]) -> QuenchedComplexity:
    """The complexity of the points of this saddle, where it is one."""
    depth, kind = outlier(saddle), saddle.count.kind
    result = QuenchedComplexity(
        sigma=saddle.sigma,
        error=saddle.error,
        t=saddle.t,
        energy=saddle.energy * saddle.problem.unit + 0.0,
        overlaps=np.maximum(saddle.overlaps, saddle.problem.m**2),
        sizes=saddle.x[: saddle.action.breaking],
        outlier=depth,
        replicon=_replicon(saddle),
        kind=kind,
        settings=settings,
    )
    if saddle.sigma < -saddle.error:
        return replace(result, sigma=-np.inf, reason=f"typically none: Sigma of the saddle is {saddle.sigma:.4g}")
    rare = ""
    if kind == 0 and depth > 1 and depth + 1 / depth > saddle.t + SLACK:
        rare = HELD_BACK.format(saddle.sigma)
    elif kind not in ("total", 0) and saddle.t > EDGE + SLACK:
        rare = RARE
    if rare and _apart(saddle):
        # each replica pays the annealed cost
        sigma, error, t, energy = (float(x) for x in (annealed.sigma, annealed.error, annealed.t, annealed.energy))
        return replace(result, sigma=sigma, error=error, t=t, energy=energy)
    if rare:
        return replace(result, sigma=np.nan, reason=rare)
    if saddle.sigma > float(annealed.sigma) + saddle.error + float(annealed.error) and float(annealed.theta) <= 1:
        return replace(result, sigma=np.nan, reason="the saddle lies above the annealed complexity: not physical")
    return result


def _apart(saddle: Saddle) -> bool:
    """Whether replicas have nothing in common, the entries of their Hessians included."""
    alone = saddle.action.breaking == 0 and abs(saddle.overlaps[0]) < SLACK
    return alone and saddle.problem.m == 0 and saddle.problem.f(0.0)[2] == 0


def _refused(annealed: ComplexityResult, settings: Mapping[str, Any], reason: str) -> QuenchedComplexity:
    """No number."""
    nan, none = np.nan, np.zeros(0)
    return QuenchedComplexity(nan, nan, nan, nan, none, none, nan, nan, reason, annealed.kind, settings)


def _bounded(annealed: ComplexityResult, settings: Mapping[str, Any]) -> QuenchedComplexity:
    """Where the annealed complexity, which is above, is not positive."""
    bound = float(annealed.sigma)
    if bound >= -100 * float(annealed.error):
        return _refused(annealed, settings, "at most a number that is not exponential: the annealed complexity is zero")
    negative = f"typically none: the annealed complexity is {bound:.4g}, and the quenched one is not above it"
    reason = negative if np.isfinite(bound) else NO_SHIFT
    return replace(_refused(annealed, settings, reason), sigma=-np.inf)
