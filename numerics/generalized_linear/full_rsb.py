"""Full replica symmetry breaking at temperature 0 and overlap 0: the ground state, and its BBP transition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import root
from threadpoolctl import threadpool_limits

from theory.generalized_linear import FullRSB, GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..threshold_values import ThresholdValue
from .bends import UNBROKEN, bends
from .even_fields import Y_STEP, EvenFields
from .one_step import OneStepState, describe, marginal_state, not_applicable, transition_start
from .recursion import Sweep, overlaps, sweep, widths
from .refinement import absent, critical_alpha

THEORY = FullRSB()
SPACING = 0.05
"""Of the grid of cavity fields."""
LEVELS = (4, 8, 16)
TOLERANCE = 1e-7


@dataclass(frozen=True)
class FullRSBState:
    """The ground state with full RSB on K intervals of q.

    ``q`` (K + 1,) are the overlaps, ``x`` (K,) Parisi's parameter (times beta) between them, ``chi = lambda(1)``;
    ``energy`` is ``alpha E[l]`` and ``free_energy`` the functional itself: they agree as K grows. ``attraction`` is b
    at the edge, which full RSB puts at zero. ``jumping`` is the probability of labels whose proximal map jumps.
    """

    alpha: float
    chi: float
    q: Array
    x: Array
    energy: float
    free_energy: float
    attraction: float
    jumping: float = 0.0


def _solve(
    fields: EvenFields, levels: int, guess: FullRSBState, alpha: float | None, *, smooth_end: bool = False
) -> FullRSBState:
    """Marginal at every overlap: ``alpha lambda_i^2 E[f_i''^2] = 1``, i = 0 .. K (which is d/dq of the recursion).

    Unknowns chi, x_1 .. x_K and, where ``alpha`` is None, alpha with ``b = 1``. The last equation is that of the bulk,
    without what jumps; with ``smooth_end`` it is ``x_K x_(K-2) = x_(K-1)^2`` instead.
    """
    q = overlaps(levels)
    steps, middle = np.diff(q), (q[1:] + q[:-1]) / 2
    x = np.exp(np.interp(middle, (guess.q[1:] + guess.q[:-1]) / 2, np.log(guess.x)))
    tail = [np.log(guess.alpha)] if alpha is None else []

    def unpacked(z: Array) -> tuple[float, Array, float, Sweep]:
        size = alpha if alpha is not None else float(np.exp(z[-1]))
        chi, inner = float(np.exp(z[0])), np.exp(z[1 : levels + 1])
        return chi, inner, size, sweep(fields.levels(q, chi), inner, chi)

    def residuals(z: Array) -> Array:
        chi, inner, size, found = unpacked(z)
        marginal = size * found.curvature * widths(inner, steps, chi) ** 2 - 1
        if smooth_end:
            marginal[-1] = np.log(inner[-1] * inner[-3] / inner[-2] ** 2)
        return marginal if alpha is not None else np.append(marginal, size * found.pull - 1)

    start = np.array([np.log(guess.chi), *np.log(x), *tail])
    try:
        with np.errstate(all="ignore"):
            options: Any = {"eps": 1e-6, "maxfev": 60 + 12 * levels}
            found = root(residuals, start, tol=TOLERANCE, options=options)
            size = float(np.abs(found.fun).max())
    except ValueError as jump:  # the proximal map jumps on the way
        raise ConvergenceError(str(jump)) from jump
    if not size < 1e-4:
        raise ConvergenceError(f"full RSB with {levels} levels: residual {size:.1e}")
    chi, inner, value, last = unpacked(found.x)
    free = _free_energy(inner, widths(inner, steps, chi)) - value * last.free[0]
    return FullRSBState(value, chi, q, inner, value * last.loss, free, value * last.pull, fields.jumping(chi))


def _free_energy(x: Array, width: Array) -> float:
    """``-sum_i 1/(2 x_i) ln(lambda_(i-1)/lambda_i)``."""
    before, parameter, _, _, after = THEORY.level
    return -float(lower((before, parameter, after), [THEORY.layer])(width[:-1], x, width[1:])[0].sum())


def _guess(state: OneStepState) -> FullRSBState:
    """Around the 1RSB state: x rises from a tenth of s to twice s."""
    q = overlaps(LEVELS[0])
    middle = (q[1:] + q[:-1]) / 2
    x = state.s * (0.1 + middle + middle**8)
    return FullRSBState(state.alpha, state.chi, q, x, 0.0, 0.0, 0.0)


def full_rsb_state(landscape: GeneralizedLinearLandscape, alpha: float, *, levels: int = 12) -> FullRSBState:
    """The ground state at this alpha. Raises ValueError for a loss that is not even, ConvergenceError otherwise."""
    trouble = not_applicable(landscape) or _bent(landscape)
    if trouble:
        raise ValueError(f"{landscape!r}: {trouble}")
    fields = EvenFields(landscape, SPACING)
    with threadpool_limits(1, "blas"):
        rough = _solve(fields, LEVELS[0], _guess(marginal_state(landscape, alpha, step=0.1)), alpha)
        return _solve(fields, levels, rough, alpha)


@lru_cache(maxsize=8)
def ground_state_bbp(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """alpha at which the Hessian of the ground state (full RSB) has ``b = 1``.

    Solved with 4, 8 and 16 levels and extrapolated to infinitely many: the marginal equations at the nodes are of
    second order. The grid of cavity fields is corrected by two finer ones, at 4 levels. The error is twice what the
    last extrapolation moved, what the finest grid and twice as many labels still changed, and a tenth of the
    correction. Where the proximal map jumps for some labels, the bulk need not touch zero and marginality of the last
    level is one way to close the equations: the error covers another one (``smooth_end``).
    """
    trouble = not_applicable(landscape) or _bent(landscape)
    if trouble:
        return absent(trouble)
    start = transition_start(landscape)
    if not len(start):
        return absent("no 1RSB state to start from: no marginal one with b = 1 was found")
    try:
        with threadpool_limits(1, "blas"):  # more threads than idle cores cost a factor of twenty
            states = _sequence(landscape, describe(landscape, float(np.exp(start[0])), float(np.exp(start[1])), 0.1))
            fine = [_solve(EvenFields(landscape, SPACING / k), LEVELS[0], states[0], None).alpha for k in (2, 4)]
            labels = _solve(EvenFields(landscape, SPACING, Y_STEP / 2), LEVELS[0], states[0], None).alpha
            jumps = _doubt_by_jumps(landscape, states) if states[-1].jumping > 0 else 0.0
    except ConvergenceError as failure:
        return absent(f"full RSB not found: {failure}")
    alphas = np.array([state.alpha for state in states])
    limits = alphas[1:] + np.diff(alphas) / 3
    correction, last = fine[1] - alphas[0], states[-1]
    error = 2 * abs(limits[1] - limits[0]) + abs(fine[1] - fine[0]) + abs(correction) / 10 + abs(labels - alphas[0])
    note = f"{LEVELS[-1]} levels extrapolated; energy {last.energy:.5g}, functional {last.free_energy:.5g}"
    error += jumps
    if last.jumping > 0:
        note += f"; the proximal map jumps for labels of probability {last.jumping:.1e}"
    state = {"chi": last.chi, "energy": last.energy, "x_max": float(last.x[-1]), "jumping": last.jumping}
    return critical_alpha(float(limits[1] + correction), float(error), note, state)


def _bent(landscape: GeneralizedLinearLandscape) -> str:
    """Why cavity fields of a loss are not on the grid; empty if they are."""
    return UNBROKEN if bends(landscape.loss) else ""


def _doubt_by_jumps(landscape: GeneralizedLinearLandscape, states: list[FullRSBState]) -> float:
    """What alpha changes with the other end of x(q)."""
    end = _solve(EvenFields(landscape, SPACING), LEVELS[-1], states[-1], None, smooth_end=True).alpha
    return abs(end - states[-1].alpha)


def _sequence(landscape: GeneralizedLinearLandscape, start: OneStepState) -> list[FullRSBState]:
    """With more and more levels, each from the one before."""
    fields = EvenFields(landscape, SPACING)
    guess, states = _guess(start), []
    for levels in LEVELS:
        guess = _solve(fields, levels, guess, None)
        states.append(guess)
    return states
