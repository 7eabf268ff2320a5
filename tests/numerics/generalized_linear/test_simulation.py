"""Empirical risks at finite N: derivatives, gradient flow, spectra, spectral starts and message passing."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from sympy import Abs, Piecewise, cosh, log

from numerics.extrapolation import SizeLaw, extrapolate
from numerics.generalized_linear import initial_hessian, spectral_outlier, state_evolution
from numerics.generalized_linear.simulation import (
    SampledRisk,
    informed_start,
    label_histogram,
    message_passing,
    sample_risk,
    simulate_risk,
    spectral_estimate,
    success_probability,
    successes,
)
from numerics.generalized_linear.simulation.sample import kernels
from numerics.generalized_linear.simulation.spectral import optimal_method
from numerics.lowering import Array
from numerics.simulation import Ensemble, gradient_flow, lowest, random_starts, spectrum
from numerics.simulation.inverse import lowest_pairs
from numerics.statistics import wilson
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, SpectralMethod
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

U, Y = FIELD, SIGNAL_FIELD
STEEP, MILD = PhaseRetrieval(0.01), PhaseRetrieval(1)
MADE_UP = GeneralizedLinearLandscape(log(cosh(U - Y)) + U**4 / 20, Y)
KINKED = GeneralizedLinearLandscape(Piecewise((U**2 / 2, U < Y), (U**2 - Y**2 / 2, True)) + Abs(Y) * U)
ROOT = Path(__file__).parents[3]
slow = pytest.mark.slow


def risk(
    landscape: GeneralizedLinearLandscape = MILD, size: int = 30, alpha: float = 3.0, seed: int = 1
) -> SampledRisk:
    return sample_risk(landscape, size, alpha, seed, dtype="float64")


def points(drawn: SampledRisk, count: int, seed: int = 0) -> Array:
    return random_starts(drawn.size, count, np.random.default_rng(seed))


# Energy, gradient, Hessian.


def losses(landscape: GeneralizedLinearLandscape, u: Array, y: Array) -> tuple[Array, Array, Array]:
    """``l, l', D`` of one loss, by hand."""
    if landscape is MILD:
        gap, scale = u**2 - y**2, 1 + y**2
        return gap**2 / (2 * scale), 2 * u * gap / scale, (6 * u**2 - 2 * y**2) / scale
    if landscape is MADE_UP:
        return np.log(np.cosh(u - y)) + u**4 / 20, np.tanh(u - y) + u**3 / 5, np.cosh(u - y) ** -2 + 0.6 * u**2
    low = u < y
    return (
        np.where(low, u**2 / 2, u**2 - y**2 / 2) + abs(y) * u,
        np.where(low, u, 2 * u) + abs(y),
        np.where(low, 1.0, 2.0),
    )


@pytest.mark.parametrize("landscape", [MILD, MADE_UP, KINKED], ids=["phase", "made-up", "kinked"])
@pytest.mark.parametrize("alpha", [3.0, 2.1])  # 63 data: not in fours
def test_derivatives_against_dense_algebra(landscape: GeneralizedLinearLandscape, alpha: float) -> None:
    drawn = risk(landscape, alpha=alpha)
    x, v = points(drawn, 3), points(drawn, 2, seed=5)
    u, root = x @ drawn.data.T / np.sqrt(30), np.sqrt(30)
    assert drawn.labels == pytest.approx(drawn.data @ drawn.signal / root, abs=1e-13)
    value, slope, curvature = losses(landscape, u, drawn.labels)
    energy, gradient = drawn.gradient(x)
    assert energy == pytest.approx(value.sum(axis=1) / 30, rel=1e-12)
    assert gradient == pytest.approx(slope @ drawn.data / root, rel=1e-11, abs=1e-11)
    dense = drawn.data.T @ (curvature[0][:, None] * drawn.data) / 30
    assert drawn.hessian(x[0]) == pytest.approx(dense, abs=1e-11)
    assert drawn.hessian_vector(x[0], v) == pytest.approx(v @ dense, abs=1e-11)
    assert drawn.fields(x) == pytest.approx(u, abs=1e-13)
    assert drawn.combined(slope) == pytest.approx(gradient, abs=1e-11)
    assert np.array_equal(drawn.gradient(x[1:2])[1][0], gradient[1])


def test_derivatives_against_differences() -> None:
    drawn, step = risk(STEEP), 1e-5
    x, v = points(drawn, 1)[0], points(drawn, 1, seed=5)[0]
    (up, down), (rise, fall) = drawn.gradient(np.stack([x + step * v, x - step * v]))
    _, gradient = drawn.gradient(x[None])
    assert 30 * (up - down) / (2 * step) == pytest.approx(gradient[0] @ v, rel=1e-6)
    assert drawn.hessian_vector(x, v[None])[0] == pytest.approx((rise - fall) / (2 * step), rel=1e-5, abs=1e-4)


def test_storage_and_seeds() -> None:
    half, whole = sample_risk(MILD, 40, 2.5, 7), sample_risk(MILD, 40, 2.5, 7, dtype="float64")
    assert half.data.dtype == np.float32 and half.memory == 4 * 40 * 100 and half.alpha == 2.5
    assert np.array_equal(half.data, whole.data.astype(np.float32)) and np.array_equal(half.signal, whole.signal)
    # labels are those of the data that are stored, so that the signal has energy zero
    assert half.gradient(half.signal[None])[0][0] < 1e-28
    assert whole.signal @ whole.signal == pytest.approx(40, rel=1e-14)
    assert not np.array_equal(half.data, sample_risk(MILD, 40, 2.5, 8).data)
    assert whole.data.mean() == pytest.approx(0, abs=0.07) and whole.data.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"alpha": -1.0}, "alpha = -1.0: expected a number > 0"),
        ({"alpha": 1e-9}, "at least one datum at N = 30"),
        ({"size": 1}, "size = 1"),
        ({"landscape": PhaseRetrieval()}, "a has no value"),
        ({"alpha": 1e9}, "needs .* GiB"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_mistakes(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        risk(**words)


def test_a_loss_without_machine_code() -> None:
    with pytest.raises(ValueError, match=r"no machine code for .*; write it with elementary functions"):
        risk(GeneralizedLinearLandscape(Abs(U - Y)))  # D holds a delta


def test_machine_code_is_the_same_file_in_every_process() -> None:
    kept = Path(kernels(MILD).__file__ or "")
    assert kept.parent.name == "ruggedflow" and kept.read_text().count("def force(") == 2
    assert kernels(PhaseRetrieval(1)).__file__ == kernels(MILD).__file__ != kernels(STEEP).__file__


# Gradient flow.


def test_flow_falls_on_the_sphere_whatever_the_curvature() -> None:
    drawn, seen = sample_risk(STEEP, 96, 3.0, 4), []
    assert drawn.curvatures(points(drawn, 1)[0]).max() > 500
    flow = gradient_flow(
        drawn, points(drawn, 3), np.geomspace(1e-3, 20, 60), observe=lambda k, which, now: seen.append((k, which, now))
    )
    energy = np.full((60, 3), np.nan)
    for k, which, now in seen:
        energy[k, which] = now.energy
        assert np.abs(np.vecdot(now.x, now.x) / 96 - 1).max() < 1e-12
    assert np.all(np.diff(energy, axis=0) <= 1e-13 * (1 + energy[:-1]))
    assert flow.statistics["gradients"] < 6000  # an explicit method would be bound to steps of a/50


def test_tighter_tolerance_is_the_same_flow() -> None:
    drawn = sample_risk(STEEP, 64, 3.0, 2)
    x, times = points(drawn, 2), [0.1, 0.5]
    exact = gradient_flow(drawn, x, times, rtol=1e-9).x
    errors = [np.abs(gradient_flow(drawn, x, times, rtol=rtol).x - exact).max() for rtol in (1e-3, 1e-4, 1e-6)]
    assert errors[2] < 1e-4 and errors[0] < 0.1 and errors[2] < errors[1] < errors[0]


def test_linear_regression_ends_at_the_signal() -> None:
    found = simulate_risk(LinearRegression(), 40, 3.0, 3, 0, t_max=100.0, overlap=-0.3)
    assert found["m"][:, 0, 0] == pytest.approx(-0.3, abs=1e-12)
    assert found["m"][:, 0, -1] == pytest.approx(1, abs=1e-8)
    assert np.all(found["gradient_norm"][:, 0, -1] < 1e-6) and np.all(found["energy"][:, 0, -1] < 1e-14)
    assert "m_abs" not in found.arrays and np.all(successes(found) == 1)


@slow
@pytest.mark.parametrize(("alpha", "known"), [(2.0, 0.14), (2.5, 0.62), (3.0, 0.90)])
def test_success_of_gradient_flow(alpha: float, known: float) -> None:
    """Against runs with another code (N = 256, 50 samples)."""
    found = simulate_risk(STEEP, 256, alpha, 50, 11, t_max=200.0)
    share, theirs = success_probability(found), wilson(50 * known, 50)
    assert share.low <= theirs.high and theirs.low <= share.high


# Hessians.


def test_lowest_pairs_of_a_wide_spectrum() -> None:
    rng = np.random.default_rng(3)
    q, _ = np.linalg.qr(rng.standard_normal((300, 300)))
    for values in (np.geomspace(1e-3, 1e9, 300), np.linspace(-5, 3, 300), np.r_[-400, np.linspace(-2, 1e7, 299)]):
        matrix = (q * values) @ q.T
        found, modes = lowest_pairs((matrix + matrix.T) / 2, 2)
        assert found == pytest.approx(values[:2], abs=1e-9 * values[-1] / 10 + 1e-9)
        assert np.abs(np.vecdot(modes.T, q.T[:2])) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("size", [60, 200])
def test_lowest_mode_along_the_flow(size: int) -> None:
    drawn = sample_risk(STEEP, size, 2.0, 6)
    x = gradient_flow(drawn, points(drawn, 1), [0.3]).x[0]
    mode, whole = lowest(drawn, x, 2), spectrum(drawn, x)
    assert mode.values == pytest.approx(whole.values[:2], abs=1e-8)
    assert mode.overlaps[0] == pytest.approx(whole.overlaps[0], abs=1e-6)


def multiplier(a: float, alpha: float) -> float:
    """``mu = -alpha E[u l'] = -2 alpha E[(3 - y^2)/(a + y^2)]``, u and y independent."""
    return -4 * alpha * quad(lambda y: (3 - y**2) / (a + y**2) * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi), 0, 9)[0]


def initial_modes(a: float, size: int, alpha: float, samples: int) -> Array:
    """At random points, rows: lowest eigenvalue of ``X^T D X/N``, its squared overlap, and mu."""
    found = simulate_risk(PhaseRetrieval(a), size, alpha, samples, 3, t_max=1e-3, hessian_times=[0.0])
    mu = found["mu"][:, 0, 0]
    return np.stack([found["lambda_min"][:, 0, 0] - mu, found["lambda_min_overlap"][:, 0, 0], mu])


def targets(a: float, alpha: float) -> tuple[bool, Array]:
    """Whether there is an outlier, and what ``initial_modes`` tends to."""
    theory, mu = initial_hessian(PhaseRetrieval(a), alpha), multiplier(a, alpha)
    above = theory.attraction > 1
    return above, np.array([(theory.outlier if above else theory.edge) - mu, theory.overlap_squared, mu])


@pytest.mark.parametrize(("alpha", "above"), [(2.5, True), (0.8, False)])
def test_outlier_of_the_initial_hessian(alpha: float, above: bool) -> None:
    there, target = targets(1, alpha)
    values = initial_modes(1, 400, alpha, 16)
    error = 4 * values.std(axis=1, ddof=1) / np.sqrt(16)
    # 1/N for an outlier; N^(-2/3) for an edge, which is approached from within
    room = np.full(3, 5 / 400) if above else np.array([3 * 400 ** (-2 / 3), 0.1, 0])
    assert there == above and np.all(np.abs(values.mean(axis=1) - target) < error + room)
    _, wrong = targets(1, 2 * alpha)
    assert np.any(np.abs(values.mean(axis=1) - wrong) > error + room)


@slow
@pytest.mark.parametrize(("a", "alpha"), [(0.01, 4.0), (0.01, 2.0), (1, 2.0), (0.1, 1.0)])
def test_outlier_of_the_initial_hessian_extrapolated(a: float, alpha: float) -> None:
    """N = 1000 ... 4000 on both sides of the transition: outliers in 1/N, edges in N^(-2/3)."""
    (above, target), sizes = targets(a, alpha), [1000, 1400, 2000, 4000]
    rows = [initial_modes(a, size, alpha, 16000 // size) for size in sizes]
    for k in range(2):
        values = [row[k].mean() for row in rows]
        errors = [row[k].std(ddof=1) / np.sqrt(row[k].size) for row in rows]
        fit = extrapolate(sizes, values, errors, SizeLaw((1.0 if above or k else 2 / 3,)))
        assert abs(fit.value - target[k]) < 4 * fit.error, (k, fit, target)


# The spectral method, message passing.


@pytest.mark.parametrize(("alpha", "known"), [(2.0, 0.638881), (4.0, 0.924490)])
def test_spectral_overlap(alpha: float, known: float) -> None:
    method = optimal_method(STEEP)
    found = [spectral_estimate(sample_risk(STEEP, 500, alpha, seed)) for seed in range(10)]
    theory = spectral_outlier(method, alpha)
    assert theory.overlap_squared == pytest.approx(known, abs=1e-6)
    for values, target in (
        ([f.overlap_squared for f in found], known),
        ([f.value for f in found], -theory.outlier),
    ):
        assert abs(np.mean(values) - target) < 4 * np.std(values, ddof=1) / np.sqrt(10) + 3 / 500
    assert found[0].vector @ found[0].vector == pytest.approx(500, rel=1e-12)


def test_spectral_estimate_is_the_top_of_a_dense_matrix() -> None:
    drawn = risk(size=150)
    truncated = SpectralMethod(Piecewise((Y**2, Y**2 < 4), (0, True)))
    for method in (None, truncated):
        found = spectral_estimate(drawn, method)
        y = drawn.labels
        weights = 1 - 1 / y**2 if method is None else np.where(y**2 < 4, y**2, 0)
        values, modes = np.linalg.eigh(drawn.data.T @ (weights[:, None] * drawn.data) / 150)
        assert found.value == pytest.approx(values[-1], rel=1e-9, abs=1e-9)
        assert found.overlap_squared == pytest.approx((modes[:, -1] @ drawn.signal) ** 2 / 150, abs=1e-7)


@slow
def test_spectral_overlap_at_all_alpha() -> None:
    for alpha, known in ((1.0, 0.230697), (2.0, 0.638881), (4.0, 0.924490)):
        rows = []
        for size in (500, 1000, 2000):
            count = 24000 // size
            values = [spectral_estimate(sample_risk(MILD, size, alpha, k)).overlap_squared for k in range(count)]
            rows.append((np.mean(values), np.std(values, ddof=1) / np.sqrt(count)))
        fit = extrapolate([500, 1000, 2000], *np.transpose(rows), SizeLaw((1.0,)))
        assert abs(fit.value - known) < 4 * fit.error, (alpha, fit)


def test_spectral_starts() -> None:
    found = simulate_risk(STEEP, 60, 4.0, 2, 0, t_max=1.0, starts=2, start="spectral")
    guess = spectral_estimate(sample_risk(STEEP, 60, 4.0, np.random.SeedSequence(0, spawn_key=(1, 0))))
    assert found["m_abs"][1, :, 0] ** 2 == pytest.approx(guess.overlap_squared, abs=1e-12)
    with pytest.raises(ValueError, match="a spectral start has the overlap that it finds"):
        simulate_risk(STEEP, 60, 4.0, 2, 0, t_max=1.0, start="spectral", overlap=0.1)
    with pytest.raises(ValueError, match="start = 'guess': expected 'random', 'spectral'"):
        simulate_risk(STEEP, 60, 4.0, 2, 0, t_max=1.0, start="guess")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="labels show the sign of y"):
        simulate_risk(LinearRegression(), 60, 4.0, 2, 0, t_max=1.0, start="spectral")


@pytest.mark.parametrize("alpha", [0.9, 1.4])
def test_message_passing_follows_state_evolution(alpha: float) -> None:
    q, steps = 0.2, 5
    theory = state_evolution(MILD, alpha, start=q, steps=steps)
    drawn = [sample_risk(MILD, 1000, alpha, seed) for seed in range(24)]
    runs = [message_passing(d, informed_start(d, q, 100 + i), q, steps) for i, d in enumerate(drawn)]
    for name in ("overlap", "norm", "expected"):
        values = np.array([getattr(run, name)[:, 0] for run in runs])
        error = values.std(axis=0, ddof=1) / np.sqrt(24)
        assert np.all(np.abs(values.mean(axis=0) - theory) < 4 * error + 3e-3), name
    wrong = state_evolution(MILD, alpha * 1.15, start=q, steps=steps)
    overlap = np.array([run.overlap[:, 0] for run in runs])
    assert abs(overlap.mean(axis=0)[-1] - wrong[-1]) > 4 * overlap[:, -1].std(ddof=1) / np.sqrt(24)


# Ensembles.


def small(output: Path | None = None, **options: Any) -> Ensemble:
    settings: dict[str, Any] = {"t_max": 1.0, "starts": 2, "hessian_times": "end"} | options
    return simulate_risk(STEEP, 16, 3.0, settings.pop("samples", 5), 7, output=output, **settings)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_measured() -> None:
    found = small(overlap=0.2)
    drawn = sample_risk(STEEP, 16, 3.0, np.random.SeedSequence(7, spawn_key=(3, 0)))
    x = found["final"][3]
    assert found["m"][:, :, 0] == pytest.approx(0.2, abs=1e-13)
    assert np.array_equal(found["m_abs"], np.abs(found["m"]))
    assert found["energy"][3, :, -1] == pytest.approx(drawn.gradient(x)[0], abs=1e-13)
    assert found["u"][3] == pytest.approx(drawn.fields(x), abs=1e-13) and np.array_equal(found["y"][3], drawn.labels)
    assert found["lambda_min"][3, 1, 0] == pytest.approx(lowest(drawn, x[1]).values[0], abs=1e-10)
    assert {"m_abs", "m_abs_error", "correlation"} <= set(found.at([1.0]))


def test_dataset() -> None:
    pytest.importorskip("xarray")
    data = small().to_xarray()
    assert data["u"].dims == ("sample", "start", "datum") and data["y"].shape == (5, 48)


def test_workers_samples_and_resume(tmp_path: Path) -> None:
    here = small(tmp_path / "1")
    small(tmp_path / "2", workers=2, samples=3)
    there = small(tmp_path / "2", workers=2, resume=True)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert all(np.array_equal(here[name], there[name]) for name in here.arrays)
    with pytest.raises(ValueError, match="holds another run: its start is random, not spectral"):
        small(tmp_path / "1", start="spectral", resume=True)
    with pytest.raises(ValueError, match="seed = -1"):
        simulate_risk(STEEP, 16, 3.0, 1, -1, t_max=1.0)


def test_killed_and_resumed(tmp_path: Path) -> None:
    cut, script = tmp_path / "cut", tmp_path / "run.py"
    code = f"""
        from numerics.generalized_linear.simulation import simulate_risk
        from theory.systems.phase_retrieval import PhaseRetrieval
        simulate_risk(PhaseRetrieval(0.01), 16, 3.0, 200, 7, t_max=1.0, starts=2, output={str(cut)!r})
    """
    script.write_text(textwrap.dedent(code))
    process = subprocess.Popen([sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(ROOT)})
    deadline = time.monotonic() + 60
    while len(list(cut.glob("sample-*"))) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(1e-3)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    count = len(list(cut.glob("sample-*.npz")))
    assert 3 <= count < 200
    options: dict[str, Any] = {"t_max": 1.0, "starts": 2}
    with pytest.raises(ValueError, match=f"its samples is 200, not {count}"):
        simulate_risk(STEEP, 16, 3.0, count, 7, output=cut, resume=True, **options)
    for index in range(count):
        done = (cut / f"sample-{index:06d}.npz").read_bytes()
        assert done[:2] == b"PK" and len(done) > 1000
    part = {name: content for name, content in contents(cut).items() if name.endswith("000002.npz")}
    simulate_risk(STEEP, 16, 3.0, 3, 7, output=tmp_path / "whole", **options)
    assert part.items() <= contents(tmp_path / "whole").items()


def test_success_of_correlated_starts() -> None:
    def outcome(rows: list[list[float]]) -> Ensemble:
        return Ensemble({}, np.arange(len(rows)), {"m_abs": np.array(rows)[:, :, None]})

    alone = success_probability(outcome([[1.0], [0.2], [0.95], [0.0]]))
    assert alone.low == pytest.approx(wilson(2, 4).low) and alone.value == 0.5
    together = success_probability(outcome([[1.0, 1.0], [0.2, 0.1], [0.95, 1.0], [0.0, 0.0]]))
    assert together.low == pytest.approx(alone.low)
    mixed = success_probability(outcome([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert mixed.low == pytest.approx(wilson(4, 8).low)
    with pytest.raises(ValueError, match="goal = 0"):
        success_probability(outcome([[1.0]]), 0.0)


def test_histogram_of_labels_and_fields() -> None:
    found = simulate_risk(STEEP, 64, 6.0, 2, 0, t_max=20.0)
    density, y, u = label_histogram(found, 30)
    assert density.shape == (30, 30)
    assert np.sum(density * np.diff(y)[:, None] * np.diff(u)) == pytest.approx(1)
    # the signal is found: all data on the lines u = y or u = -y
    assert np.all(successes(found) == 1)
    i, j = np.nonzero(density)
    assert np.all(np.abs(np.abs(u[:-1][j] + np.diff(u)[j] / 2) - np.abs(y[:-1][i] + np.diff(y)[i] / 2)) < 0.5)
