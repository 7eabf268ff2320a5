"""A mass in the long-time integrator: against the reference method, energies that are known, and its own Jacobian."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.dynamics import Equilibrium, load, model, solve_dynamics
from numerics.dynamics.long_time import block, kernel, solver
from numerics.dynamics.long_time.rule import Resolution
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.course import Course

Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
MIXED = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, M**2 / 3 + M**4 / 5)
FIELD = GaussianLandscape(Q / 3 + Q**3 / 5, M / 2 + M**3 / 3)
CASES: dict[str, tuple[GaussianLandscape, dict[str, Any]]] = {
    "descent": (CUBE, {"mass": 1}),
    "heavy": (CUBE, {"mass": 3, "friction": Course("0.5")}),
    "light": (CUBE, {"mass": 0.05}),
    "signal": (MIXED, {"mass": 0.7, "overlap": 0.3, "temperature": 0.2}),
    "field": (FIELD, {"mass": 1, "overlap": -0.4, "friction": Course("1 + exp(-t)")}),
    "equilibrium": (FIELD, {"mass": 1, "start": Equilibrium(1.1), "temperature": 0.2}),
    "quench": (CUBE, {"mass": 1, "schedule": Course("0:1, 3:0.2")}),
    "brake": (CUBE, {"mass": 1, "friction": Course("0:0.2, 3:2")}),
    "isolated": (CUBE, {"mass": 1, "friction": Course("0")}),
}
LATE = np.array([0.5, 2.0, 4.0, 8.0])


@pytest.mark.parametrize("case", CASES)
def test_both_integrators_agree(case: str) -> None:
    landscape, options = CASES[case]
    one = solve_dynamics(landscape, 8.0, method="reference", rtol=1e-7, **options)
    other = solve_dynamics(landscape, 8.0, method="long-time", rtol=1e-5, **options)
    expected, found = one.at(LATE), other.at(LATE)
    for name in ("m", "mu", "energy", "correlation"):
        claims = found[f"{name}_error"] + expected[f"{name}_error"]
        assert np.all(np.abs(found[name] - expected[name]) <= claims), name
    earlier = np.array([0.0, 3.0, 6.0, 7.5])
    errors = [run.two_time.error(np.array([8.0])) for run in (one, other)]
    assert np.all(np.abs(other.C(8, earlier) - one.C(8, earlier)) <= sum(e.correlation[0] for e in errors))
    assert np.all(np.abs(other.R(8, earlier) - one.R(8, earlier)) <= sum(e.response[0] for e in errors))


@pytest.mark.parametrize("case", ["signal", "field", "equilibrium"])
def test_the_jacobian_is_the_slope_of_the_residual(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    landscape, options = CASES[case]
    blocks: list[Any] = []
    solve = block.solve_block
    monkeypatch.setattr(solver, "solve_block", lambda *problem: blocks.append(problem) or solve(*problem))
    solver.March(model(landscape, **options), Resolution(8, 3, 1e-3)).run(3.0, lambda _: None)
    newton = block.Newton(*blocks[-1][:6], double=True)
    assert newton.law.overlap_kind != kernel.NO_SIGNAL and len(blocks) > 3
    rows, count = newton.unknowns, newton.unknowns.size
    jacobian = newton._room(count)
    newton._residual(newton.awake, jacobian, True)

    def residual(step: Any) -> Any:
        newton._move(step)
        found = newton._residual(newton.awake, newton._room(0), False)[rows]
        newton._move(-step)
        return found

    for direction in np.random.default_rng(1).standard_normal((3, count)):
        expected = (residual(1e-4 * direction) - residual(-1e-4 * direction)) / 2e-4
        found = (jacobian * newton.scales[rows, None]) @ direction
        assert found == pytest.approx(expected, rel=0, abs=1e-6 * np.abs(expected).max())


def test_isolated_motion_shares_its_energy() -> None:
    """``e = -1/2, K = 1`` of p = 3 in the end: microcanonical equilibrium at ``T = K`` with ``e = -f(1)/T``."""
    flow = solve_dynamics(CUBE, 60.0, mass=1, friction=Course("0"), rtol=1e-3, method="long-time")
    last = flow.at(60.0)
    kinetic = last["mu"] + 3 * last["energy"]
    assert last["energy"] == pytest.approx(-0.5, abs=1e-4) and kinetic == pytest.approx(1.0, abs=1e-4)


def test_a_bath_ends_in_equilibrium() -> None:
    """``e = -f(1)/T``, ``K = T/M``: ``mu = M K + 3 |e|``."""
    flow = solve_dynamics(CUBE, 1e3, mass=1, temperature=0.8, rtol=1e-4, method="long-time")
    last = flow.at(1e3)
    assert abs(last["energy"] + 0.5 / 0.8) <= last["energy_error"]
    assert abs(last["mu"] - (0.8 + 3 * 0.5 / 0.8)) <= last["mu_error"]


def test_a_file_keeps_the_work_and_a_run_goes_on(tmp_path: Path) -> None:
    options: dict[str, Any] = {"mass": 1, "rtol": 1e-4}
    part = solve_dynamics(CUBE, 20.0, method="long-time", **options)
    kept = load(part.save(tmp_path / "kept.npz"))
    whole = solve_dynamics(CUBE, 60.0, method="long-time", **options).at([40.0, 60.0])
    found = solve_dynamics(CUBE, 60.0, resume=kept, **options).at([40.0, 60.0])
    for name in ("mu", "energy", "correlation"):
        assert np.all(np.abs(found[name] - whole[name]) <= found[f"{name}_error"] + whole[f"{name}_error"]), name


@pytest.mark.parametrize("friction", ["t", "exp(t)", "1 + t/10", "1 + t/1000"])
def test_a_friction_that_grows_does_not_decide_before_it_has(friction: str) -> None:
    """What it is long after the run is no matter of it."""
    options: dict[str, Any] = {"mass": 1, "friction": Course(friction), "rtol": 1e-4}
    one, other = (solve_dynamics(CUBE, 4.0, method=m, **options).at(4.0) for m in ("reference", "auto"))
    assert abs(one["energy"] - other["energy"]) <= one["energy_error"] + other["energy_error"]


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_nothing_hangs_on_the_unit(factor: float) -> None:
    """``H -> a H``, ``t -> t/a``, ``M -> M/a``."""
    scaled = GaussianLandscape(Rational(str(factor)) ** 2 * CUBE.covariance)
    one = solve_dynamics(CUBE, 8.0, mass=1, rtol=1e-4, method="long-time").at(LATE)
    other = solve_dynamics(scaled, 8 / factor, mass=1 / factor, rtol=1e-4, method="long-time").at(LATE / factor)
    assert other["energy"] / factor == pytest.approx(one["energy"], rel=1e-6)
    assert other["correlation"] == pytest.approx(one["correlation"], rel=1e-6)
