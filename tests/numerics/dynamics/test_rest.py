"""States at rest: later blocks hold what is old, and are what the whole equations say."""

from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics.long_time import rest
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.systems import SpikedMatrixTensor

Q, M = OVERLAP, SIGNAL_OVERLAP
TILTED = GaussianLandscape(Q**3 / 2, M + M**2 / 2)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "minimum": (TILTED, {"overlap": 0.1, "rtol": 1e-4}),
    "warm": (TILTED, {"overlap": 0.1, "temperature": 0.4, "rtol": 1e-4}),
    "hot": (GaussianLandscape(Q**3 / 2), {"temperature": 1.0, "rtol": 1e-4}),
    "after-a-jump": (SpikedMatrixTensor(3, Rational(1, 2), 1), {"overlap": 1e-3, "rtol": 1e-5}),
}
QUICK = ("minimum", "warm")


def solved(case: str, t_max: float = 3e4) -> DynamicsSolution:
    landscape, options = CASES[case]
    return solve_dynamics(landscape, t_max, method="long-time", **options)


@pytest.mark.parametrize("case", [pytest.param(c, marks=() if c in QUICK else pytest.mark.slow) for c in CASES])
def test_a_state_at_rest_is_what_the_whole_equations_give(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All numbers, at all pairs of times, within the claimed errors."""
    short = solved(case)
    monkeypatch.setattr(rest, "window", lambda *_: None)
    whole = solved(case)
    late = np.geomspace(50, 3e4, 12)
    for name, value in short.two_time.one_time(late)._asdict().items():
        claim = getattr(short.two_time.error(late), name) + getattr(whole.two_time.error(late), name)
        assert np.all(np.abs(value - getattr(whole.two_time.one_time(late), name)) <= claim), name
    pairs = [(t, s) for t in late for s in (0.0, 0.7, 20.0, t / 30, t / 2, t - 30, t - 3, t - 0.1)]
    t, s = np.array(pairs).T
    claims = short.two_time.error(t).correlation + whole.two_time.error(t).correlation
    assert np.all(np.abs(short.two_time.evaluate(t, s)[0] - whole.two_time.evaluate(t, s)[0]) <= claims)
    assert short.statistics["resting"] > 3


def test_what_grows_slowly_is_not_at_rest() -> None:
    """From m = 1e-10 nothing else moves for a long time; the jump comes, and comes in time."""
    landscape, options = CASES["after-a-jump"]
    solution = solve_dynamics(landscape, 4000, method="long-time", **{**options, "overlap": 1e-6, "rtol": 1e-3})
    m = solution.two_time.one_time(np.array([100.0, 4000.0])).m
    assert m[0] < 1e-3
    assert m[1] == pytest.approx(0.782665, abs=1e-4)


@pytest.mark.slow
def test_an_old_jump_that_the_grid_does_not_hold() -> None:
    """It used to stop at t = 6704, for the noise that the nodes made in passing."""
    solution = solve_dynamics(SpikedMatrixTensor(3, Rational(2, 5), 2), 1e6, overlap=-1e-3, rtol=1e-6)
    end = solution.two_time.one_time(np.array([1e6]))
    assert end.m[0] == pytest.approx(-0.613475, abs=1e-5)
    assert abs(end.mu[0] - 3.7890587) < 1e-6 + 3 * float(solution.two_time.error(np.array([1e6])).mu[0])
