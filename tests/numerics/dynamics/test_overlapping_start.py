"""Starts in equilibrium whose replicas overlap: stationary, what a long equilibration ends in, and kept in files."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.dynamics import DynamicsSolution, Equilibrium, load, model, solve_dynamics
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.course import Course

Q, M = OVERLAP, SIGNAL_OVERLAP
FIELD = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q / 5)
SIGNAL = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q / 5, Rational(3, 4) * M**2 + M**4 / 5)
CUBE = GaussianLandscape(Q**3 / 2, Rational(9, 10) * M**3)
TILTED = GaussianLandscape(Q**3 / 2, M / 2)
CASES: dict[str, tuple[GaussianLandscape, Equilibrium]] = {
    "field": (FIELD, Equilibrium(1.4)),
    "signal": (SIGNAL, Equilibrium(1.4)),
    "informed": (CUBE, Equilibrium(1.5, informed=True)),
    "tilted": (TILTED, Equilibrium(1.0)),
}
RTOL, LATE = 1e-6, np.array([0.5, 2.0, 8.0])


@cache
def solved(case: str, temperature: float, method: Any) -> DynamicsSolution:
    landscape, start = CASES[case]
    return solve_dynamics(landscape, 8, temperature=temperature, start=start, method=method, rtol=RTOL)


@pytest.mark.parametrize("method", ["reference", "long-time"])
@pytest.mark.parametrize("case", CASES)
def test_at_its_own_temperature_nothing_changes(case: str, method: Any) -> None:
    """m, q, mu and e stay, C and R depend on the lag, and ``R = -C'/T``."""
    beta = CASES[case][1].beta
    solution = solved(case, 1 / beta, method)
    first, found = solution.at(0.0), solution.at(LATE)
    for name in ("m", "mu", "energy", "replica"):
        assert np.all(np.abs(found[name] - first[name]) <= found[f"{name}_error"] + first[f"{name}_error"]), name
    claim = 2 * solution.errors.correlation.max()
    assert abs(solution.C(8, 5) - solution.C(3, 0)) <= claim and abs(solution.C(8, 7) - solution.C(3, 2)) <= claim
    h = 1e-3
    slope = (solution.C(6, 4 + h) - solution.C(6, 4 - h)) / (2 * h)
    assert solution.R(6, 4) == pytest.approx(beta * slope, abs=1e-4 * beta)


@pytest.mark.parametrize("case", CASES)
def test_both_integrators_agree_at_another_temperature(case: str) -> None:
    one, other = (solved(case, 0.2, method).at(LATE) for method in ("reference", "long-time"))
    for name in ("m", "mu", "energy", "correlation", "replica"):
        assert np.all(np.abs(one[name] - other[name]) <= one[f"{name}_error"] + other[f"{name}_error"]), name
    assert np.ptp(other["replica"]) > 1e-3


@pytest.mark.parametrize(
    ("case", "wait"), [("field", 400.0), ("signal", 100.0), ("informed", 400.0), ("tilted", 300.0)]
)
def test_a_step_in_temperature_after_equilibration_is_that_start(case: str, wait: float) -> None:
    """Equations that know of no replicas, run at the first temperature until nothing changes, then at the second."""
    landscape, start = CASES[case]
    schedule = Course(f"0:{1 / start.beta!r}, {wait}:0.2")
    overlap = 0.0 if landscape.mean == 0 else 0.9
    stepped = solve_dynamics(landscape, wait + 8, schedule=schedule, overlap=overlap, method="long-time", rtol=RTOL)
    begun = solved(case, 0.2, "reference")
    found, expected = stepped.at(wait + LATE), begun.at(LATE)
    for name in ("m", "mu", "energy"):
        claims = found[f"{name}_error"] + expected[f"{name}_error"]
        assert np.all(np.abs(found[name] - expected[name]) <= claims), name
    claim = stepped.errors.correlation.max() + begun.errors.correlation.max()
    assert np.all(np.abs(stepped.C(wait + LATE, wait) - expected["correlation"]) <= claim)
    assert abs(stepped.C(wait + 8, wait + 2) - begun.C(8, 2)) <= claim


def test_bayes_rule_keeps_the_signal_a_replica() -> None:
    """With ``g = beta f`` the signal overlaps with x(t) as another configuration of the start does, at any bath."""
    bayes = GaussianLandscape(Q**3 / 2, Rational(5, 2) * M**3 / 2)
    found = solve_dynamics(bayes, 8, temperature=0.1, start=Equilibrium(2.5, informed=True)).at(LATE)
    assert found["replica"] == pytest.approx(found["m"], abs=1e-6) and np.ptp(found["m"]) > 1e-3


def test_a_mass_starts_thermal_and_stays() -> None:
    solution = solve_dynamics(SIGNAL, 4, temperature=1 / 1.4, mass=0.5, start=Equilibrium(1.4))
    first, last = solution.at(0.0), solution.at(4.0)
    for name in ("m", "mu", "energy", "replica"):
        assert abs(last[name] - first[name]) <= last[f"{name}_error"] + first[f"{name}_error"], name


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_nothing_hangs_on_the_unit(factor: float) -> None:
    scale = Rational(str(factor))
    scaled = GaussianLandscape(scale**2 * SIGNAL.covariance, scale * SIGNAL.mean)
    one = solved("signal", 0.2, "long-time").at(LATE)
    options: dict[str, Any] = {"temperature": 0.2 * factor, "start": Equilibrium(1.4 / factor), "rtol": RTOL}
    other = solve_dynamics(scaled, 8 / factor, method="long-time", **options).at(LATE / factor)
    for name, unit in (("m", 1.0), ("energy", factor), ("replica", 1.0)):
        assert other[name] == pytest.approx(one[name] * unit, rel=1e-6), name


@pytest.mark.parametrize("method", ["reference", "long-time"])
def test_a_file_keeps_it(method: Any, tmp_path: Path) -> None:
    solution = solved("signal", 0.2, method)
    again = load(solution.save(tmp_path / "kept.npz"))
    assert again.model.replica == solution.model.replica > 0
    assert np.array_equal(again.at(LATE)["replica"], solution.at(LATE)["replica"])


def test_a_run_goes_on() -> None:
    start = CASES["signal"][1]
    whole = solve_dynamics(SIGNAL, 40, temperature=0.2, start=start, method="long-time")
    part = solve_dynamics(SIGNAL, 10, temperature=0.2, start=start, method="long-time")
    found, expected = (
        solution.at([20.0, 40.0])
        for solution in (solve_dynamics(SIGNAL, 40, temperature=0.2, start=start, resume=part), whole)
    )
    assert np.all(np.abs(found["replica"] - expected["replica"]) <= found["replica_error"] + expected["replica_error"])


def test_where_replicas_do_not_overlap_nothing_new_is_said() -> None:
    solution = solve_dynamics(GaussianLandscape(Q**3 / 2), 3, start=Equilibrium(1.2))
    assert "replica" not in solution.at(1.0) and "replica" not in model(FIELD).arrays()


def test_what_is_not_predicted_is_absent() -> None:
    found = solved("field", 0.2, "reference").fluctuation_dissipation(4.0)
    assert found.law is None and "replicas of the start overlap" in found.reason


def test_an_overlap_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="that measure fixes m"):
        model(SIGNAL, start=Equilibrium(1.4), overlap=0.3)
