"""BBP transitions of the minima counted by Kac-Rice: the dominant ones, and those at which the complexity vanishes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..threshold_values import ThresholdValue
from .curvature import curvature_unit
from .field_law import Labels
from .minima import Edge, Minima, Population, Saddle, admissible, complexity_of_minima, follow, solve_saddle, to_zero
from .one_step import describe, marginal_bbp, not_applicable, transition_start
from .refinement import absent, critical_alpha, refined

ROUGH = 0.1
"""Spacing of the nodes while a saddle is followed."""
ALPHAS = np.geomspace(1.2, 60, 16)
"""Where a transition is looked for when there is no 1RSB state to start from."""


def at_transition(minima: Minima) -> float:
    """``b - 1``."""
    return minima.attraction - 1


def dominant_bbp(landscape: GeneralizedLinearLandscape, labels: Labels = "quenched") -> ThresholdValue:
    """alpha at which the most numerous minima (``s = 0``) at overlap 0 get an outlier at zero: ``b = 1``.

    Followed from the marginal 1RSB state, which is the saddle with ``xi = 0``. Errors as in ``marginal_bbp``.
    """
    return _transition(landscape, labels, sigma_zero=False)


def zero_complexity_bbp(landscape: GeneralizedLinearLandscape, labels: Labels = "quenched") -> ThresholdValue:
    """alpha at which the lowest minima, ``Sigma = 0``, have ``b = 1``."""
    return _transition(landscape, labels, sigma_zero=True)


def _transition(landscape: GeneralizedLinearLandscape, labels: Labels, *, sigma_zero: bool) -> ThresholdValue:
    trouble = not_applicable(landscape, bounded=False)
    if trouble:
        return absent(trouble)
    try:
        rough, edge = _rough(landscape, labels, sigma_zero)
    except ConvergenceError as failure:
        return absent(f"not found: {failure}")

    def compute(step: float) -> ThresholdValue:
        population = Population(landscape, labels, step=step)
        found = solve_saddle(population, rough.saddle, edge=edge, condition=at_transition, sigma_zero=sigma_zero)
        return critical_alpha(found.saddle.alpha, note=_note(found, edge), state=_state(found))

    return refined(compute)


@lru_cache(maxsize=32)
def _rough(landscape: GeneralizedLinearLandscape, labels: Labels, sigma_zero: bool) -> tuple[Minima, Edge]:
    """The transition on a coarse grid, with the bulk held at zero if that takes ``xi >= 0``, else free."""
    unit = curvature_unit(landscape)
    held = _followed(landscape, labels, sigma_zero, "touching")
    if admissible(held, "touching", unit):
        return held, "touching"
    gapped = _followed(landscape, labels, sigma_zero, "free")
    if admissible(gapped, "free", unit):
        return gapped, "free"
    raise ConvergenceError("no saddle with an admissible edge")


def _followed(landscape: GeneralizedLinearLandscape, labels: Labels, sigma_zero: bool, edge: Edge) -> Minima:
    population = Population(landscape, labels, step=ROUGH)
    if sigma_zero:
        return _at_zero(population, edge)
    if labels == "annealed":
        quenched = _followed(landscape, "quenched", False, edge)
        return solve_saddle(population, quenched.saddle, edge=edge, condition=at_transition)
    try:
        first = solve_saddle(population, _from_one_step(landscape), edge=edge, condition=at_transition)
        return follow(population, first, 0.0, edge=edge, condition=at_transition)
    except ConvergenceError:
        return _from_scan(population, edge)


def _from_scan(population: Population, edge: Edge) -> Minima:
    """Without a 1RSB state to start from: the dominant minima at several alpha, and where their b passes 1."""
    before: Minima | None = None
    for alpha in ALPHAS:
        try:
            here = complexity_of_minima(population.landscape, float(alpha), labels=population.labels, step=ROUGH)
        except ConvergenceError:
            before = None
            continue
        if before is not None and before.attraction < 1 <= here.attraction:
            return solve_saddle(population, here.saddle, edge=edge, condition=at_transition)
        before = here
    raise ConvergenceError(f"b of the dominant minima does not pass 1 for alpha from {ALPHAS[0]:g} to {ALPHAS[-1]:g}")


def _at_zero(population: Population, edge: Edge) -> Minima:
    """From the dominant minima towards larger tilts until Sigma changes sign, then Newton's method in s as well."""
    here = _followed(population.landscape, population.labels, False, edge)
    if here.sigma <= 0:
        raise ConvergenceError(f"the dominant minima have Sigma = {here.sigma:.3g} <= 0: there are none")

    def solve(saddle: Saddle, sigma_zero: bool) -> Minima:
        return solve_saddle(population, saddle, edge=edge, condition=at_transition, sigma_zero=sigma_zero)

    return to_zero(solve, here, 0.1 / here.energy)  # s e is of order one


def _from_one_step(landscape: GeneralizedLinearLandscape) -> Saddle:
    """``g = chi``, ``c = chi (chi + s)``, ``xi = 0``."""
    trouble = not_applicable(landscape)
    if trouble:
        raise ConvergenceError(trouble)
    start = transition_start(landscape)
    if not len(start):
        raise ConvergenceError(marginal_bbp(landscape).note)
    state = describe(landscape, float(np.exp(start[0])), float(np.exp(start[1])), ROUGH)
    return Saddle(state.chi, state.chi * (state.chi + state.s), 0.0, state.alpha, state.s)


def _note(minima: Minima, edge: Edge) -> str:
    if edge == "touching":
        return "marginal minima: the bulk of their Hessian touches zero (xi > 0)"
    return "minima with a gap (xi = 0): the outlier reaches zero before the bulk does"


def _state(minima: Minima) -> dict[str, float]:
    return {"sigma": minima.sigma, "energy": minima.energy, **vars(minima.saddle)}
