"""Gradient flow and Langevin dynamics against exact solutions, the two-time equations and equilibrium."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, rdist
from sympy import Rational

from numerics.dynamics import solve_dynamics
from numerics.errors import ConvergenceError
from numerics.lowering import Array
from numerics.simulation import chebyshev, gradient_flow, langevin, random_starts, sample, starts_with_overlap
from numerics.simulation.brownian import kick
from numerics.simulation.embedded import dormand_prince
from numerics.simulation.sphere import Field, Indices, Point, on_sphere, rms
from numerics.simulation.starts import saved_starts
from theory import OVERLAP, GaussianLandscape, SpikedMatrixTensor

Q = OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
SPIKED = SpikedMatrixTensor(3, Rational(3, 10), 1)
slow = pytest.mark.slow


@dataclass(frozen=True, eq=False)
class Quadratic:
    """``H = -x.D x/2`` with D diagonal: flow is ``x_i ~ exp(d_i t) x_i(0)``, scaled to the sphere."""

    d: Array

    @property
    def size(self) -> int:
        return self.d.size

    @property
    def signal(self) -> Array:
        return np.ones(self.size)

    def gradient(self, x: Array) -> tuple[Array, Array]:
        gradient = -self.d * x
        return (x * gradient).sum(axis=1) / (2 * self.size), gradient

    def hessian_vector(self, x: Array, v: Array) -> Array:
        return -self.d * v

    def hessian(self, x: Array) -> Array:
        return -np.diag(self.d)

    def exact(self, x: Array, t: float) -> Array:
        return on_sphere(np.exp(self.d * t - self.d.max() * t) * x)


def semicircle(size: int) -> Quadratic:
    """``f = q^2/2`` in the basis of its eigenvectors, at the quantiles of their law."""
    return Quadratic(2 * rdist.ppf((np.arange(size) + 0.5) / size, 3))


class Record:
    """An observer that keeps everything."""

    def __init__(self) -> None:
        self.x: dict[tuple[int, int], Array] = {}
        self.energy: dict[tuple[int, int], float] = {}

    def __call__(self, k: int, which: Indices, point: Point) -> None:
        for row, start in enumerate(which):
            assert (k, int(start)) not in self.x
            self.x[k, int(start)], self.energy[k, int(start)] = point.x[row].copy(), float(point.energy[row])


# Starts.


def test_starts_have_their_overlap_and_are_uniform_across() -> None:
    rng = np.random.default_rng(0)
    signal = random_starts(40, 1, rng)[0]
    for overlap in (-1.0, 0.0, 1e-9, 0.3, 1.0):
        x = starts_with_overlap(signal, overlap, 5, rng)
        assert x @ signal / 40 == pytest.approx(np.full(5, overlap), abs=1e-15)
        assert (x**2).sum(axis=1) == pytest.approx(np.full(5, 40), rel=1e-14)
    x = starts_with_overlap(signal, 0.3, 4000, rng) - 0.3 * signal
    covariance = x.T @ x / 4000
    expected = (1 - 0.3**2) * 40 / 39 * (np.eye(40) - np.outer(signal, signal) / 40)
    assert np.max(np.abs(covariance - expected)) < 5 * np.sqrt(2 / 4000)
    # a coordinate of a uniform point: (1 + x/sqrt N)/2 has the law Beta((N-1)/2, (N-1)/2)
    first = random_starts(6, 3000, rng)[:, 0]
    assert kstest((1 + first / np.sqrt(6)) / 2, "beta", args=(2.5, 2.5)).pvalue > 1e-3


def test_saved_starts_are_scaled_and_checked() -> None:
    x = saved_starts([3.0, 4.0], 2)
    assert x.shape == (1, 2) and x[0] == pytest.approx(np.array([0.6, 0.8]) * np.sqrt(2))
    with pytest.raises(ValueError, match=r"start has shape \(3,\): expected \(N,\) or \(starts, N\) with N = 2"):
        saved_starts([1.0, 2, 3], 2)
    for bad in ([0.0, 0.0], [1.0, np.inf]):
        with pytest.raises(ValueError, match="zero or not finite"):
            saved_starts(bad, 2)
    with pytest.raises(ValueError, match=r"overlap = 1\.5"):
        starts_with_overlap(np.ones(3), 1.5, 1, np.random.default_rng(0))


# One step.


@pytest.mark.parametrize(("stages", "order"), [(0, 5), (2, 2), (7, 2), (30, 2)])
def test_order_of_the_methods(stages: int, order: int) -> None:
    sampled = sample(GaussianLandscape(Q**3 / 2 + Q**2), 12, 1, dtype="float64")
    x = random_starts(12, 3, np.random.default_rng(0))
    errors = []
    for count in (8, 16):
        field = Field(sampled)
        point, h = field.at(x), np.full(3, 0.4 / count)
        for _ in range(count):
            if stages:
                point = chebyshev.chebyshev(field, point, h, np.full(3, stages)).end
            else:
                point = dormand_prince(field, point, h).end
        exact = gradient_flow(sampled, x, 0.4, rtol=1e-12).x
        errors.append(rms(point.x - exact).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.35 if stages else 0.6)


def test_error_estimates_are_those_of_the_step() -> None:
    system, rng = semicircle(50), np.random.default_rng(0)
    x = random_starts(50, 4, rng)
    field = Field(system)
    h = np.array([0.05, 0.1, 0.2, 0.3])
    trial = chebyshev.chebyshev(field, field.at(x), h, np.full(4, 5))
    true = rms(trial.end.x - np.stack([system.exact(x[i : i + 1], h[i])[0] for i in range(4)]))
    assert np.all(trial.error > 0.5 * true) and np.all(trial.error < 10 * true)
    fast = dormand_prince(field, field.at(x), h)
    true = rms(fast.end.x - np.stack([system.exact(x[i : i + 1], h[i])[0] for i in range(4)]))
    assert np.all(fast.error > true)


def test_stability_and_spectral_radius() -> None:
    """At the minimum of H rates are ``d_max - d_i``: 0 ... 4."""
    system, rng = semicircle(200), np.random.default_rng(0)
    x = np.zeros((1, 200))
    x[0, -1] = np.sqrt(200)
    field = Field(system)
    rate, _ = chebyshev.spectral_radius(field, field.at(x), rng.standard_normal((1, 200)), 16)
    assert 0.9 * 4 < rate[0] <= 4.0 + 1e-6
    nudged = on_sphere(x + 1e-3 * rng.standard_normal((1, 200)))
    for reach in (3.0, 40.0, 2000.0):
        stages = chebyshev.stages_for(np.array([reach]))
        point = field.at(nudged)
        for _ in range(20):
            point = chebyshev.chebyshev(field, point, np.array([reach / 4]), stages).end
        shrunk = np.linalg.norm(point.x[0, :100]) / np.linalg.norm(nudged[0, :100])
        assert shrunk < 0.5, reach  # (1 - damping/3)^20 at most
    with np.errstate(all="ignore"):
        point = field.at(nudged)
        for _ in range(20):
            point = chebyshev.chebyshev(field, point, np.array([10.0]), np.array([5])).end
    assert rms(point.x - x)[0] > 0.1  # too few stages for 40


# Gradient flow.


@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-8])
def test_flow_of_a_quadratic_landscape(rtol: float) -> None:
    system, record = semicircle(60), Record()
    x = random_starts(60, 3, np.random.default_rng(1))
    times = [0, 0.5, 1 / 3 + 1, 10, 70, 300]
    found = gradient_flow(system, x, times, rtol=rtol, observe=record, gradient_tolerance=1e-12)
    assert len(record.x) == 18
    for (k, start), state in record.x.items():
        exact = system.exact(x[start : start + 1], times[k])
        assert rms(state - exact)[0] < 20 * rtol, (k, start)
        assert abs(state @ state / 60 - 1) < 1e-12
    assert np.array_equal(found.x[1], record.x[5, 1]) and found.t.tolist() == [300] * 3


@pytest.mark.parametrize("rtol", [0.3, 1e-4])
def test_energy_never_rises_and_the_norm_is_kept(rtol: float) -> None:
    sampled, record = sample(SPIKED, 40, 3), Record()
    times = np.concatenate(([0.0], np.geomspace(0.01, 100, 300)))
    x = starts_with_overlap(sampled.signal, 0.1, 3, np.random.default_rng(2))
    gradient_flow(sampled, x, times, rtol=rtol, observe=record)
    for start in range(3):
        energy = np.array([record.energy[k, start] for k in range(times.size)])
        assert np.max(np.diff(energy)) <= 1e-12
        assert energy[0] > energy[-1] + 0.5
    norms = np.array([state @ state / 40 for state in record.x.values()])
    assert np.max(np.abs(norms - 1)) < 1e-12


def test_a_step_that_climbs_is_refused() -> None:
    """Without the guard this one does: the steps are as long as they can be."""

    class Steep(Quadratic):
        def gradient(self, x: Array) -> tuple[Array, Array]:
            energies.append(float(super().gradient(x)[0][0]))
            return super().gradient(x)

    energies: list[float] = []
    system = Steep(np.linspace(-30, 30, 20))
    x = random_starts(20, 1, np.random.default_rng(0))
    record = Record()
    found = gradient_flow(system, x, np.linspace(0.2, 4, 20), rtol=0.9, observe=record)
    assert found.statistics["rejected"] > 0
    assert max(np.diff(energies)) > 1e-3  # trials did climb
    assert max(np.diff([record.energy[k, 0] for k in range(20)])) <= 1e-12


def test_starts_are_independent_and_drop_out() -> None:
    """A start on its own takes the same steps; one that has converged costs nothing more."""
    sampled = sample(SPIKED, 30, 5)
    x = starts_with_overlap(sampled.signal, 0.2, 4, np.random.default_rng(0))
    together = gradient_flow(sampled, x, [1, 400], gradient_tolerance=1e-6)
    alone = [gradient_flow(sampled, row, [1, 400], gradient_tolerance=1e-6) for row in x]
    assert np.max(rms(together.x - np.concatenate([run.x for run in alone]))) < 1e-9
    assert together.statistics["steps"] == sum(run.statistics["steps"] for run in alone)
    assert together.statistics["gradients"] <= sum(run.statistics["gradients"] for run in alone) + 40
    assert together.statistics["passes"] < together.statistics["gradients"]
    assert np.all(together.converged) and np.all(together.gradient_norm < 1e-6)
    assert len(set(together.t)) == 4 and np.all(together.t < 400)
    energy, gradient = sampled.gradient(together.x)
    tangent = gradient - (gradient * together.x).sum(axis=1, keepdims=True) / 30 * together.x
    assert rms(tangent) == pytest.approx(together.gradient_norm, abs=1e-12)
    assert energy == pytest.approx(together.energy, abs=1e-14)


def test_a_start_at_rest_is_seen_at_every_time() -> None:
    system, record = semicircle(20), Record()
    minimum = np.zeros(20)
    minimum[-1] = 1
    found = gradient_flow(system, minimum, [0, 1, 5, 1e6], observe=record)
    assert found.statistics["steps"] == 0 and found.t[0] == 0
    assert all(np.array_equal(record.x[k, 0], found.x[0]) for k in range(4))


def test_long_runs_cost_little() -> None:
    """Dormand-Prince alone needs 1.8 gradients per unit of (largest rate x time); t = 1000 at rate 7: 12600."""
    sampled = sample(CUBE, 64, 0)
    x = random_starts(64, 1, np.random.default_rng(0))
    found = gradient_flow(sampled, x, 1000, gradient_tolerance=0)
    assert found.t[0] == 1000 and found.statistics["gradients"] < 2500
    finer = gradient_flow(sampled, x, 1000, gradient_tolerance=0, rtol=1e-7)
    assert found.energy == pytest.approx(finer.energy, abs=1e-9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"times": [1, 1]}, "expected increasing times >= 0"),
        ({"times": [-1, 1]}, "expected increasing times >= 0"),
        ({"times": [1, np.inf]}, "expected increasing times >= 0"),
        ({"rtol": 2}, r"rtol = 2: expected a tolerance within \[1e-12, 1\)"),
        ({"gradient_tolerance": -1}, "gradient_tolerance = -1"),
        ({"start": np.ones(5)}, r"start has shape \(5,\)"),
    ],
)
def test_flow_refuses(words: dict[str, Any], message: str) -> None:
    arguments = {"start": np.ones(4), "times": [1]} | words
    with pytest.raises(ValueError, match=message):
        gradient_flow(Quadratic(np.arange(4.0)), **arguments)


def test_a_force_that_is_not_a_number_stops_the_run() -> None:
    class Broken(Quadratic):
        def gradient(self, x: Array) -> tuple[Array, Array]:
            calls.append(1)
            energy, gradient = super().gradient(x)
            return energy, gradient if len(calls) < 30 else gradient * np.nan

    calls: list[int] = []
    with pytest.raises(ConvergenceError, match=r"gradient flow at t = .*: no step is small enough"):
        gradient_flow(Broken(np.arange(4.0)), [1.0, 2, 3, 4], 100)


# Brownian motion and Langevin dynamics.


@pytest.mark.parametrize("s", [1e-3, 0.05, 0.4])
def test_brownian_motion_has_the_moments_of_the_heat_kernel(s: float) -> None:
    """``E C_l(z) = exp(-l (l + N - 2) s/N)`` for the Gegenbauer polynomials, l = 1, 2, 3."""
    size, count = 6, 40000
    x = np.repeat(random_starts(size, 1, np.random.default_rng(0)), count, axis=0)
    rng = np.random.default_rng(1)
    y = kick(x, s, [rng] * count)
    assert (y**2).sum(axis=1) == pytest.approx(np.full(count, size), rel=1e-13)
    z = (x * y).sum(axis=1) / size
    harmonics = (z, (size * z**2 - 1) / (size - 1), ((size + 2) * z**3 - 3 * z) / (size - 1))
    for degree, harmonic in enumerate(harmonics, 1):
        expected = np.exp(-degree * (degree + size - 2) * s / size)
        allowed = 4 * harmonic.std() / np.sqrt(count) + 0.1 * s**4
        assert abs(harmonic.mean() - expected) < allowed, degree
    across = y - z[:, None] * x
    assert np.abs(across.mean(axis=0)).max() < 5 * np.sqrt(2 * s / count)


@pytest.mark.parametrize("s", [1e-300, 1e-18, 0.99e-8, 1.01e-8])
def test_brownian_motion_over_no_time(s: float) -> None:
    """The distance gone is that of the flat space, ``2 s (N - 1)/N`` of each site; nothing where that is no number."""
    size, count = 6, 20000
    x = np.repeat(random_starts(size, 1, np.random.default_rng(0)), count, axis=0)
    y = kick(x, s, [np.random.default_rng(1)] * count)
    gone = ((y - x) ** 2).mean()
    assert gone == pytest.approx(2 * s * (size - 1) / size, rel=0.03, abs=1e-31)


def test_noise_of_a_start_is_its_own() -> None:
    x = random_starts(8, 3, np.random.default_rng(0))
    system = semicircle(8)
    together = langevin(system, x, [1], 0.5, np.random.default_rng(3).spawn(3), step=0.1)
    alone = langevin(system, x[2], [1], 0.5, np.random.default_rng(3).spawn(3)[2:], step=0.1)
    assert together.x[2] == pytest.approx(alone.x[0], abs=1e-13)
    assert rms(together.x[:1] - together.x[1:2])[0] > 0.1


def thermal(step: float | None, temperature: float, t: Array, size: int = 40000) -> tuple[Array, Array]:
    """Energies of ``f = q^2/2`` (times,) and their standard errors, from 6 runs."""
    system, record = semicircle(size), Record()
    x = random_starts(size, 6, np.random.default_rng(1))
    langevin(system, x, t, temperature, np.random.default_rng(2).spawn(6), step=step, observe=record)
    energy = np.array([[record.energy[k, start] for k in range(t.size)] for start in range(6)])
    return energy.mean(axis=0), energy.std(axis=0, ddof=1) / np.sqrt(6)


def test_langevin_against_the_two_time_equations() -> None:
    t = np.array([0.5, 1, 3])
    energy, error = thermal(None, 0.7, t)
    expected = solve_dynamics(GaussianLandscape(Q**2 / 2), 3, temperature=0.7).at(t)["energy"]
    assert np.all(np.abs(energy - expected) < 4 * error + 1e-3)
    assert np.all(error < 2e-3)


def test_langevin_is_of_second_order() -> None:
    """In equilibrium at high T the response to a force is too large by ``T h coth(T h)``."""
    bias = [thermal(step, 2.0, np.array([4.0]))[0][0] / -0.25 - 1 for step in (0.4, 0.2)]
    assert np.log2(bias[0] / bias[1]) == pytest.approx(2, abs=0.3)
    assert bias[1] == pytest.approx(0.4 / np.tanh(0.4) - 1, rel=0.35)


def test_langevin_reaches_equilibrium() -> None:
    """Above the transition ``e = -beta f(1)``: -1/(2T) for ``f = q^2/2``, T > 1; also from a start far from it."""
    energy, error = thermal(None, 2.0, np.array([4.0]), size=15000)
    assert abs(energy[0] + 0.25) < 4 * error[0] + 1e-3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"temperature": 0}, "temperature = 0: expected a number > 0; gradient_flow has T = 0"),
        ({"rtol": 0}, "rtol = 0"),
        ({"step": -1.0}, "step = -1.0: expected a number > 0"),
        ({"rngs": []}, "rngs has 0 generators for 1 starts"),
    ],
)
def test_langevin_refuses(words: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"temperature": 1.0, "rngs": [np.random.default_rng(0)]} | words
    with pytest.raises(ValueError, match=message):
        langevin(Quadratic(np.arange(4.0)), np.ones(4), [1], **arguments)


def test_default_step_follows_the_stiffness() -> None:
    counts = []
    for scale in (1.0, 3.0):
        system = Quadratic(scale * np.linspace(-2, 2, 50))
        counts.append(langevin(system, np.ones(50), [2], 0.1, [np.random.default_rng(0)]).statistics["steps"])
    assert counts[1] / counts[0] == pytest.approx(3, rel=0.2)
    hot, hotter = (
        langevin(system, np.ones(50), [2], temperature, [np.random.default_rng(0)]).statistics["steps"]
        for temperature in (50, 100)
    )
    assert hotter / hot == pytest.approx(2, rel=0.1)
