"""Descent and flow at infinite size: exact for least squares, against simulation for phase retrieval."""

import numpy as np
import pytest
from sympy import Rational, cosh, log, tanh

from numerics.errors import ConvergenceError
from numerics.generalized_linear.curvature import curvature_floor
from numerics.generalized_linear.dynamics import Descent, Process, load, save, solve_descent
from numerics.generalized_linear.dynamics import kernel as template
from numerics.generalized_linear.dynamics.runs import estimate
from numerics.generalized_linear.dynamics.steps import divided, flow_steps, lowest_curvature, lowest_loss
from numerics.generalized_linear.simulation import simulate_risk
from numerics.lowering import lower
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

ALPHA, ETA, STEPS = 2.0, 0.2, 5
LINEAR, PHASE = LinearRegression(), PhaseRetrieval(1)


def marchenko_pastur(alpha, nodes=400):
    """Nodes and weights of the spectrum of ``X^T X/N``, alpha > 1 (Gauss-Chebyshev of the second kind)."""
    angle = np.pi * np.arange(1, nodes + 1) / (nodes + 1)
    values = 1 + alpha + 2 * np.sqrt(alpha) * np.cos(angle)
    return values, np.pi / (nodes + 1) * (2 * np.sqrt(alpha) * np.sin(angle)) ** 2 / (2 * np.pi * values)


def exact_descent(constraint, steps=STEPS, overlap=0.0):
    """``w(t) = p(A) z + q(A) w*`` for the linear loss: rows of m, mu, e, C(t, 0) and G(t, 0), z across w*."""
    a, weight = marchenko_pastur(ALPHA)
    p, q = np.full(a.size, np.sqrt(1 - overlap**2)), np.full(a.size, overlap)
    start, g, rows = (p.copy(), q.copy()), np.zeros(a.size), []
    for t in range(steps + 1):
        mu = -weight @ (a * (p * p + q * (q - 1)))
        energy = weight @ (a * (p * p + (q - 1) ** 2)) / 2
        rows.append((weight @ q, mu, energy, weight @ (p * start[0] + q * start[1]), weight @ g if t else 0.0))
        p, q = p - ETA * a * p, q - ETA * a * (q - 1)
        b = 1 / np.sqrt(weight @ (p * p + q * q)) if constraint == "sphere" else 1.0
        p, q = b * p, b * q
        g = b * (g * (1 - ETA * a) if t else np.ones(a.size))
    return np.array(rows)


@pytest.mark.parametrize("constraint", ["none", "sphere"])
@pytest.mark.parametrize("overlap", [0.0, 0.3])
def test_linear_regression_is_exact(constraint, overlap):
    found = solve_descent(
        LINEAR, ALPHA, ETA * STEPS, eta=ETA, overlap=overlap, constraint=constraint, walkers=256, samples=2
    )
    rows = np.array([found.m, found.mu, found.energy, found.C[:, 0], np.tril(found.R, -1)[:, 0]]).T
    np.testing.assert_allclose(rows, exact_descent(constraint, overlap=overlap), atol=1e-10)
    assert max(np.abs(found.errors[name]).max() for name in ("m", "energy", "C")) < 1e-10


def test_reference_values_are_those_without_the_sphere():
    # PHYSICS: m = .76608, "loss" .06300631 after 5 steps; the second is per spin, alpha times that of a datum
    found = solve_descent(LINEAR, 2.0, 1.0, eta=0.2, constraint="none", walkers=128, samples=2)
    assert found.m[-1] == pytest.approx(0.76608, abs=1e-10)
    assert found.energy[-1] == pytest.approx(0.06300631, abs=1e-8)
    assert found.loss[-1] == found.energy[-1] / 2


def flow_errors(divisions):
    """Of m at t = 1 without the sphere, where ``m = 1 - E e^(-a t)``."""
    a, weight = marchenko_pastur(ALPHA)
    problem = Descent(LINEAR, ALPHA, 0.0, "none", slope=1.0)
    process = Process(problem, 256, 20 * divisions, np.random.default_rng(1))
    for step in divided(np.full(20, 0.05), divisions):
        process.advance(float(step))
    return process.observed[0, process.t] - (1 - weight @ np.exp(-a))


def test_steps_are_of_first_order():
    coarse, middle, fine = (flow_errors(n) for n in (1, 2, 4))
    assert middle / fine == pytest.approx(2, rel=0.1)
    assert abs(2 * fine - middle) < 0.1 * abs(fine)
    assert abs(coarse) > abs(middle) > abs(fine)


def test_linear_flow_within_its_errors():
    a, weight = marchenko_pastur(ALPHA)
    times = [0.1, 0.5, 1.0, 3.0]
    found = solve_descent(LINEAR, ALPHA, 3.0, constraint="none", times=times, walkers=256, samples=2).at(times)
    decay = np.exp(-np.outer(times, a))
    exact = {"m": 1 - decay @ weight, "energy": decay**2 @ (weight * a), "correlation": decay @ weight}
    for name, values in exact.items():
        assert np.all(np.abs(found[name] - values) <= 3 * found[f"{name}_error"] + 1e-4), name
        assert np.all(found[f"{name}_error"] < 0.02)


def test_halved_steps_agree():
    problem = Descent(PHASE, 3.0, 0.2, slope=-2.0)
    steps = flow_steps(problem, 0.5, (), 8, 0)
    coarse, fine = (estimate(problem, divided(steps, n), walkers=1024, samples=4, seed=5) for n in (1, 2))
    for name in ("m", "energy", "mu"):
        error = [
            np.sqrt(sum(part[name][-1] ** 2 for part in (e.statistical, e.steps, e.walkers))) for e in (coarse, fine)
        ]
        assert abs(coarse.value[name][-1] - fine.value[name][-1]) < 3 * np.hypot(*error), name


def simulate(alpha, overlap, eta, steps, size, seed, batch=1.0, persistence=0.0, landscape=PHASE):
    """Plain descent at finite N: rows of m, mu, e, C(t, 0)."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((round(alpha * size), size)) / np.sqrt(size)
    signal, start = rng.standard_normal((2, size))
    signal *= np.sqrt(size / (signal @ signal))
    start -= signal * (start @ signal) / size
    w = overlap * signal + np.sqrt(1 - overlap**2) * start * np.sqrt(size / (start @ start))
    loss, y, first, rows = lower((FIELD, SIGNAL_FIELD), [landscape.loss, landscape.force]), data @ signal, w.copy(), []
    chosen = rng.random(y.size) < batch
    for _ in range(steps + 1):
        value, force = loss(data @ w, y)
        rows.append((w @ signal / size, -(data @ w) @ force / size, value.sum() / size, w @ first / size))
        w = w - eta * data.T @ (force * chosen / batch)
        w *= np.sqrt(size / (w @ w))
        if persistence:
            leave, enter = (1 - batch) * eta / (batch * persistence), eta / persistence
            chance = rng.random(y.size)
            chosen = (chosen & (chance >= leave)) | (~chosen & (chance < enter))
        else:
            chosen = rng.random(y.size) < batch
    return np.array(rows)


def compare(found, runs, sigmas=4.0, skip=()):
    """Both error bars together; at overlap 0 a finite system drifts to either side, so m is left out."""
    rows = found.at(found.t)
    mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    for i, name in enumerate(("m", "mu", "energy", "correlation")):
        if name not in skip:
            bound = sigmas * np.hypot(rows[f"{name}_error"], error[:, i]) + 1e-9
            assert np.all(np.abs(rows[name] - mean[:, i]) < bound), name


@pytest.mark.parametrize(("batch", "persistence"), [(1.0, 0.0), (0.5, 0.0), (0.5, 0.1)])
def test_small_simulation(batch, persistence):
    options = {"batch": batch, "persistence": persistence}
    found = solve_descent(PHASE, 3.0, 0.3, eta=0.02, overlap=0.3, walkers=2048, samples=4, **options)
    runs = np.array([simulate(3.0, 0.3, 0.02, 15, 300, seed, **options) for seed in range(40)])
    compare(found, runs)


def simulate_proximal(problem, step, steps, size, seed):
    """Descent by proximal forces at finite N: rows of m, mu, e."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((round(problem.alpha * size), size)) / np.sqrt(size)
    signal, start = np.linalg.qr(rng.standard_normal((size, 2)))[0].T * np.sqrt(size)
    w, y = problem.overlap * signal + np.sqrt(1 - problem.overlap**2) * start, data @ signal
    compiled, rows = problem.compiled(), []
    value, force, bend = np.zeros((3, y.size))
    for _ in range(steps + 1):
        compiled.forces(data @ w, y, value, force, bend)
        rows.append((w @ signal / size, -(data @ w) @ force / size, value.sum() / size))
        compiled.proximal_forces(data @ w, y, step, 1 + step * problem.slope, force, bend)
        w = w - step * data.T @ force
        w *= np.sqrt(size / (w @ w))
    return np.array(rows)


def test_long_proximal_steps_have_a_theory_of_their_own():
    # no limit of short steps here: eta D exceeds 1 for most data at the start
    problem, step, steps = Descent(PHASE, 3.0, 0.3, slope=-2.0), 0.15, 6
    samples = []
    for seed in range(6):
        process = Process(problem, 2048, steps, np.random.default_rng(seed))
        for _ in range(steps):
            process.advance(step)
        samples.append(process.observed.T)
    runs = [simulate_proximal(problem, step, steps, 300, seed) for seed in range(40)]
    theory, error = np.mean(samples, axis=0), np.std(samples, axis=0) / np.sqrt(5)
    simulated, scatter = np.mean(runs, axis=0), np.std(runs, axis=0) / np.sqrt(39)
    assert np.all(np.abs(theory - simulated) < 4 * np.hypot(error, scatter) + 1e-9)


def test_a_loss_of_ones_own_against_simulation():
    # convex and bounded in its force, the label shown through a teacher
    landscape = GeneralizedLinearLandscape(log(cosh(FIELD - SIGNAL_FIELD)), tanh(2 * SIGNAL_FIELD))
    found = solve_descent(landscape, 2.0, 2.0, eta=0.2, overlap=0.1, walkers=2048, samples=4)
    runs = np.array([simulate(2.0, 0.1, 0.2, 10, 300, seed, landscape=landscape) for seed in range(40)])
    compare(found, runs)


@pytest.mark.parametrize("stretch", [1, 2, 100])
def test_the_lowest_curvature_is_no_matter_of_overflow(stretch):
    """``d^2/du^2 log(cosh(k (u^2 - y^2)))`` has the infimum -2k, at ``u = 0`` for large ``|y|``."""
    landscape = GeneralizedLinearLandscape(log(cosh(stretch * (FIELD**2 - SIGNAL_FIELD**2))))
    assert lowest_curvature(landscape) == pytest.approx(-2 * stretch, rel=1e-9)
    assert lowest_curvature(landscape) >= curvature_floor(landscape) - 1e-9 * stretch
    assert lowest_loss(landscape) == pytest.approx(0, abs=1e-9)


def test_flow_of_a_loss_whose_curvature_sinks_with_the_label():
    # (u^2 - y^2)^2/4: D = 3u^2 - y^2; the flow's steps heed the lowest one
    landscape = GeneralizedLinearLandscape((FIELD**2 - SIGNAL_FIELD**2) ** 2 / 4)
    assert lowest_curvature(landscape) == pytest.approx(-(5.5**2))
    found = solve_descent(landscape, 3.0, 0.1, overlap=0.5, times=[0.05], walkers=2048, samples=4)
    runs = np.array([simulate(3.0, 0.5, 0.0005, 200, 200, seed, landscape=landscape)[::100] for seed in range(16)])
    flow = {
        name: (found.at([0, 0.05, 0.1])[name], found.at([0, 0.05, 0.1])[f"{name}_error"]) for name in ("m", "energy")
    }
    for i, name in ((0, "m"), (2, "energy")):
        mean, error = runs.mean(axis=0)[:, i], runs.std(axis=0, ddof=1)[:, i] / 4
        assert np.all(np.abs(flow[name][0] - mean) < 4 * np.hypot(flow[name][1], error) + 1e-9), name


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0.0, 0.2])
def test_sixty_steps_against_simulation(overlap):
    found = solve_descent(PHASE, 3.0, 0.6, eta=0.01, overlap=overlap, walkers=16384)
    runs = np.array([simulate(3.0, overlap, 0.01, 60, 2000, seed) for seed in range(12)])
    compare(found, runs, sigmas=3.5, skip=() if overlap else ("m",))


def test_batches_matter_and_whole_batches_do_not():
    options = {"eta": 0.02, "overlap": 0.2, "walkers": 256, "samples": 2}
    whole, full, half = (solve_descent(PHASE, 3.0, 0.1, **options, **b) for b in ({}, {"batch": 1.0}, {"batch": 0.5}))
    assert np.array_equal(whole.energy, full.energy) and np.array_equal(whole.C, full.C)
    # noise of the batch moves w further
    assert half.C[-1, 0] < whole.C[-1, 0]


def test_same_seed_same_result():
    options = {"eta": 0.02, "overlap": 0.2, "walkers": 256, "samples": 2}
    first, again, other = (solve_descent(PHASE, 3.0, 0.1, seed=seed, **options) for seed in (3, 3, 4))
    assert np.array_equal(first.m, again.m) and np.array_equal(first.C, again.C)
    assert not np.array_equal(first.m, other.m)


@pytest.mark.slow
def test_workers_change_nothing():
    options = {"overlap": 0.2, "walkers": 256, "samples": 2}
    one, two = (solve_descent(PHASE, 3.0, 0.2, workers=workers, **options) for workers in (1, 2))
    assert np.array_equal(one.m, two.m) and np.array_equal(one.energy, two.energy)


@pytest.mark.parametrize("eta", [0.02, None])
def test_error_bars_are_honest(eta):
    # deviations of independent runs from a far more accurate one, in units of their errors
    options = {"eta": eta, "overlap": 0.2, "samples": 8}
    best = solve_descent(PHASE, 3.0, 0.2, seed=99, walkers=8192, **options)
    pulls = []
    for seed in range(12):
        found = solve_descent(PHASE, 3.0, 0.2, seed=seed, walkers=256, **options)
        error = {name: np.hypot(found.errors[name][-1], best.errors[name][-1]) for name in ("m", "mu", "energy")}
        pulls.append([(found.values[n][-1] - best.values[n][-1]) / error[n] for n in error])
    assert 0.4 < np.sqrt(np.mean(np.square(pulls))) < 1.7
    assert np.abs(pulls).max() < 5


def test_overlap_zero_stays_zero_where_the_sign_is_not_seen():
    found = solve_descent(PHASE, 3.0, 0.1, eta=0.02, walkers=128, samples=2)
    assert np.all(found.m == 0) and np.all(found.errors["m"] == 0)
    assert solve_descent(LINEAR, 2.0, 0.2, eta=0.2, walkers=128, samples=2).m[-1] > 0.1


def resolvents(z, alpha, c):
    """Of ``(1/N) sum c(y) x x^T`` away from its spectrum: the trace, and the entry of the signal."""
    y = np.linspace(-8, 8, 201)
    weight = np.exp(-(y**2) / 2) / np.exp(-(y**2) / 2).sum()
    g = -1 / z
    for _ in range(100):
        parts = c(y) / (1 + np.multiply.outer(g, c(y)))
        g = 1 / (alpha * parts @ weight - z)
    return g, 1 / (alpha * parts @ (weight * y**2) - z)


def exact_growth(alpha, c, decays):
    """``w(t) ~ f(M) w(0)`` for ``l = c(y) u^2/2``: ``f(M)`` along the signal over ``sqrt(tr f(M)^2)``, by Cauchy.

    Besides, ``N E m^2`` of random starts: ``f(M)^2`` along the signal over the same trace.
    """
    arm = 9 * np.exp(2j * np.pi * (np.arange(96) + 0.5) / 96)
    z = 4 + arm  # around [-5, 13], beyond max c times that of Marchenko and Pastur
    trace, signal = resolvents(z, alpha, c)
    powers = ((1, signal), (2, signal), (2, trace))
    along, spread, squared = (np.array([np.mean(f(z) ** p * g * -arm).real for f in decays]) for p, g in powers)
    return along / np.sqrt(squared), spread / squared


def test_growth_of_quadratic_losses_is_exact():
    # each datum with a curvature of its own, 2/(1 + 5y^2): small labels pull most, so the signal is the softest way
    landscape = GeneralizedLinearLandscape(FIELD**2 / (1 + 5 * SIGNAL_FIELD**2))

    def c(y):
        return 2 / (1 + 5 * y**2)

    found = solve_descent(landscape, ALPHA, 1.0, eta=ETA, walkers=2048, samples=8)
    exact, variance = exact_growth(ALPHA, c, [lambda z, t=t: (1 - ETA * z) ** t for t in range(STEPS + 1)])
    assert exact[-1] > 1.2 and found.growth[0] == 1
    assert np.all(np.abs(found.growth - exact) <= 4 * found.errors["growth"] + 1e-5)
    assert variance[-1] > 1.02 * exact[-1] ** 2 and found.variance[0] == 1
    assert np.all(np.abs(found.variance - variance) <= 4 * found.errors["variance"] + 1e-5)
    times = [0.1, 0.5, 1.0]
    flow = solve_descent(landscape, ALPHA, 1.0, times=times, walkers=1024, samples=4).at(times)
    decays = [lambda z, t=t: np.exp(-z * t) for t in times]
    for name, exact in zip(("growth", "variance"), exact_growth(ALPHA, c, decays), strict=True):
        assert np.all(np.abs(flow[name] - exact) <= 4 * flow[f"{name}_error"] + 1e-4)
        assert np.all(flow[f"{name}_error"] < 0.02)


@pytest.mark.parametrize("constraint", ["sphere", "none"])
def test_growth_without_labels_is_the_memory_of_the_start(constraint):
    # nothing tells the signal from another direction: m(t)/m(0) = C(t, 0)
    shrinking = GeneralizedLinearLandscape(FIELD**2 / 2)
    found = solve_descent(shrinking, ALPHA, 1.0, eta=ETA, constraint=constraint, walkers=256, samples=2)
    np.testing.assert_allclose(found.growth, found.C[:, 0], atol=1e-12)


@pytest.mark.parametrize(
    "landscape", [PHASE, GeneralizedLinearLandscape(log(cosh(FIELD - SIGNAL_FIELD**2)))], ids=["even in u", "in y"]
)
@pytest.mark.parametrize("eta", [0.02, None])
def test_growth_is_the_limit_of_small_overlaps(landscape, eta):
    options, times = {"eta": eta, "times": [0.1, 0.2], "walkers": 2048, "samples": 8}, [0.1, 0.2]
    growth = solve_descent(landscape, 3.0, 0.2, **options).at(times)
    assert np.all(np.abs(growth["growth"] - 1) > 20 * growth["growth_error"])
    found = solve_descent(landscape, 3.0, 0.2, overlap=0.05, seed=1, **options).at(times)
    error = np.hypot(found["m_error"] / 0.05, growth["growth_error"])
    # the next order is m^2, within 0.003 here
    assert np.all(np.abs(found["m"] / 0.05 - growth["growth"]) < 3 * error + 0.003)


def paired_growth(problem, step, steps, size, seed, overlap):
    """``(m_+ - m_-)/(2 m_0)`` of descent by proximal forces from starts that differ in the sign of m_0 alone."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((round(problem.alpha * size), size)) / np.sqrt(size)
    signal, start = np.linalg.qr(rng.standard_normal((size, 2)))[0].T * np.sqrt(size)
    w = np.sqrt(1 - overlap**2) * start + overlap * np.array([[1.0], [-1.0]]) * signal
    y, compiled, rows, bend = data @ signal, problem.compiled(), [], np.zeros(len(data))
    for _ in range(steps + 1):
        rows.append((w @ signal / size) @ [0.5, -0.5] / overlap)
        forces = np.zeros((2, y.size))
        for u, force in zip(w @ data.T, forces, strict=True):
            compiled.proximal_forces(u, y, step, 1 + step * problem.slope, force, bend)
        w = w - step * forces @ data
        w *= np.sqrt(size / np.sum(w * w, axis=1, keepdims=True))
    return np.array(rows)


@pytest.mark.parametrize(("a", "alpha", "step"), [(1, 3.0, 0.05), ("1/100", 2.5, 0.02)])
def test_growth_against_simulation(a, alpha, step):
    problem, steps = Descent(PhaseRetrieval(Rational(a)), alpha, 0.0, slope=-2.0), 10
    theory = []
    for seed in range(6):
        process = Process(problem, 2048, steps, np.random.default_rng(seed))
        for _ in range(steps):
            process.advance(step)
        theory.append(process.growth)
    runs = [paired_growth(problem, step, steps, 1000, seed, 0.02) for seed in range(9)]
    mean, error = np.mean(theory, axis=0), np.std(theory, axis=0, ddof=1) / np.sqrt(6)
    simulated, scatter = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / 3
    assert mean[-1] > 1.5
    assert np.all(np.abs(mean - simulated) < 4 * np.hypot(error, scatter) + 1e-9)


def test_growth_has_honest_errors():
    options = {"eta": 0.02, "samples": 8}
    best = solve_descent(PHASE, 3.0, 0.2, seed=99, walkers=8192, **options)
    pulls = []
    for seed in range(8):
        found = solve_descent(PHASE, 3.0, 0.2, seed=seed, walkers=256 << seed % 2, **options)
        error = np.hypot(found.errors["growth"], best.errors["growth"])
        pulls.append((found.growth - best.growth)[[5, 10]] / error[[5, 10]])
    assert 0.4 < np.sqrt(np.mean(np.square(pulls))) < 1.7
    assert np.abs(pulls).max() < 5


def test_growth_is_kept_and_refused_where_there_is_none(tmp_path):
    options = {"eta": 0.02, "walkers": 128, "samples": 2}
    found = solve_descent(PHASE, 3.0, 0.06, **options)
    assert np.array_equal(load(save(found, tmp_path / "descent.npz")).growth, found.growth)
    row = found.at(found.t_reached)
    assert row["growth"] == pytest.approx(found.growth[-1])
    assert row["growth_error"] == pytest.approx(found.errors["growth"][-1])
    with pytest.raises(ValueError, match=r"this start has overlap = 0.2; try overlap = 0"):
        _ = solve_descent(PHASE, 3.0, 0.06, overlap=0.2, **options).growth
    with pytest.raises(ValueError, match="a loss that is even in u or in y"):
        _ = solve_descent(LINEAR, 3.0, 0.06, **options).growth


def test_energy_of_the_flow_falls_and_the_norm_is_kept():
    found = solve_descent(PHASE, 3.0, 1.0, overlap=0.2, walkers=512, samples=2)
    assert np.all(np.diff(found.energy) < 0)
    np.testing.assert_allclose(np.diag(found.C), 1, atol=1e-12)
    assert np.all(np.triu(found.R, 1) == 0) and np.all(np.diag(found.R) == 1)
    assert 0 < found.integrated_response()[-1] < 1


def test_answers_are_those_of_the_inverse_matrix():
    rng = np.random.default_rng(0)
    steps, walkers = 75, 300  # two panels and a rest; one block of walkers and a rest
    curvature, response = rng.standard_normal((steps, walkers)), np.tril(rng.standard_normal((steps, steps)), -1) / 20
    weight = rng.random(walkers)
    for t in (0, 3, 32, steps - 1):
        means, work = np.zeros((2, steps)), np.zeros((steps, template.BLOCK))
        template.mean_answers(curvature, np.ascontiguousarray(response.T), weight, t, work, means)
        inverse = [np.diag(D) @ np.linalg.inv(np.eye(steps) + response @ np.diag(D)) for D in curvature.T]
        np.testing.assert_allclose(means[0, : t + 1], np.mean(inverse, axis=0)[t, : t + 1], atol=1e-9)
        weighted = np.tensordot(weight, inverse, axes=1)[t, : t + 1] / walkers
        np.testing.assert_allclose(means[1, : t + 1], weighted, atol=1e-9)


def test_proximal_forces_solve_their_equation():
    rng = np.random.default_rng(1)
    problem = Descent(PhaseRetrieval(0.01), 3.0, 0.0)
    u, y = 3 * rng.standard_normal((2, 500))
    force, bend = np.zeros((2, 500))
    problem.compiled().proximal_forces(u, y, 0.2, 1 - 2 * 0.2, force, bend)
    value, slope = lower((FIELD, SIGNAL_FIELD), [problem.landscape.force, problem.landscape.curvature])(
        u - 0.2 * force, y
    )
    np.testing.assert_allclose(value, force, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(bend, slope / (1 + 0.2 * slope), rtol=1e-7)


def test_solutions_are_kept(tmp_path):
    found = solve_descent(PHASE, 3.0, 0.06, eta=0.02, overlap=0.2, walkers=128, samples=2)
    back = load(save(found, tmp_path / "descent.npz"))
    assert np.array_equal(back.C, found.C) and back.message == found.message and back.settings == found.settings
    assert np.array_equal(back.errors["m"], found.errors["m"]) and "reached t = 0.06" in repr(back)
    (tmp_path / "bad.npz").write_bytes((tmp_path / "descent.npz").read_bytes()[:-30])
    with pytest.raises(ValueError, match="not a file of solve_descent"):
        load(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match="covers"):
        found.at(1.0)
    # errors above the tolerance are said to be
    rough = solve_descent(PHASE, 3.0, 0.06, eta=0.02, walkers=128, samples=2, tolerance=1e-9)
    assert "from t = 0 to 0.06 some exceed the tolerance 1e-09" in rough.message
    assert found.beyond(10.0) is None and found.beyond(1e-12) == (0.0, found.t_reached)


def test_as_many_walkers_as_the_tolerance_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numerics.generalized_linear.dynamics.solve.FEWEST", 128)
    options = {"eta": 0.02, "overlap": 0.2, "samples": 8, "tolerance": 0.01}
    few, found = (solve_descent(PHASE, 3.0, 0.2, **options, **given) for given in ({"walkers": 128}, {}))
    assert few.settings["walkers"] == 128 < found.settings["walkers"] and few.beyond(0.01) is not None
    assert found.beyond(0.01) is None and "exceed" not in found.message
    same = solve_descent(PHASE, 3.0, 0.2, **options, walkers=found.settings["walkers"])
    assert np.array_equal(found.m, same.m)


def test_walkers_that_would_be_too_many_are_named_and_not_tried() -> None:
    rough = solve_descent(PHASE, 3.0, 0.06, eta=0.02, samples=2, tolerance=1e-9)
    assert rough.settings["walkers"] == 8192 and "(more than 4194304 walkers, or a larger" in rough.message


def test_descent_that_diverges_says_where():
    with pytest.raises(ConvergenceError, match="diverged at step"):
        solve_descent(PHASE, 3.0, 10.0, eta=1.0, walkers=128, samples=2, constraint="none")


def test_too_few_walkers_are_noticed():
    with pytest.raises(ConvergenceError, match="independent noises are too many for"):
        solve_descent(PHASE, 3.0, 1.0, eta=0.02, batch=0.5, walkers=64, samples=2)


def test_steps_too_long_are_noticed():
    found = solve_descent(PHASE, 3.0, 2.0, eta=0.5, overlap=0.2, walkers=512, samples=8)
    assert "energy rises at t = " in found.message
    good = solve_descent(PHASE, 3.0, 0.2, eta=0.02, overlap=0.2, walkers=128, samples=2)
    assert "rises" not in good.message


def test_flow_that_takes_too_long_says_how_far():
    with pytest.raises(ConvergenceError, match="steps reach t ="):
        flow_steps(Descent(PHASE, 3.0, 0.0, slope=-2.0), 100.0, (), 400, 0)


UNBOUNDED = GeneralizedLinearLandscape(FIELD**3 * SIGNAL_FIELD / 6)


@pytest.mark.parametrize(
    ("landscape", "arguments", "match"),
    [
        (PhaseRetrieval(), {}, "a has no value"),
        (PHASE, {"alpha": 0.0}, "alpha = 0.0"),
        (PHASE, {"alpha": float("nan")}, "alpha = nan"),
        (PHASE, {"t_max": -1.0}, "t_max = -1.0"),
        (PHASE, {"overlap": 1.5}, "overlap = 1.5"),
        (PHASE, {"times": [2.0]}, "times: 2 lies outside"),
        (PHASE, {"eta": 0.0}, "eta = 0.0"),
        (PHASE, {"eta": 1e-9}, "at most 4000"),
        (PHASE, {"eta": 0.1, "batch": 0.0}, "batch = 0.0"),
        (PHASE, {"batch": 0.5}, "needs a step"),
        (PHASE, {"eta": 0.1, "batch": 0.5, "persistence": 0.01}, "persistence = 0.01"),
        (PHASE, {"constraint": "ball"}, "constraint = 'ball'"),
        (PHASE, {"walkers": 1000}, "power of two"),
        (PHASE, {"samples": 1}, "samples = 1"),
        (PHASE, {"seed": -1}, "seed = -1"),
        (PHASE, {"tolerance": 0.0}, "tolerance = 0.0"),
        (UNBOUNDED, {}, "in u has no lower bound"),
    ],
)
def test_bad_arguments(landscape, arguments, match):
    with pytest.raises(ValueError, match=match):
        solve_descent(landscape, **{"alpha": 3.0, "t_max": 1.0, **arguments})


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0.0, 0.2])
def test_flow_to_time_ten_against_simulation(overlap):
    times = [0.1, 0.5, 1.0, 3.0, 10.0]
    found = solve_descent(PHASE, 3.0, 10.0, overlap=overlap, times=times).at(times)
    runs = simulate_risk(PHASE, 1000, 3.0, 24, 7, t_max=10.0, overlap=overlap, at=times).at(times)
    # a finite system at overlap 0 drifts to |m| ~ .1 by then, which lowers the energy by order m^2
    finite = dict.fromkeys(("mu", "energy", "correlation"), 0.0 if overlap else runs["m_abs"] ** 2) | {"m": 0.0}
    for name in ("m", "mu", "energy", "correlation") if overlap else ("mu", "energy", "correlation"):
        error = np.hypot(found[f"{name}_error"], runs[f"{name}_error"]) + 1e-4
        assert np.all(np.abs(found[name] - runs[name]) < 3.5 * error + finite[name]), name
    # documented growth: from fractions of a per cent to a few per cent
    assert np.all(found["energy_error"][:3] < 0.01) and np.all(found["energy_error"] < 0.15)


def test_values_are_possible_whatever_the_noise():
    """The averages of these walkers themselves have m = 1.06."""
    found = solve_descent(PHASE, 3.0, 4.0, overlap=0.2, walkers=512, samples=8, seed=1)
    assert np.abs(found.m).max() <= 1 and found.energy.min() >= 0 and np.abs(found.C).max() <= 1
    # simulation of 8 samples at N = 1500: m = .89(3), e = .10(2)
    last = found.at(4)
    assert abs(last["m"][0] - 0.89) < 2 * last["m_error"][0]
    assert abs(last["energy"][0] - 0.10) < 2 * last["energy_error"][0]


def test_the_unit_of_the_loss_changes_nothing():
    scale = 2.0**40
    plain, scaled = (
        solve_descent(
            GeneralizedLinearLandscape(unit * (FIELD**2 - SIGNAL_FIELD**2) ** 2 / 4),
            3.0,
            0.5 / float(unit),
            overlap=0.2,
            walkers=512,
            samples=2,
        )
        for unit in (Rational(1), Rational(2) ** 40)
    )
    assert scaled.t * scale == pytest.approx(plain.t, rel=1e-12)
    assert scaled.m == pytest.approx(plain.m, abs=1e-8)
    assert scaled.energy / scale == pytest.approx(plain.energy, rel=1e-6)
    assert scaled.beyond(0.01) == pytest.approx(tuple(t / scale for t in plain.beyond(0.01)))


def test_what_is_out_of_reach_is_told_at_once():
    with pytest.raises(ConvergenceError, match=r"t_max = 1e\+06 is out of reach: 1000 steps reach t = "):
        solve_descent(PHASE, 3.0, 1e6)
    with pytest.raises(ValueError, match=r"walkers = 4194304 over \d+ steps needs .* GiB, .*; try walkers = "):
        solve_descent(PHASE, 3.0, 3.0, walkers=2**22)
    with pytest.raises(ValueError, match="try fewer samples or a shorter time"):
        solve_descent(PHASE, 3.0, 1.0, walkers=64, samples=10**7)
