"""Random equations on a sphere: closed forms, the general engine for losses, exact small cases, flows."""

import json
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from sympy import Rational, Symbol, simplify

from numerics.experiment import average
from numerics.experiments.pl_condition import CHECK, Equations, Flows, SphereFlow, share
from numerics.generalized_linear import ground_state
from numerics.generalized_linear.complexity import Kind, complexity
from numerics.generalized_linear.dynamics import solve_descent
from numerics.lowering import Array
from theory.generalized_linear import ALPHA
from theory.systems.pl_condition import (
    LENGTH,
    SIGMA_2,
    Descent,
    PLCondition,
    WideLayer,
    constant,
    energy,
    minimum,
    outlier,
    separation,
    shortest,
    solvable,
)


def at(expression: Any, noise: Any, alpha: Any) -> float:
    return float(expression.subs({SIGMA_2: Rational(str(noise)), ALPHA: Rational(str(alpha))}))


def least(noise: float, alpha: float) -> float:
    return float(max(np.sqrt(alpha * (1 + noise)) - 1, 0) ** 2 / 2)


def test_derivation_ends_in_the_closed_forms() -> None:
    loss, mu = minimum()
    assert simplify(loss - (LENGTH - 1) ** 2 / 2) == 0
    assert simplify(mu - (LENGTH - 1) * (LENGTH - ALPHA) / LENGTH) == 0
    assert simplify(shortest() - ALPHA * SIGMA_2 / (1 - ALPHA)) == 0
    assert solvable() == 1 / (1 + SIGMA_2) and separation() == 1 / (1 + SIGMA_2) ** 2
    assert simplify(outlier() - SIGMA_2 * (solvable() - ALPHA)) == 0


@pytest.mark.parametrize("noise", ["1", "1/4", "4", "1e-9", "1e9", "0.37"])
def test_thresholds(run: Any, noise: str) -> None:
    status, out, _ = run("thresholds", "pl-condition", "--sigma-2", noise, "--digits", "30", "--json")
    found, exact = json.loads(out)["thresholds"], 1 / (1 + Rational(noise))
    assert status == 0 and {entry["control"] for entry in found.values()} == {"alpha"}
    for name, value in {"solvability": exact, "kernel_outlier": exact**2}.items():
        assert abs(Rational(found[name]["alpha"]) - value) <= Rational(found[name]["error"]) <= 1e-29


def test_without_noise(run: Any) -> None:
    found = json.loads(run("thresholds", "pl-condition", "--sigma-2", "0", "--json")[1])["thresholds"]
    assert float(found["solvability"]["alpha"]) == 1
    assert not found["kernel_outlier"]["exists"] and "without noise" in found["kernel_outlier"]["reason"]
    for alpha in (0.5, 1, 2.5):
        edge = (1 - np.sqrt(alpha)) ** 2
        assert at(energy(), 0, alpha) == pytest.approx(edge / 2 if alpha > 1 else 0)
        assert at(constant(), 0, alpha) == pytest.approx(0 if alpha > 1 else edge)


@pytest.mark.parametrize(("alpha", "seen"), [(0.3, 0), (0.45, 0), (0.55, 0.00119), (0.7, 0.0168), (1.2, 0.1508)])
def test_energy(run: Any, alpha: float, seen: float) -> None:
    found = json.loads(run("statics", "pl-condition", "--sigma-2", "1", "--alpha", str(alpha), "--json")[1])["numbers"]
    assert float(found["energy"]["value"]) == pytest.approx(least(1, alpha), rel=1e-9)
    assert float(found["energy"]["value"]) == pytest.approx(seen, rel=5e-3)
    assert float(found["kernel_start"]["value"]) == pytest.approx(max(1 - np.sqrt(alpha), 0) ** 2, abs=1e-9)


def test_the_constant_is_continuous_and_vanishes_at_the_threshold() -> None:
    for noise in (0.2, 1, 5):
        for place in (separation(), solvable(), solvable() * 0 + 1):
            where = at(place, noise, 1)
            below, above = (at(constant(), noise, where * (1 + side)) for side in (-1e-9, 1e-9))
            assert below == pytest.approx(above, abs=1e-7)
        assert at(constant(), noise, solvable().subs(SIGMA_2, Rational(str(noise)))) == 0


# the general engine for losses


def slow(*cases: Any) -> list[Any]:
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow) for case in cases]


@pytest.mark.parametrize(("noise", "alpha"), [(1, 0.7), *slow((1, 1.2), (0.25, 0.9), (4, 0.5))])
def test_ground_state_of_the_general_code(noise: float, alpha: float) -> None:
    found = ground_state(PLCondition(noise), alpha=alpha, steps=0)
    assert found.energy == pytest.approx(least(noise, alpha), abs=max(3 * found.error, 1e-10))


@pytest.mark.parametrize("noise", [1, *slow(0.25, 4)])
def test_threshold_of_the_general_code(noise: float) -> None:
    """``alpha = (1 + sqrt(2 e))^2/(1 + sigma^2)`` at energy e, continued to e = 0."""
    near, far = (float(ground_state(PLCondition(noise), energy=e, steps=0).alpha) for e in (1e-8, 4e-8))
    assert 2 * near - far == pytest.approx(at(solvable(), noise, 1), rel=1e-6)


@pytest.mark.parametrize(
    ("noise", "alpha", "kind"), [(1, 0.7, "minima"), *slow((1, 0.7, "total"), (1, 1.2, "minima"), (4, 0.5, "total"))]
)
def test_kac_rice_of_the_general_code(noise: float, alpha: float, kind: Kind) -> None:
    """One minimum, at that energy, whose Hessian has that gap; whether minima or all critical points are counted."""
    found = complexity(PLCondition(noise), alpha, kind)
    assert found.sigma == pytest.approx(0, abs=1e-10)
    assert found.energy == pytest.approx(least(noise, alpha), rel=1e-9)
    assert found.hessian.edge == pytest.approx(at(constant(), noise, alpha), abs=1e-6)


def exact_flow(noise: float, alpha: float, times: list[float]) -> Array:
    """Loss of the flow for ``N -> infinity``: each mode of A is ``p`` times its start and ``q`` times its part of b."""
    low, high = (1 - np.sqrt(alpha)) ** 2, (1 + np.sqrt(alpha)) ** 2
    angle = np.arange(1, 81) * np.pi / 81
    value = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
    weight = np.pi / 81 * (np.sin(angle) * (high - low) / 2) ** 2 / (2 * np.pi * value)  # Marchenko and Pastur
    value, weight = np.append(value, 0), np.append(weight, 1 - weight.sum())
    root = np.sqrt(value)

    def rate(_: float, state: Array) -> Array:
        p, q = state.reshape(2, -1)
        free = -value * p, root - value * q
        mu = weight @ (p * free[0] + noise * q * free[1]) / (weight @ (p**2 + noise * q**2))
        return np.concatenate([free[0] - mu * p, free[1] - mu * q])

    start = np.concatenate([np.ones_like(value), np.zeros_like(value)])
    found = solve_ivp(rate, (0, times[-1]), start, "LSODA", times, rtol=1e-9, atol=1e-11).y.T.reshape(len(times), 2, -1)
    left = value * found[:, 0] ** 2 + noise * np.where(value > 0, root * found[:, 1] - 1, 0) ** 2
    return np.asarray(left @ weight + noise * max(alpha - 1, 0)) / 2


@pytest.mark.parametrize(("noise", "alpha"), [(1, 0.7), *slow((0.5, 1.2))])
def test_dynamics_of_the_general_code(noise: float, alpha: float) -> None:
    """The effective process of losses, within its error, and on to the least loss."""
    times = [1.0, 3.0]
    found = solve_descent(PLCondition(noise), alpha, 3.0, times=times, walkers=4096).at(times)
    exact = exact_flow(noise, alpha, [*times, 3000])
    assert np.all(np.abs(found["energy"] - exact[:2]) < 3 * found["energy_error"])
    assert np.all(found["energy_error"] < 0.02 * exact[:2])
    assert exact[-1] == pytest.approx(least(noise, alpha), rel=1e-5)


# finite N


def equations(noise: float, alpha: float, size: int, seed: int) -> Equations:
    return SphereFlow(PLCondition(noise, alpha)).draw(size, np.random.default_rng(seed))


def least_of(given: Equations) -> float:
    """Least loss per dimension on the sphere: of ``(A^T A + mu) x = A^T b`` the solution of that length."""
    a, b, size = given.risk.data / np.sqrt(given.risk.size), given.risk.labels, given.risk.size
    value, vector = np.linalg.eigh(a.T @ a)
    turned = vector.T @ (a.T @ b)
    if b.size < size and given.shortest() < 1:
        return 0.0
    floor = 1e-12 - (value[0] if b.size >= size else 0.0)
    mu = brentq(lambda m: np.sum((turned / (value + m)) ** 2) / size - 1, floor, 100)
    x = vector @ (turned / (value + mu))
    return float(np.sum((a @ x - b) ** 2) / (2 * size))


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.8, 1.0, 1.3])
def test_the_flow_ends_at_the_least_loss(alpha: float) -> None:
    for seed in range(3):
        given = equations(1, alpha, 40, seed)
        loss, x = given.flow()
        assert loss[-1] == pytest.approx(least_of(given), abs=1e-7) and x @ x == pytest.approx(40)
        assert np.all(np.diff(loss) <= 0)


def test_kernel_along_the_flow_bounds_the_loss() -> None:
    """``K = J J^T`` with J along the sphere, ``dL/dt <= -2 mu_K L``, and at a solution K knows of x no more than b."""
    given, times = equations(1, 0.2, 60, 1), np.linspace(0.5, 6, 12)
    a, x = given.risk.data / np.sqrt(60), given.flow(times)[1]
    along = a @ (np.eye(60) - np.outer(x, x) / 60)
    assert given.kernel(x) == pytest.approx(along @ along.T)
    loss, smallest = given.flow(times)[0], []
    for time in times:
        smallest.append(np.linalg.eigvalsh(given.kernel(given.flow([time])[1]))[0])
    for (before, after), pair in zip(pairwise(loss), pairwise(smallest), strict=True):
        assert after <= before * np.exp(-2 * 0.5 * 0.9 * min(pair))
    known = a @ a.T - np.outer(given.risk.labels, given.risk.labels) / 60
    assert given.kernel(given.flow()[1]) == pytest.approx(known, abs=1e-3)


def test_share_of_solvable_equations_is_exact() -> None:
    random = np.random.default_rng(0)
    for rows, size in ((4, 10), (10, 20)):
        experiment = SphereFlow(PLCondition(1, rows / size))
        fits = [experiment.draw(size, random).shortest() < 1 for _ in range(600)]
        assert np.mean(fits) == pytest.approx(share(rows, size), abs=4 * 0.5 / np.sqrt(600))
    assert share(1, 1) == pytest.approx(0.5)  # |b| < |a| of one equation with one unknown
    assert share(20, 40) > share(22, 40) and share(400, 2000) > 1 - 1e-9


def test_controls_have_mean_zero() -> None:
    experiment, random = SphereFlow(PLCondition(2, 0.5)), np.random.default_rng(0)
    found = np.array([experiment.draw(20, random).controls(2) for _ in range(600)])
    assert np.all(np.abs(found.mean(axis=0)) < 4 * found.std(axis=0) / np.sqrt(600))


def test_what_it_takes_to_keep_the_condition() -> None:
    """``L_0 e^(-2 mu t)``, a path no longer than ``sqrt(2 L_0/mu)``, and a Hessian of order ``m^(-1/2)``."""
    (_, bound), (_, path) = Descent().equations()[1:]
    assert str(bound.rhs) == "L_0*exp(-2*mu_K*t)" and str(path.rhs) == "sqrt(2)*sqrt(L_0)/sqrt(mu_K)"
    width = Symbol("m", positive=True)
    for _, value in WideLayer().equations():
        assert simplify(value * width ** Rational(1, 2)).free_symbols.isdisjoint({width})


@pytest.mark.slow
def test_loss_at_six_hundred() -> None:
    """0 at alpha = .3, .45, and near .00119, .0168, .1508 at .55, .7, 1.2: within the errors of 12 samples."""
    for alpha in (0.3, 0.55, 0.7, 1.2):
        found = average(SphereFlow(PLCondition(1, alpha)), 600, 12).quantities["loss"]
        assert found.value[-1] == pytest.approx(least(1, alpha), abs=3.5 * found.error[-1] + 3e-4)


# command line


def test_command_line(run: Any) -> None:
    words = ("pl-condition", "--sigma-2", "1")
    for topic in ("pl", "sphere"):
        assert run("derive", "pl-condition", topic, "--latex")[0] == 0
    assert r"\frac{\left(r - 1\right)^{2}}{2}" in run("derive", *words[:1], "sphere", "--latex")[1]
    status, out, _ = run("simulate", *words, "--alpha", "0.7", "-N", "40", "--samples", "3", "--t-max", "30", "--json")
    assert status == 0 and "energy" in out
    for bad, said in {
        ("thresholds", "pl-condition"): "--sigma-2 is missing for pl-condition; try --sigma-2 1",
        ("thresholds", "pl-condition", "--sigma-2", "-1"): "--sigma-2 -1 must be a number >= 0",
        ("statics", *words): "--alpha is missing for pl-condition",
        ("simulate", *words, "--alpha", "0.001", "-N", "100", "--t-max", "1"): "alpha = 0.001",
    }.items():
        status, _, err = run(*bad)
        assert status == 2 and said in err and err.count("\n") == 1


@pytest.mark.slow
def test_below_the_threshold_there_are_no_critical_points_to_count(run: Any) -> None:
    status, _, err = run("complexity", "pl-condition", "--sigma-2", "1", "--alpha", "0.3")
    assert status == 1 and "no critical points" in err and err.count("\n") == 1


SMALL = Flows((16, 48), (12, 12), 2.0, 1.4)


@cache
def verdict(**perturb: float) -> Any:
    return CHECK.run(plan=SMALL, seed=1, perturb=perturb)


@pytest.mark.slow
def test_check_agrees() -> None:
    report = verdict()
    assert report.verdict == "agree" and len(report.comparisons) == 9


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"noise": 0.2}, *slow({"theory": 2.6})])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert verdict(**mistake).verdict == "disagree"


@pytest.mark.slow
@pytest.mark.parametrize(("quick", "mistake"), [(True, 1.6), (False, 1.3)])
def test_twice_the_resolution_is_seen(quick: bool, mistake: float) -> None:
    assert CHECK.run(quick=quick, seed=1, perturb={"theory": mistake}).verdict == "disagree"
