r"""Where gradient flow from a random start ends: at the threshold energy, where it is marginally stable.

Theory: ``e_th = -[f'(1) + f(1) (f''(1) - f'(1))/f'(1)]/sqrt(f''(1))`` for pure landscapes (``theory.energies``;
Cugliandolo, Kurchan 1993). ``mu -> 2 sqrt(f''(1))``, with a lowest eigenvalue of the Hessian that tends to 0, for mixed
ones as well, whose energy remembers the start (Folena, Franz, Ricci-Tersenghi 2020) and is compared at finite times.

Simulation, with the two limits in either order:

- ``N -> infinity`` at fixed t (in 1/N), against the two-time equations; then ``t -> infinity`` by the law of ageing,
  ``e = e_inf + c t^(-2/3)`` fitted in a window. Its error: how far the same fit to the two-time equations moves when
  the window moves to times ten times later. Diluted landscapes; their connectivity is N/4, so that what they differ by
  from mean field is of order 1/N too.
- ``t -> infinity`` first, down to a minimum, then ``N -> infinity`` in ``N^(-2/3)``, to second order. Ageing leaves a
  fraction ``(mu_th - mu)^(3/2) ~ 1/t`` of the spectrum below 0, less than one eigenvalue after ``t ~ N``: there the
  flow comes to rest, an energy ``t^(-2/3) ~ N^(-2/3)`` above the threshold, and the lowest eigenvalue is of the order
  of the distance between eigenvalues at the edge. Dense landscapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from theory.energies import threshold_energy
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

from ..dynamics import DynamicsSolution, solve_dynamics
from ..extrapolation import SizeLaw
from ..lowering import Array
from ..simulation import simulate
from .check import Check, Findings, Outcome
from .panels import Curve, Row, along
from .plan import Plan, Point, Run
from .samples import declared, spread
from .threshold_states import LOWEST, MULTIPLIER


@dataclass(frozen=True)
class Problem:
    """Runs: ``late`` ones of diluted landscapes, the others down to a minimum of dense ones."""

    label: str
    landscape: GaussianLandscape
    late: bool

    @property
    def pure(self) -> bool:
        """Whether the energy has a predicted limit."""
        return self.landscape == PURE


PURE = GaussianLandscape(OVERLAP**3 / 2)
MIXED = GaussianLandscape(OVERLAP**2 / 4 + OVERLAP**3 / 2)
PROBLEMS = tuple(
    Problem(label, landscape, late)
    for late in (True, False)
    for label, landscape in (("pure p = 3", PURE), ("mixed p = 2, 3", MIXED))
)
SPARSENESS = 4
"""Size over connectivity of the diluted landscapes."""
AGEING = -2 / 3
"""``e - e_inf ~ t^(-2/3)``."""
LATER = 10.0
"""Factor between the two windows in time."""
THEORY_RTOL, RUN_RTOL = 1e-5, 1e-3
AT_REST, LATEST = 1e-5, 1e5
"""Gradient at which a run counts as finished, and the time it has."""
STARTS = 4
COARSER = 2.0
"""Resolution at rest."""
SYMBOLS = {"e": "$e$", "mu": r"$\mu$"}


@dataclass(frozen=True)
class Window(Plan):
    """Sizes, and samples of each of them for each of ``PROBLEMS``; times of the fit in ``t^(-2/3)``.

    ``resolution`` of energies is relative to ``e_th``, of mu and the lowest eigenvalue to ``2 sqrt(f''(1))``; at rest,
    where N is smaller and the extrapolation of second order, it is ``COARSER`` times that.
    """

    late_sizes: tuple[int, ...]
    rest_sizes: tuple[int, ...]
    samples: tuple[tuple[int, ...], ...]
    window: tuple[float, ...]
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of this problem."""
        sizes = self.late_sizes if PROBLEMS[case].late else self.rest_sizes
        return list(zip(sizes, self.samples[case], strict=True))


def measured(point: Point[Window]) -> Array:
    """e and mu at the times and at infinity, (samples, 2 times + 2); at rest e, mu, lowest eigenvalue, (samples, 3)."""
    problem = PROBLEMS[point.case]
    # signal: 0 where nothing is wrong
    landscape = GaussianLandscape(problem.landscape.covariance, point.wrong["signal"] * SIGNAL_OVERLAP)
    return _late(landscape, point) if problem.late else _at_rest(landscape, point)


def _late(landscape: GaussianLandscape, point: Point[Window]) -> Array:
    window, weights = point.plan.window, to_infinity(point.plan.window)
    where = (landscape, point.size, point.samples, point.own_seed)
    how: Any = {"ensemble": "diluted", "connectivity": point.size // SPARSENESS, "rtol": RUN_RTOL}
    found = spread(simulate(*where, t_max=window[-1], at=window, waiting_times=(), **how))
    places = [int(np.argmin(np.abs(found.t - t))) for t in window]
    e, mu = (found[name][:, 0, places] for name in ("energy", "mu"))
    return np.column_stack([e, mu, e @ weights, mu @ weights])


def _at_rest(landscape: GaussianLandscape, point: Point[Window]) -> Array:
    where = (landscape, point.size, point.samples, point.own_seed)
    how: Any = {"hessian_times": "end", "gradient_tolerance": AT_REST, "rtol": RUN_RTOL}
    found = simulate(*where, t_max=LATEST, starts=STARTS, waiting_times=(), **how)
    return np.column_stack([found[name][..., -1].mean(axis=1) for name in ("energy", "mu", "lambda_min")])


def to_infinity(times: Sequence[float]) -> Array:
    """Weights w with ``w.v = v_inf`` of the least-squares fit ``v = v_inf + c t^(-2/3)``."""
    t = np.asarray(times, dtype=np.float64)
    weights: Array = np.linalg.pinv(np.column_stack([np.ones(t.size), t**AGEING]))[0]
    return weights


class Theory(NamedTuple):
    """Of one landscape: the two-time equations, ``e_th`` and ``2 sqrt(f''(1))``.

    ``drift`` (2,), of e and mu: how far the fit in ``t^(-2/3)`` moves from the window to times ten times later.
    """

    solution: DynamicsSolution
    threshold: float
    marginal: float
    drift: Array


@lru_cache(maxsize=4)
def theory_of(landscape: GaussianLandscape, window: tuple[float, ...]) -> Theory:
    """Solved to ten times the window."""
    solution = solve_dynamics(landscape, LATER * window[-1], rtol=THEORY_RTOL)
    weights, times = to_infinity(window), np.array(window)
    here, later = ([weights @ solution.at(t)[name] for name in ("energy", "mu")] for t in (times, LATER * times))
    threshold = float(threshold_energy(landscape).equation.rhs)
    return Theory(solution, threshold, 2 * float(landscape.f(2)) ** 0.5, np.abs(np.subtract(later, here)))


def laws_of(plan: Window, case: int) -> list[SizeLaw]:
    """Of the columns of ``measured``: at fixed time 1/N with the time for its unit, at rest those of a twin."""
    problem, window = PROBLEMS[case], plan.window
    if problem.late:
        once = [SizeLaw.series(ratio=t) for t in window]
        return [*once, *once, *(2 * [SizeLaw.series(ratio=window[-1])])]
    slope, curvature = (float(problem.landscape.f(k)) for k in (1, 2))
    sigma, order = curvature**0.5, 1 + curvature / slope
    units = [sigma / order, sigma, sigma]  # mu = -p e in pure landscapes
    return [law.scaled(unit) for law, unit in zip((MULTIPLIER, MULTIPLIER, LOWEST), units, strict=True)]


def predicted(run: Run[Window], case: int) -> list[Row | Curve]:
    """Of each problem one number counts as independent."""
    problem, plan = PROBLEMS[case], run.plan
    theory = theory_of(problem.landscape, plan.window)
    ends = {"e": run.wrong["energy"] * theory.threshold, "mu": run.wrong["multiplier"] * theory.marginal}
    scales = {name: plan.resolution * abs(end) for name, end in ends.items()}
    name, place = ("e", 0) if problem.pure else ("mu", 1)
    title, symbol = problem.label, SYMBOLS[name]
    if problem.late:
        end, drift = (ends[name], 2 * len(plan.window) + place, scales[name], 0.0), float(theory.drift[place])
        limit = Row(f"{title}: {name} as t → ∞", *end, drift, independent=True, panel=title, symbol=symbol, x=0.0)
        return [*_at_times(problem, theory, run, scales), limit]
    kept, lowest, panel = COARSER * scales[name], COARSER * scales["mu"], f"{title}, at rest"
    return [
        Row(f"{title}: {name} at rest", ends[name], place, kept, independent=True, panel=panel, symbol=symbol),
        Row(f"{title}: lowest eigenvalue at rest", 0.0, 2, lowest, panel=panel, symbol=r"$\lambda_{\min}$"),
    ]


def _at_times(problem: Problem, theory: Theory, run: Run[Window], scales: Mapping[str, float]) -> list[Row | Curve]:
    """e at the first time and the last, mu of a mixed landscape at the last; others are only drawn."""
    window = np.array(run.plan.window)
    last, fine = window == window[-1], np.geomspace(window[0], theory.solution.t_reached, 100)
    found, curves = theory.solution.at(window), theory.solution.at(fine)
    made: list[Row | Curve] = []
    for k, (name, key, factor) in enumerate((("e", "energy", "energy"), ("mu", "mu", "multiplier"))):
        judged = last & (not problem.pure) if k else last | (window == window[0])
        values, drawn = run.wrong[factor] * found[key], (k == 0) == problem.pure
        made += along(
            *(problem.label, name, "t = ", window, values, k * window.size, scales[name] * judged),
            found[f"{key}_error"],
            x=window**AGEING,
            symbol=SYMBOLS[name],
            drawn=drawn,
        )
        if drawn:
            made.append(Curve(problem.label, SYMBOLS[name], fine**AGEING, run.wrong[factor] * curves[key]))
    return made


def concluded(run: Run[Window], _: Sequence[Outcome]) -> Findings:
    """How the limit of late times was taken."""
    window = run.plan.window
    e, mu = theory_of(PURE, window).drift[0], theory_of(MIXED, window).drift[1]
    return Findings(
        remarks=(
            f"Limits t → ∞ by a fit in t^(-2/3) to {window[0]:g} <= t <= {window[-1]:g}; the same fit to the two-time "
            f"equations moves by {e:.1g} (e) and {mu:.1g} (mu) at ten times later times, which is part of the error.",
        )
    )


CHECK = Check(
    name="threshold-energy",
    description="where gradient flow from a random start ends, and how stable it is",
    systems=("pure-spin", "mixed-spin"),
    reason="3 % (10 %, quick): less than the energy still falls from the first time of the fit on, 4 % (10.3 %). A fit "
    "in t^(-1/2) in place of t^(-2/3), which ends 0.9 % (2.6 %) lower, is not told from it.",
    doing="the end of gradient flow",
    default=Window(
        late_sizes=(384, 768, 1536),
        rest_sizes=(32, 64, 128, 256),
        samples=((60, 36, 14), (32, 20, 8), (140, 100, 50, 24), (120, 80, 40, 20)),
        window=(20.0, 30.0, 45.0, 70.0, 100.0),
        resolution=0.03,
    ),
    quick=Window(
        late_sizes=(256, 384, 640),
        rest_sizes=(24, 40, 64, 96),
        samples=((24, 16, 10), (28, 18, 12), (90, 60, 50, 32), (80, 54, 44, 28)),
        window=(5.0, 10.0, 20.0),
        resolution=0.1,
    ),
    count=lambda _: len(PROBLEMS),
    measure=measured,
    predict=predicted,
    axis="$t^{-2/3}$",
    laws=laws_of,
    theory_mistakes={"energy": 1.0, "multiplier": 1.0},
    simulation_mistakes={"signal": 0.0},
    conclude=concluded,
    sites=640,
    remarks=(
        "At fixed t extrapolated in 1/N (diluted), at rest in N^(-0.55), N^(-4/3), the lowest eigenvalue in N^(-3/4), "
        "N^(-5/4) (dense); a further power is part of the error.",
        "The energy of a mixed landscape has no such limit in theory: it is compared at finite times only.",
        "In pure landscapes mu = -p e, so that e_th and marginal stability are one statement there.",
    ),
    facts={"landscapes": [declared(landscape) for landscape in (PURE, MIXED)]},
)
