"""What a long run claims to know, and how it stops."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Rational, exp

from numerics.dynamics import Planted, solve_dynamics
from numerics.dynamics.long_time import kernel, solution, solver
from numerics.dynamics.units import fastest
from numerics.errors import ConvergenceError
from numerics.lowering import lower
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, SpikedMatrixTensor
from theory.inference import MaximumLikelihood

Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
SPIKED, STRONG = SpikedMatrixTensor(3, Rational(1, 2), 1), SpikedMatrixTensor(3, Rational(3, 10), 1)


def at_rest(landscape: GaussianLandscape) -> dict[str, float]:
    """m, mu and e of the minimum that is aligned with the signal."""
    theory = MaximumLikelihood(landscape)
    m = root(theory.fixed_point.lhs - theory.fixed_point.rhs, 0.6, 0.99)
    values = {"mu": theory.multiplier, "energy": theory.energy}
    return {"m": m, **{name: float(value.subs(M, m)) for name, value in values.items()}}


def root(expression: Any, low: float, high: float) -> float:
    gap = lower((M,), [expression])
    return float(brentq(lambda m: float(gap(m)[0]), low, high, xtol=1e-15))


@pytest.mark.parametrize(
    ("landscape", "overlap", "t_max", "rtol"),
    [
        (STRONG, 1e-2, 30.0, 1e-3),
        (STRONG, 1e-2, 60.0, 1e-6),
        pytest.param(SPIKED, 1e-3, 1e5, 1e-6, marks=pytest.mark.slow),
    ],
)
def test_the_time_of_a_jump_is_uncertain_the_state_after_it_is_not(
    landscape: GaussianLandscape, overlap: float, t_max: float, rtol: float
) -> None:
    """m, mu, e of the informative minimum, and ``C(t,0) = m(0) m(t)``, whose equation is that of m there."""
    last = solve_dynamics(landscape, t_max, overlap=overlap, rtol=rtol, method="long-time").at(t_max)
    exact = at_rest(landscape)
    exact["correlation"] = overlap * exact["m"]
    for name, value in exact.items():
        error = last[f"{name}_error"][0]
        assert abs(last[name][0] - value) <= error <= rtol, name


def test_the_error_of_a_jump_is_one_of_time() -> None:
    """While m jumps the coarse run is off by a shift of time, and says so; the fine one knows better."""
    runs = (solve_dynamics(STRONG, 30.0, overlap=1e-2, rtol=rtol, method="long-time") for rtol in (1e-3, 1e-6))
    coarse, fine = runs
    t = np.linspace(2.0, 30.0, 113)
    found, best = coarse.at(t), fine.at(t)
    for name in ("m", "mu", "energy", "correlation"):
        difference = np.abs(found[name] - best[name])
        assert np.all(difference <= found[f"{name}_error"] + best[f"{name}_error"]), name
    jump = int(np.argmax(np.abs(np.diff(best["m"]))))
    assert found["m_error"][jump] > 1e-4 and found["m_error"][-1] < 1e-2 * found["m_error"][jump]
    assert np.all(coarse.errors.correlation[coarse.t > 20] > 10 * found["correlation_error"][-1])


BATTERY: dict[str, tuple[GaussianLandscape, dict[str, Any]]] = {
    "p3": (CUBE, {}),
    "2+4": (GaussianLandscape(Q**2 / 2 + Rational(11, 80) * Q**4), {}),
    "p4-warm": (GaussianLandscape(Q**4 / 2), {"temperature": 0.3}),
    "paramagnet": (SpikedMatrixTensor(3, 2, 4), {"temperature": 1.0, "overlap": 0.5}),
    "opposite": (GaussianLandscape(Q**3 / 2, M**3), {"overlap": -0.5}),
    "field": (GaussianLandscape(Q / 2 + Q**3 / 9, M / 2 + M**3 / 3), {"temperature": 0.1}),
    "turning": (GaussianLandscape(Q / 2 + Q**3 / 9, M / 2 + M**3 / 3), {"overlap": -0.9}),
}
QUICK = ("p3",)


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in BATTERY])
@pytest.mark.parametrize("rtol", [1e-2, 1e-6])
def test_claimed_errors_cover_and_are_not_idle(name: str, rtol: float) -> None:
    """Against a run to 1e-9: nowhere exceeded, and for mu within a factor of 100 of the largest of each decade."""
    landscape, options = BATTERY[name]
    coarse, fine = (solve_dynamics(landscape, 50.0, rtol=r, method="long-time", **options) for r in (rtol, 1e-9))
    t = np.geomspace(0.05, 50.0, 91)
    found, best = coarse.at(t), fine.at(t)
    for column in ("m", "mu", "energy", "correlation"):
        difference = np.abs(found[column] - best[column])
        assert np.all(difference <= found[f"{column}_error"] + best[f"{column}_error"]), column
    difference = np.abs(found["mu"] - best["mu"])
    for first in (0, 30, 60):
        decade = slice(first, first + 31)
        assert np.min(found["mu_error"][decade]) <= 100 * np.max(difference[decade])


@pytest.mark.parametrize(
    ("landscape", "t_max", "options"),
    [
        (GaussianLandscape(2 * Q**5 / 5 + Q**2, -(M**3) / 2), 0.0045, {"overlap": -1.5e-9, "rtol": 2.3e-4}),
        (SpikedMatrixTensor(6, Rational(11, 40), Rational(53, 25)), 0.03, {"overlap": 2e-8, "temperature": 1.0}),
        (GaussianLandscape(10 * Q**2 / 31), 0.03, {"start": Planted(0.04), "rtol": 4e-4}),
    ],
)
def test_two_orders_do_not_agree_on_what_an_iteration_left(
    landscape: GaussianLandscape, t_max: float, options: dict[str, Any]
) -> None:
    """Short runs, where loose tolerances are met by one iteration or two."""
    problem = {"rtol": 5e-4, **options}
    coarse, fine = (solve_dynamics(landscape, t_max, **{**problem, "rtol": r}) for r in (problem["rtol"], 1e-9))
    found, best = (run.at(t_max * np.linspace(0.02, 1, 50)) for run in (coarse, fine))
    for name in ("m", "mu", "energy", "correlation"):
        assert np.all(np.abs(found[name] - best[name]) <= 2 * found[f"{name}_error"]), name


def test_failed_steps_are_narrower_ones_in_silence(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Guesses that are infinite, nan or huge: Newton's method fails, LAPACK says nothing, the run goes on."""
    predicted, wild = solver.March._prediction, iter([np.nan, np.inf, 1e300, 1e30, -1e12])

    def prediction(self: solver.March, *arguments: Any) -> Any:
        (C, *others), mu = predicted(self, *arguments)  # noqa: N806
        factor = next(wild, 1.0) if self.t > 1 else 1.0
        return (C * factor, *others), mu

    expected = solve_dynamics(CUBE, 30.0, method="long-time").at(30.0)
    monkeypatch.setattr(solver.March, "_prediction", prediction)
    solution = solve_dynamics(CUBE, 30.0, method="long-time")
    assert solution.statistics["rejected"] >= 5 and next(wild, None) is None
    assert solution.at(30.0)["energy"] == pytest.approx(expected["energy"], rel=1e-6)
    assert capfd.readouterr() == ("", "")


def test_a_run_that_cannot_go_on_stops_soon_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    solve, tries = solver.solve_block, list[float]()

    def failing(law: Any, rule: Any, guess: Any, mu: Any, times: Any, *rest: Any) -> Any:
        if times[-1] < 3:
            return solve(law, rule, guess, mu, times, *rest)
        tries.append(float(times[-1]))
        return None

    monkeypatch.setattr(solver, "solve_block", failing)
    with pytest.raises(
        ConvergenceError, match=r"^stopped at t = .* of 100: Newton's method does not converge"
    ) as caught:
        solve_dynamics(CUBE, 100.0, method="long-time")
    assert len(tries) < 20 and "\n" not in str(caught.value)
    assert caught.value.partial.t_reached < 3 and caught.value.partial.at(0.5)["energy_error"] < 1e-6


def test_progress_after_every_iteration() -> None:
    seen: list[float] = []
    solution = solve_dynamics(CUBE, 30.0, method="long-time", progress=lambda fraction, _: seen.append(30 * fraction))
    assert seen == sorted(seen) and len(seen) == solution.statistics["iterations"] + solution.statistics["blocks"]
    assert seen[-1] == pytest.approx(30.0)


def test_whether_the_kernel_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    solve_dynamics(CUBE, 0.1, method="long-time")
    assert kernel.ready()


@pytest.mark.slow
@pytest.mark.parametrize(("delta_2", "t_max"), [(0.65, 3e4), (0.75, 3e4)])
def test_langevin_from_a_tiny_overlap(delta_2: float, t_max: float, capfd: Any) -> None:
    """A jump at t = 4500 after the linear regime; before it none of Newton's first steps is a number."""
    landscape = SpikedMatrixTensor(3, Rational(str(delta_2)), 1)
    solution = solve_dynamics(landscape, t_max, overlap=1e-10, temperature=1.0, rtol=1e-3, method="long-time")
    assert solution.t_reached == pytest.approx(t_max) and capfd.readouterr() == ("", "")
    if delta_2 < 0.7:
        last, exact = solution.at(t_max), root(M * (1 + landscape.g(1)) - landscape.g(1), 0.3, 0.9)
        assert abs(last["m"][0] - exact) <= last["m_error"][0] <= 1e-5


@pytest.mark.slow
def test_ageing_to_a_hundred_million() -> None:
    """Rounding in Newton's steps grows with t and is no failure of the method; ``e - e_th ~ t^(-2/3)`` goes on."""
    solution = solve_dynamics(CUBE, 1.0001e8)
    late = solution.at([1e7, 1e8])
    assert solution.statistics["rejected"] <= 3
    assert abs(late["energy"][0] + 1.154693581350) <= late["energy_error"][0] + 1e-10 < 1e-8
    first, last = late["energy"] + 2 / np.sqrt(3)
    assert np.log10(first / last) == pytest.approx(2 / 3, abs=1e-3)
    assert np.all(late["energy_error"] < 1e-2 * last)


@pytest.mark.parametrize(
    ("landscape", "t_max", "rtol"),
    [
        (GaussianLandscape(Q**64 / 2), 13.0, 4e-4),
        pytest.param(
            GaussianLandscape(Q**7 / 2 + Q**6 / 5 + Q**3 / 9 + 867 * (exp(Q) - 1) / 1000),
            4.0,
            3e-8,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_panels_that_do_not_resolve_the_memory_get_more_nodes(
    landscape: GaussianLandscape, t_max: float, rtol: float
) -> None:
    """``f''(C) R`` of p = 64 is narrower than the C and R for which nodes are counted; too few, and it diverges."""
    found = solve_dynamics(landscape, t_max, rtol=rtol, method="long-time")
    assert found.t_reached == pytest.approx(t_max)
    assert found.two_time.arrays()["tails"].max() < 30 * rtol
    early = np.linspace(0.03, 1, 20) * min(39 / fastest(found.model), t_max)
    best, rows = (run.at(early) for run in (solve_dynamics(landscape, float(early[-1]), rtol=1e-9), found))
    for name in ("mu", "energy", "correlation"):
        assert np.all(np.abs(rows[name] - best[name]) <= rows[f"{name}_error"]), name


def test_a_run_that_starts_again_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound on the tails in t' that only the third attempt may pass."""
    bounds = iter([0.0, 0.0, np.inf])
    monkeypatch.setattr(solution, "FEW", 0.0)
    made = solver.March.__post_init__

    def counted(self: solver.March) -> None:
        made(self)
        monkeypatch.setattr(solver, "COARSE", next(bounds))

    monkeypatch.setattr(solver.March, "__post_init__", counted)
    told = list[str]()
    found = solve_dynamics(CUBE, 3.0, method="long-time", progress=lambda _, what: told.append(what))
    first, *again = dict.fromkeys(what.partition(", ")[2] for what in told)
    assert first == "" and len(again) == found.statistics["restarts"] == 2
    nodes = found.two_time.arrays()["resolution"][0]
    assert again[1] == f"again from t = 0, with {nodes:g} nodes in place of {nodes - 4:g}"
    assert "started again 2 times with more nodes" in found.message


def test_a_resumed_solution_that_reaches_beyond_is_the_answer() -> None:
    whole = solve_dynamics(CUBE, 30.0, method="long-time", rtol=1e-4)
    part = solve_dynamics(CUBE, 3.0, rtol=1e-4, resume=whole)
    assert "what was resumed reaches t = 30; up to t = 3 largest" in part.message
    assert part.at(3.0)["energy"] == whole.at(3.0)["energy"] and part.drawn[0].values[-1] == 3
    with pytest.raises(ValueError, match=r"resume reaches t = 30 already.* use t_max = 30, or leave verify out"):
        solve_dynamics(CUBE, 3.0, rtol=1e-4, resume=whole, verify=True)
