"""Landscapes drawn where they are looked at: the law of what is seen, descent at a million spins, what is refused."""
# ruff: noqa: N806

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from sympy import Rational

from numerics.dynamics import solve_dynamics
from numerics.errors import ConvergenceError
from numerics.lowering import lower
from numerics.simulation import load, sample, simulate, starts_with_overlap, unseen
from numerics.simulation.conditioned import covariance
from numerics.simulation.landscape_sample import Sample
from numerics.simulation.powers import packed_powers, values_at
from numerics.simulation.sphere import on_sphere
from numerics.simulation.starts import at_overlap
from numerics.simulation.unseen import ConditionedLandscape
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

q, m = OVERLAP, SIGNAL_OVERLAP
PURE = GaussianLandscape(q**3 / 2)
MIXED = GaussianLandscape(3 * q / 10 + q**2 / 2 + q**3 / 2 + q**4 / 5)
SPIKED = GaussianLandscape(q**2 / 2 + q**3 / 2, m**2 / 4 + m**3 / 4)
STEP, START = 0.1, 0.3
MILLION = 10**6


def descended(drawn: Sample, x: Any, steps: int) -> Any:
    """e, m and C(t, 0) of ``x -> x + h F``, back on the sphere; (steps + 1, 3)."""
    rows, first = [], x
    for _ in range(steps + 1):
        energy, gradient = drawn.gradient(x)
        rows.append([energy[0], x[0] @ drawn.signal / x.size, x[0] @ first[0] / x.size])
        x = on_sphere((1 + STEP * (x[0] @ gradient[0]) / x.size) * x - STEP * gradient)
    return np.array(rows)


def theory(landscape: GaussianLandscape, m0: float, steps: int) -> tuple[Any, Any, Any]:
    """At infinite N, with C and R: ``g_t = xi_t - sum_s f''(C_ts) R_ts x_s - g'(m_t) x*``, ``Cov xi = f'(C)``."""

    of_noise = lower((OVERLAP,), [landscape.f(k, OVERLAP) for k in (1, 2)])
    of_signal = lower((SIGNAL_OVERLAP,), [landscape.g(k, SIGNAL_OVERLAP) for k in (0, 1)])
    C, R, e = np.eye(steps + 1), np.zeros((steps + 1, steps + 1)), np.zeros(steps + 1)
    overlap = np.full(steps + 1, m0)
    for t in range(steps + 1):
        (noise, bend), (height, drift) = of_noise(C[t, : t + 1]), of_signal(overlap[t])
        memory = bend[:t] * R[t, :t]
        e[t] = -noise[:t] @ R[t, :t] - height
        if t == steps:
            break
        g_x = -R[: t + 1, :t] @ noise[:t] - C[: t + 1, :t] @ memory - drift * overlap[: t + 1]
        g_signal = -memory @ overlap[:t] - drift
        g_xi = noise[t] + memory @ (R[:t, :t] @ noise[:t])
        keep, g_g = 1 + STEP * g_x[t], g_xi - memory @ g_x[:t] - drift * g_signal
        back = (keep**2 - 2 * keep * STEP * g_x[t] + STEP**2 * g_g) ** -0.5
        C[t + 1, : t + 1] = C[: t + 1, t + 1] = back * (keep * C[t, : t + 1] - STEP * g_x)
        overlap[t + 1] = back * (keep * overlap[t] - STEP * g_signal)
        R[t + 1, :t] = back * (keep * R[t, :t] + STEP * memory @ R[:t, :t])
        R[t + 1, t] = back * STEP
    return np.column_stack([e, overlap, C[:, 0]]), C, R


def started(drawn: ConditionedLandscape, m0: float, seed: int) -> Any:
    return at_overlap(drawn.signal, m0, drawn.normal(np.random.default_rng(seed))[None])


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 4])
def test_powers(degree: int) -> None:
    rng = np.random.default_rng(0)
    rows, weights, at = rng.standard_normal((3, 4)), rng.standard_normal(3), rng.standard_normal((2, 4))
    expected = (at @ rows.T) ** degree @ weights
    np.testing.assert_allclose(values_at(packed_powers(rows, weights, degree), degree, at), expected, rtol=1e-12)


def whitened(samples: int) -> Any:
    """sqrt(samples) (covariance - 1) of gradients and energies at four points in three axes, in units of theirs."""
    size, points = 8, np.array([[1, 0, 0], [0.6, 0.8, 0], [0.3, 0.5, 0.9], [0.9, 0.1, -0.3]])
    rows = []
    for seed in range(samples):
        drawn, rng = ConditionedLandscape(MIXED, size, seed, dtype="float64"), np.random.default_rng(seed)
        drawn.normal(rng), drawn.normal(rng)
        y = np.zeros((4, drawn.size))
        y[:, :3] = points * np.sqrt(drawn.size)
        energy, gradient = drawn.gradient(y)
        rows.append([*gradient[:, :3].ravel(), *energy * np.sqrt(size)])
    full = np.zeros((4, size))
    full[:, :3] = points * np.sqrt(size)
    places = [*(k * size + i for k in range(4) for i in range(3)), *range(4 * size, 4 * size + 4)]
    white = np.linalg.solve(np.linalg.cholesky(covariance(MIXED, full)[np.ix_(places, places)]), np.array(rows).T)
    return (white @ white.T / samples - np.eye(16)) * np.sqrt(samples)


@pytest.mark.parametrize("samples", [100, pytest.param(10000, marks=pytest.mark.slow)])
def test_joint_law_of_what_is_seen(samples: int) -> None:
    z = whitened(samples)
    assert 0.8 < z[np.triu_indices(16, 1)].std() < 1.2
    assert np.abs(np.diag(z)).max() / np.sqrt(2) < 4.5
    assert np.abs(z[np.triu_indices(16, 1)]).max() < 4.5


@pytest.mark.parametrize("size", [8, 1000])
def test_what_was_seen_stays(size: int) -> None:
    """Also where there are as many axes as spins."""
    drawn = ConditionedLandscape(MIXED, size, 0, dtype="float64")
    x, seen = started(drawn, 0.0, 1), []
    for _ in range(12):
        energy, gradient = drawn.gradient(x)
        seen.append((x, energy, gradient))
        x = on_sphere(x - 0.2 * gradient)
    assert drawn.axes == min(size, 14)
    for x, energy, gradient in seen:
        again = drawn.gradient(x)
        np.testing.assert_allclose(again[0], energy, rtol=1e-10)
        np.testing.assert_allclose(again[1], gradient, atol=1e-4)


def test_descent_of_a_billion_spins() -> None:
    steps = np.array([10, 50, 100])
    expected = theory(PURE, 0.0, 100)[0][steps, 0]
    np.testing.assert_allclose(expected, [-0.76941489, -1.03247216, -1.08024881], atol=1e-8)
    drawn = ConditionedLandscape(PURE, 10**9, 0)
    np.testing.assert_allclose(descended(drawn, started(drawn, 0.0, 1), 100)[steps, 0], expected, atol=2e-4)


def test_descent_with_a_signal() -> None:
    drawn = ConditionedLandscape(SPIKED, 10**9, 0)
    found = descended(drawn, started(drawn, START, 1), 30)
    np.testing.assert_allclose(found, theory(SPIKED, START, 30)[0], atol=4e-4)


def runs(start: Callable[[int], tuple[Sample, Any]], samples: int, steps: int, every: int) -> Any:
    return np.array([descended(*start(seed), steps)[every::every] for seed in range(samples)])


@pytest.mark.slow
def test_means_and_variances_of_dense_runs() -> None:
    """With the average of the memory alone that of e is 0.12/N in place of 0.69/N at t = 1, 0.48/N, not 0.35/N at 4."""
    size, samples = 96, 2000

    def dense(seed: int) -> tuple[Sample, Any]:
        drawn = sample(SPIKED, size, seed)
        return drawn, starts_with_overlap(drawn.signal, START, 1, np.random.default_rng(seed + samples))

    def conditioned(seed: int) -> tuple[Sample, Any]:
        drawn = ConditionedLandscape(SPIKED, size, seed)
        return drawn, started(drawn, START, seed + 2 * samples)

    first, second = (runs(start, samples, 40, 10) for start in (dense, conditioned))
    squares = [(values - values.mean(axis=0)) ** 2 for values in (first, second)]
    for one, other in ((first, second), squares):
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / samples)
        assert np.all(np.abs(one.mean(axis=0) - other.mean(axis=0))[error > 0] < 4 * error[error > 0])


def test_a_million_spins_against_the_two_time_equations() -> None:
    found = simulate(PURE, MILLION, 1, 0, t_max=5.0, at=[1], ensemble="conditioned")
    expected = solve_dynamics(PURE, 5.0, rtol=1e-5).at([1.0, 5.0])["energy"]
    np.testing.assert_allclose(found.at([1, 5])["energy"], expected, atol=2e-3)
    assert "final" not in found.arrays and found["gradients"].max() < 200


def test_langevin_of_a_million_spins() -> None:
    """At T = 1 it equilibrates: ``e = -f(1)/T``."""
    landscape = GaussianLandscape(q**2 / 8)
    found = simulate(landscape, MILLION, 1, 0, t_max=4.0, temperature=1.0, ensemble="conditioned", rtol=0.01)
    expected = solve_dynamics(landscape, 4.0, temperature=1.0, rtol=1e-4).at([4.0])["energy"]
    np.testing.assert_allclose(found.at([4])["energy"], expected, atol=3e-3)


def spread(landscape: GaussianLandscape, steps: int) -> tuple[Any, Any]:
    """``lim N E m^2`` of random starts, and the amplification m/m0 of small overlaps, at each step.

    The axis of the signal feels ``g''(0) m`` besides what others do: ``m = m_0 + g''(0) R m``, with ``N E m_0 m_0``
    = C. Noise along it adds to the overlap of the start.
    """
    _, C, R = theory(landscape, 0.0, steps)
    response = np.linalg.inv(np.eye(steps + 1) - float(landscape.g(2, 0)) * R)
    return np.diag(response @ C @ response.T), response @ C[:, 0]


def test_amplification() -> None:
    landscape = GaussianLandscape(q**2 / 2, m**2)
    variance, factor = spread(landscape, 60)
    np.testing.assert_allclose(theory(landscape, 1e-7, 60)[0][:, 1], 1e-7 * factor, rtol=1e-6)
    assert (variance / factor**2)[-1] == pytest.approx(1.33, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("size", [10**4, 10**6])
@pytest.mark.parametrize("landscape", [GaussianLandscape(q**2 / 2, m**2), SpikedMatrixTensor(3, Rational(3, 10), 1)])
def test_escape_from_random_starts(landscape: GaussianLandscape, size: int) -> None:
    """As from overlaps ``kappa z/sqrt(N)``, z normal, ``kappa^2 = lim N E m^2/(m/m0)^2`` > 1; not from z/sqrt(N)."""
    steps, samples, places = 60, 1000, [20, 30, 40, 50, 60]
    variance, factor = spread(landscape, steps)
    z = ndtri((np.arange(60) + 0.5) / 60)
    kappa = np.sqrt(variance[-1]) / factor[-1]

    def expected(widened: float) -> Any:
        starts = widened * z / np.sqrt(size)
        return np.mean([np.abs(theory(landscape, m0, steps)[0][places, 1]) for m0 in starts], axis=0)

    found = []
    for seed in range(samples):
        drawn = ConditionedLandscape(landscape, size, seed)
        x = on_sphere(drawn.normal(np.random.default_rng(seed + samples))[None])
        found.append(np.abs(descended(drawn, x, steps)[places, 1]))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(samples)
    assert np.all(np.abs(mean - expected(kappa)) < 4 * error)
    assert np.max(np.abs(mean - expected(1.0)) / error) > 3


def test_chosen_where_dense_couplings_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulate(PURE, 32, 1, 0, t_max=0.1).settings["ensemble"] == "dense"
    monkeypatch.setattr(import_module("numerics.simulation.simulate"), "available_memory", lambda: 1e4)
    assert simulate(PURE, 32, 1, 0, t_max=0.1).settings["ensemble"] == "conditioned"


def test_any_unit_of_energy_and_stops_and_starts(tmp_path: Path) -> None:
    how: Any = {"ensemble": "conditioned", "starts": 2, "overlap": None}
    found = simulate(PURE, MILLION, 2, 3, t_max=0.5, output=tmp_path / "kept", **how)
    large = simulate(GaussianLandscape(2.0**80 * PURE.covariance), MILLION, 2, 3, t_max=2.0**-41, **how)
    np.testing.assert_allclose(large["energy"][..., -1], 2.0**40 * found["energy"][..., -1], rtol=1e-4)
    simulate(PURE, MILLION, 3, 3, t_max=0.5, output=tmp_path / "kept", resume=True, **how)
    assert np.array_equal(load(tmp_path / "kept")["m"][:2], found["m"])


def test_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    how: Any = {"t_max": 1.0, "ensemble": "conditioned"}
    for wrong in ({"hessian_times": "end"}, {"start": np.ones(64)}):
        with pytest.raises(ValueError, match="without hessian_times, start"):
            simulate(PURE, 64, 1, 0, **how, **wrong)
    with pytest.raises(ValueError, match="gradients alone"):
        ConditionedLandscape(PURE, 64, 0).hessian(np.ones(64))
    monkeypatch.setattr(unseen, "LARGEST_SPAN", 8)
    drawn = ConditionedLandscape(PURE, 64, 0)
    with pytest.raises(ConvergenceError, match="after 6 gradients the run spans 8 directions"):
        descended(drawn, started(drawn, 0.0, 1), 20)
