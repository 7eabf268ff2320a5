"""Bayes-optimal state evolution in numbers: weak recovery, algorithmic and information-theoretic thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from theory.generalized_linear import BayesChannel, GeneralizedLinearLandscape
from theory.generalized_linear.bayes import DENOISED, KNOWN, LOG_WEIGHT, POSTERIOR_VARIANCE, PREIMAGE, SLOPE
from theory.generalized_linear.symbols import ALPHA, PLANTED_OVERLAP

from ..lowering import Array, lower
from ..threshold_values import ThresholdValue
from .atoms import second_moment_of_atom, spread_of_atom
from .preimages import Preimages, masses, preimages
from .refinement import absent, critical_alpha, refined

LEVELS = (0, 1, 2, 3)
"""Grids of y, coarse to fine: each threshold is computed on two that agree, or on the finest two."""
ROUGH, NARROW = -1, 1e-4
"""Grid where the largest alpha(q) is looked for: where it lies matters to second order; finer for V below this."""
OVERLAPS = 1 - np.concatenate((np.geomspace(0.99, 1e-3, 26), np.geomspace(4e-4, 1e-8, 16)))
"""Where the largest alpha(q) is looked for."""
WIDTH = 3e-3
"""Of the parabola that finds the largest alpha(q), in ln(1 - q)."""
REACH_W = 8.6
"""Standard deviations of what is known of y, given y."""
APART = 18.0
"""Preimages further apart than this many sqrt(1 - q) are told from each other whatever is known."""
SUMS = 1e-12
"""Rounding of sums over some 1e5 terms."""
SILENT = "the labels say nothing about y^2 at first order, E[y^2 | label] = 1: q = 0 is stable at every alpha"
ATOMS = "the other data have a label that an interval of y shares"
CHUNK = 256
"""Nodes treated together: neighbours compete with the same branches."""


@lru_cache(maxsize=16)
def channel(landscape: GeneralizedLinearLandscape) -> BayesChannel:
    """What the teacher shows."""
    return BayesChannel(landscape)


@lru_cache(maxsize=16)
def _smooth_channel(landscape: GeneralizedLinearLandscape) -> BayesChannel:
    landscape.require_slope()
    return channel(landscape)


def posterior_variance(landscape: GeneralizedLinearLandscape, q: float, *, level: int = 1) -> float:
    """``D = E Var[y | w, label]`` with ``w ~ N(0, q)``, ``y ~ N(w, 1 - q)``, ``0 < q < 1``.

    Given y, ``w = q y + sqrt(q (1 - q)) x``, x standard Gaussian; its integrand has no pole within order one of the
    real axis where two preimages compete, whatever q, so the trapezoidal rule serves.
    """
    if not 0 < q < 1:
        raise ValueError(f"q = {q} must lie strictly between 0 and 1; try q = 0.5")
    seen = _smooth_channel(landscape)
    if seen.invertible:
        return 0.0
    at, step = preimages(seen, level), 0.2 / 2 ** (level / 2)
    x = np.arange(-REACH_W, REACH_W, step)
    density = step * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    close = (np.abs(at.points[1:] - at.y) < APART * np.sqrt(1 - q)).any(axis=0)
    places = np.flatnonzero(close)
    pieces = np.array_split(places, 1 + len(places) // CHUNK)
    shown = sum(at.weight[part] @ (_spread(at, part, q, x) @ density) for part in pieces if len(part))
    return float(shown + sum(spread_of_atom(intervals, q, level) for intervals in at.atoms))


def _spread(at: Preimages, part: NDArray[np.intp], q: float, x: Array) -> Array:
    """``Var[y | w, label]`` at these nodes (rows) and values of x."""
    y, points, slope = at.y[part], at.points[:, part], at.slope[:, part]
    near = (np.abs(points - y) < APART * np.sqrt(1 - q)).any(axis=1)
    points, slope = points[near], slope[near]
    w = q * y[:, None] + np.sqrt(q * (1 - q)) * x
    away = (points - y)[:, :, None]
    with np.errstate(divide="ignore"):
        weights = _normalised(_log_weight(points[:, :, None], slope[:, :, None], w, q)[0])
    away = np.nan_to_num(away)
    return np.asarray((weights * away**2).sum(axis=0) - (weights * away).sum(axis=0) ** 2)


_log_weight = lower((PREIMAGE, SLOPE, KNOWN, PLANTED_OVERLAP), [LOG_WEIGHT])


def _normalised(logarithms: Array) -> Array:
    """Probabilities along the first axis; nan is none. At a turning point, where slopes vanish, its y has them all."""
    logarithms = np.nan_to_num(logarithms, nan=-np.inf, posinf=1e300)
    weights = np.exp(logarithms - logarithms.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


def second_moment(at: Preimages) -> Array:
    """``E[y^2 | label]`` of a standard Gaussian at the nodes."""
    with np.errstate(divide="ignore"):
        weights = _normalised(_log_weight(at.points, at.slope, 0.0, 0.0)[0])
    return np.asarray((weights * np.nan_to_num(at.points) ** 2).sum(axis=0))


def alpha_at_overlap(landscape: GeneralizedLinearLandscape, q: float, *, level: int = 1) -> float:
    """``alpha(q)`` at which q is a fixed point of state evolution."""
    curve = channel(landscape).alpha_at_overlap
    spread = posterior_variance(landscape, q, level=level)
    return float(lower((PLANTED_OVERLAP, POSTERIOR_VARIANCE), [curve])(q, spread)[0])


def state_evolution(
    landscape: GeneralizedLinearLandscape, alpha: float, *, start: float = 1e-6, steps: int = 200
) -> Array:
    """Overlaps ``q_0 .. q_steps`` of Bayes-optimal message passing from ``q_0 = start``, at this alpha."""
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 1.2")
    theory = channel(landscape)
    ratio = lower((ALPHA, PLANTED_OVERLAP, POSTERIOR_VARIANCE), [theory.signal_to_noise])
    step = lower((DENOISED,), [theory.overlap])
    q = [start]
    for _ in range(steps):
        spread = posterior_variance(landscape, q[-1])
        q.append(float(np.clip(step(ratio(alpha, q[-1], spread)[0])[0], 1e-300, 1 - 1e-12)))
    return np.array(q)


def weak_recovery(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """alpha above which ``q = 0`` is unstable: ``1/E[(E[y^2 | label] - 1)^2]``.

    Absent where that average is zero within its error.
    """
    seen = _smooth_channel(landscape)
    if not seen.even:
        return critical_alpha(0.0, 0.0, "the label shows something of the sign: any alpha > 0 does")

    def compute(level: float) -> ThresholdValue:
        at = preimages(seen, int(level))
        gains = at.weight * (second_moment(at) - 1) ** 2
        # (2 x)^2 - x^2 = 3 x^2 where all may be wrong
        gain, unknown = float(gains.sum()), float(3 * gains @ np.minimum(1.0, 100 * at.doubts))
        gain += sum(masses(atom).sum() * (second_moment_of_atom(atom) - 1) ** 2 for atom in at.atoms)
        alpha = 1 / gain if gain > 0 else np.inf
        state = {"doubt": at.doubt, "unknown": unknown}
        return critical_alpha(alpha, note="Bayes-optimal: q = 0 becomes unstable", state=state)

    found = refined(compute, LEVELS)
    if not found.exists:
        return absent(SILENT)
    unknown = found.value**2 * found.state["unknown"]
    state = {"doubt": found.state["doubt"]}
    found = _with_doubt(replace(found, error=found.error + unknown, state=state))
    return found if found.error < found.value else absent(SILENT)


def _with_doubt(found: ThresholdValue) -> ThresholdValue:
    """The error with that of the preimages, whose y^2 - 1 is at most of order ten where it counts.

    What is inverted is the mean square ``1/alpha`` of something of size ``alpha^(-1/2)``, known to an absolute error.
    """
    relative = (100 * found.state.get("doubt", 0.0) + SUMS) * max(1.0, found.value**0.5)
    error = found.error + relative * found.value
    return critical_alpha(found.value, error, found.note, {k: v for k, v in found.state.items() if k != "doubt"})


def algorithmic(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """alpha above which message passing from any start reaches ``q = 1``: the largest ``alpha(q)``."""
    seen = _smooth_channel(landscape)
    if seen.invertible:
        return critical_alpha(1.0, 0.0, "the label shows y itself: alpha(q) = q, the overlap grows continuously to one")

    start, last = weak_recovery(landscape), information_theoretic(landscape)
    if not (start.exists and last.exists):
        return last if start.exists else start
    places = np.log(1 - OVERLAPS)
    values = np.array([_searched(landscape, x) for x in places])
    i = int(np.argmax(values))
    first = critical_alpha(start.value, start.error, "alpha(q) is largest at q = 0", {"q": 0.0})
    if start.value - 1 >= max(values[i], last.value - 1):
        return first
    if last.value > 1 and values[i] <= last.value - 1:
        return replace(last, note=f"alpha(q) is largest as q -> 1; {ATOMS}")
    if i == len(places) - 1:
        return max(first, _nearly_perfect(landscape), key=lambda found: found.value)
    bounds = (places[i + 1], places[i - 1] if i else -1e-9)
    best = minimize_scalar(lambda x: -_searched(landscape, x), bounds=bounds, method="bounded", options={"xatol": 1e-4})

    def compute(level: float) -> ThresholdValue:
        place, excess = _vertex(lambda x: _excess(landscape, x, int(level)), float(best.x))
        state = {"q": 1 - float(np.exp(place)), "doubt": preimages(seen, int(level)).doubt}
        return critical_alpha(1 + excess, note="largest alpha(q)", state=state)

    return _with_doubt(refined(compute, LEVELS))


def _nearly_perfect(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """The supremum of ``alpha(q) = 1 + c V^(1/2) - V + O(c V^(3/2), c^2 V)`` near ``q = 1``: ``1 + c^2/4``.

    ``c = E Var/V^(3/2)`` is small where turning points are rare. It is one, to double precision, as c vanishes.
    """
    seen, q = channel(landscape), float(OVERLAPS[-1])

    def compute(level: float) -> ThresholdValue:
        c = posterior_variance(landscape, q, level=int(level)) / (1 - q) ** 1.5
        state = {"q": 1 - c**2 / 4, "c": c, "doubt": preimages(seen, int(level)).doubt}
        return critical_alpha(1 + c**2 / 4, note="largest alpha(q), as q -> 1", state=state)

    found = refined(compute, LEVELS)
    c, state = found.state["c"], {name: value for name, value in found.state.items() if name != "c"}
    return _with_doubt(critical_alpha(found.value, found.error + c**3 / 4, found.note, state))


def _searched(landscape: GeneralizedLinearLandscape, x: float) -> float:
    """``alpha(q) - 1`` to tell where it is largest: panels must resolve turning points to ``sqrt V``."""
    return _excess(landscape, x, ROUGH if x > np.log(NARROW) else 0)


def _excess(landscape: GeneralizedLinearLandscape, x: float, level: int) -> float:
    """``alpha(q) - 1`` at ``1 - q = e^x``."""
    q = 1 - float(np.exp(x))
    spread = posterior_variance(landscape, q, level=level)
    return float(lower((PLANTED_OVERLAP, POSTERIOR_VARIANCE), [channel(landscape).excess])(q, spread)[0])


def _vertex(function: Callable[[float], float], x: float) -> tuple[float, float]:
    """Place and value of a maximum near x: the vertex of a parabola through three points, three times over."""
    for _ in range(3):
        low, middle, high = (function(x + shift) for shift in (-WIDTH, 0.0, WIDTH))
        bend, slope = (high - 2 * middle + low) / WIDTH**2, (high - low) / (2 * WIDTH)
        x, value = x - slope / bend, middle - slope**2 / (2 * bend)
    return x, value


def information_theoretic(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """alpha above which ``q = 1`` is the best estimate: ``alpha(q -> 1) = 1/P``, P the share of labels that few y have.

    There the free entropy of ``q = 1`` is infinitely above all others: ``(alpha P - 1)/2 ln(1/V)``, for labels without
    noise. Absent where ``P = 0``.
    """
    seen = _smooth_channel(landscape)
    atoms = () if seen.invertible else preimages(seen, 0).atoms  # refuses labels that are no such functions
    if not atoms:
        return critical_alpha(1.0, 0.0, "perfect recovery; labels without noise")
    share = float(preimages(seen, 0).weight.sum())
    if share < SUMS:
        return absent("the labels are a few values: q = 1 is reached at no alpha")
    return critical_alpha(1 / share, SUMS / share**2, f"perfect recovery; {ATOMS}")


def spectral_optimal(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """alpha above which the best spectral method finds the signal.

    With ``T = 1 - 1/E[y^2 | label]`` (Luo, Alghamdi, Lu 2019), at ``lambda = 1``: ``T/(1 - T) = E[y^2 | label] - 1``,
    so that edge and outlier meet where ``1/alpha = E[(E[y^2 | label] - 1)^2]``, as for message passing.
    """
    if not _smooth_channel(landscape).even:
        return critical_alpha(0.0, 0.0, "the label shows something of the sign: its mean does for any alpha > 0")
    found = weak_recovery(landscape)
    return critical_alpha(found.value, found.error, state={"g": 1.0}) if found.exists else found
