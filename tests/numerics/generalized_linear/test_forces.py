"""Momentum, a ridge penalty and temperature: exact for quadratic losses, against direct descent on the sphere."""

from typing import Any

import numpy as np
import pytest

from numerics.generalized_linear.dynamics import solve_descent
from numerics.generalized_linear.simulation import simulate_risk
from numerics.lowering import Array
from tests.numerics.generalized_linear.test_dynamics import resolvents
from theory.course import Course
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

ALPHA, ETA, STEPS = 2.0, 0.2, 6
SOFT = GeneralizedLinearLandscape(FIELD**2 / (1 + 5 * SIGNAL_FIELD**2))
"""Each datum has a curvature of its own."""
PHASE = PhaseRetrieval(1)


class Modes:
    """Averages over the spectrum of the Hessian of ``SOFT``, over the trace and along the signal, by Cauchy."""

    def __init__(self) -> None:
        arm = 9 * np.exp(2j * np.pi * (np.arange(96) + 0.5) / 96)
        self.z = 4 + arm
        self.weights = [np.asarray(g * -arm) for g in resolvents(self.z, ALPHA, lambda y: 2 / (1 + 5 * y**2))]

    def trace(self, f: Array) -> Array:
        return np.asarray(np.mean(f * self.weights[0], axis=-1).real)

    def signal(self, f: Array) -> Array:
        return np.asarray(np.mean(f * self.weights[1], axis=-1).real)


def exact(momentum: float, ridge: float, temperature: float) -> dict[str, Array]:
    """``w(t) = p_t(H) w(0) + sum_k r_(t-k)(H) (2 T eta)^(1/2) phi_k``, unconstrained."""
    modes = Modes()
    pull = ETA * (modes.z + ridge)
    p, r = np.ones((STEPS + 1, modes.z.size), dtype=complex), np.zeros((STEPS + 1, modes.z.size), dtype=complex)
    r[1] = 1.0
    for t in range(STEPS):
        p[t + 1] = p[t] + momentum * (p[t] - p[max(t - 1, 0)]) - pull * p[t]
        if t:
            r[t + 1] = r[t] + momentum * (r[t] - r[t - 1]) - pull * r[t]
    squares = p**2 + 2 * temperature * ETA * np.cumsum(r**2, axis=0)
    return {
        "growth": modes.signal(p), "variance": modes.signal(squares), "norm": modes.trace(squares),
        "memory": modes.trace(p), "response": modes.trace(r), "energy": modes.trace((modes.z + ridge) * squares) / 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("momentum", "ridge", "temperature"), [(0.6, 0.0, 0.0), (0.0, 0.7, 0.0), (0.0, 0.0, 0.3), (0.5, 0.4, 0.2)]
)
def test_quadratic_losses_are_exact(momentum: float, ridge: float, temperature: float) -> None:
    given = {"momentum": momentum, "ridge": ridge, "temperature": temperature}
    how: Any = {"eta": ETA, "constraint": "none", "walkers": 2048, "samples": 8}
    found = solve_descent(SOFT, ALPHA, ETA * STEPS, **how, **given)
    rows = {
        "growth": (found.growth, found.errors["growth"]), "variance": (found.variance, found.errors["variance"]),
        "norm": (np.diag(found.C), np.diag(found.errors["C"])), "memory": (found.C[:, 0], found.errors["C"][:, 0]),
        "response": (found.R[:, 0] * (found.t > 0), found.errors["R"][:, 0]),
        "energy": (found.energy, found.errors["energy"]),
    }  # fmt: skip
    for name, values in exact(**given).items():
        plain = exact(0.0, 0.0, 0.0)[name]
        assert np.all(np.abs(rows[name][0] - values) <= 4 * rows[name][1] + 5e-4), name
        assert np.max(np.abs(plain - values)) > 0.02 or (temperature and name in ("growth", "memory", "response"))


def test_langevin_without_data_diffuses_on_the_sphere() -> None:
    """``C(t, s) = exp(-T (t - s))``, mu = T: weak enough a loss."""
    weak = GeneralizedLinearLandscape(FIELD**2 / 10**9)
    found = solve_descent(weak, ALPHA, 1.0, temperature=0.7, times=[0.5], walkers=512, samples=2)
    half = int(np.argmin(np.abs(found.t - 0.5)))
    assert found.mu == pytest.approx(0.7, abs=1e-6) and found.variance == pytest.approx(1.0, abs=1e-3)
    for t, s in ((-1, 0), (-1, half), (half, 0)):
        exact = np.exp(-0.7 * (found.t[t] - found.t[s]))
        assert abs(found.C[t, s] - exact) < 3 * found.errors["C"][t, s] + 1e-6 < 0.05


def direct(seed: int, size: int, alpha: float, momentum: float, temperature: float) -> Array:
    """``m, e, C(t, 0)`` of descent on the sphere with ``PHASE``, as its definition says; (steps + 1, 3)."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((round(alpha * size), size)) / np.sqrt(size)
    signal, w = np.linalg.qr(rng.standard_normal((size, 2)))[0].T * np.sqrt(size)
    w = 0.3 * signal + np.sqrt(1 - 0.3**2) * w
    y, first, before, rows, step = data @ signal, w, w, [], 0.05
    for _ in range(9):
        u = data @ w
        rows.append([w @ signal / size, np.sum((u**2 - y**2) ** 2 / (1 + y**2)) / 2 / size, w @ first / size])
        force = 2 * u * (u**2 - y**2) / (1 + y**2)
        moved = w + momentum * (w - before) - step * force @ data
        moved += np.sqrt(2 * temperature * step) * rng.standard_normal(size)
        before, w = w, moved * np.sqrt(size / (moved @ moved))
    return np.array(rows)


@pytest.mark.parametrize(("momentum", "temperature"), [(0.6, 0.0), (0.0, 0.5), (0.5, 0.3)])
def test_against_direct_descent_on_the_sphere(momentum: float, temperature: float) -> None:
    given = {"momentum": momentum, "temperature": temperature}
    found = solve_descent(PHASE, 2.0, 0.4, eta=0.05, overlap=0.3, walkers=2048, samples=8, **given)
    runs = np.array([direct(seed, 600, 2.0, **given) for seed in range(60)])
    mean, scatter = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    theory = np.array([found.m, found.energy, found.C[:, 0]]).T
    claimed = np.array([found.errors["m"], found.errors["energy"], found.errors["C"][:, 0]]).T
    assert np.all(np.abs(mean - theory) < 4 * np.hypot(scatter, claimed) + 2e-3)
    without = solve_descent(PHASE, 2.0, 0.4, eta=0.05, overlap=0.3, walkers=2048, samples=8)
    assert abs(found.energy[-1] - without.energy[-1]) > 0.02


@pytest.mark.slow
def test_langevin_against_simulation() -> None:
    """The flow at a temperature, whose energy rises again in the end."""
    times = [0.2, 0.5, 1.0]
    found = solve_descent(PHASE, 2.0, 1.0, overlap=0.3, temperature=0.5, times=times, walkers=2048).at(times)
    runs = simulate_risk(PHASE, 500, 2.0, 60, 0, t_max=1.0, overlap=0.3, temperature=0.5, at=times, rtol=1e-3).at(times)
    for name in ("m", "energy", "mu", "correlation"):
        error = np.hypot(found[f"{name}_error"], runs[f"{name}_error"])
        assert np.all(np.abs(found[name] - runs[name]) < 4 * error + 5e-3), name


def test_a_light_mass_is_the_flow_slowed_down_by_friction() -> None:
    """``gamma w' = -grad H - mu w`` for M -> 0: the time of the flow is ``t/gamma``."""
    flow = simulate_risk(PHASE, 40, 3.0, 4, 0, t_max=0.5, overlap=0.3)
    heavy = simulate_risk(PHASE, 40, 3.0, 4, 0, t_max=5.0, overlap=0.3, mass=0.1, friction=Course("10"), rtol=1e-3)
    for name in ("m", "energy"):
        assert heavy[name][:, 0, -1] == pytest.approx(flow[name][:, 0, -1], abs=0.02)
    assert heavy.settings["mass"] == 0.1 and "mass" not in flow.settings


def test_heat_without_the_sphere_asks_for_no_shorter_steps() -> None:
    """Modes have the rates of the Hessian whatever T is; the multiplier plays no part."""
    counts = [
        solve_descent(LinearRegression(), 2.0, 0.2, constraint="none", temperature=T, walkers=1024, samples=2).t.size
        for T in (0.1, 1e4)
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature = -1.0 must be a finite number >= 0"),
        ({"ridge": 0.1}, "on the sphere a penalty is a constant; try constraint = 'none'"),
        ({"momentum": 1.0, "eta": 0.1}, "momentum = 1.0 must lie within"),
        ({"momentum": 0.5}, "momentum = 0.5 needs a step"),
        ({"temperature": 0.1, "eta": 0.001}, "walkers = 64 are too few for thermal noise over 100 steps; try 256"),
    ],
)
def test_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_descent(PHASE, 2.0, 0.1, walkers=64, samples=2, **options)


def test_what_is_asked_is_in_the_settings() -> None:
    how: Any = {"eta": 0.1, "walkers": 64, "samples": 2, "constraint": "none"}
    plain = solve_descent(PHASE, 2.0, 0.1, **how)
    found = solve_descent(PHASE, 2.0, 0.1, temperature=0.1, ridge=0.5, momentum=0.5, **how)
    names = {"temperature", "ridge", "momentum"}
    assert names <= found.settings.keys() and not names & plain.settings.keys()
