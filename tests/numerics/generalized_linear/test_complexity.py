"""Kac-Rice of generalised linear landscapes against limits, identities and counts at finite size."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from sympy import Rational, sqrt

from numerics.errors import ConvergenceError
from numerics.generalized_linear import dominant_bbp
from numerics.generalized_linear.complexity import complexity
from numerics.generalized_linear.curves import complexity_curve
from numerics.generalized_linear.field_law import Labels
from numerics.generalized_linear.finite_size import _Cells, expected_critical_points
from numerics.generalized_linear.minima import Minima, Population, complexity_of_minima
from numerics.generalized_linear.saddle_search import Kind
from numerics.generalized_linear.saddles import (
    ComplexSaddle,
    CriticalPoints,
    count,
    law_at,
    solve_critical_points,
    spectrum_of_indices,
)
from numerics.lowering import Array, lower
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

RETRIEVAL = PhaseRetrieval(1)


KINDS: tuple[Kind, ...] = ("minima", "total")


@pytest.fixture(scope="module")
def path() -> tuple[Minima, list[CriticalPoints]]:
    """``Sigma(k)`` at alpha = 4, q = 0.3."""
    minima = complexity_of_minima(RETRIEVAL, 4, overlap=0.3, step=0.1)
    return minima, spectrum_of_indices(Population(RETRIEVAL, "quenched", 0.3, 0.1), minima, steps=24)


def test_critical_points_of_vanishing_index_are_the_minima(path: tuple[Minima, list[CriticalPoints]]) -> None:
    """``Sigma(k -> 0)``, c, theta and ``-lambda g_i/pi -> xi``, although the two actions were derived apart."""
    minima, points = path
    population = Population(RETRIEVAL, "quenched", 0.3, 0.1)
    near = solve_critical_points(population, points[0].saddle, angle=1e-3)
    assert 0 < near.index < 1e-9
    assert_allclose([near.sigma, near.energy], [minima.sigma, minima.energy], rtol=2e-5)
    polar, at = near.saddle.polar(), minima.saddle
    assert_allclose([polar["size"], polar["pressure"], polar["c"]], [at.g, at.xi, at.c], rtol=2e-5)


def test_slope_of_sigma_in_the_index_is_minus_lambda(path: tuple[Minima, list[CriticalPoints]]) -> None:
    points = path[1][3:18]
    k, sigma, slope = (np.array([f(p) for p in points]) for f in (_index, _sigma, _slope))
    middle = (k[1:] + k[:-1]) / 2
    assert_allclose(np.diff(sigma) / np.diff(k), -np.interp(middle, k, slope), atol=0.03)
    assert np.all(np.diff(k) > 0)


def _index(point: CriticalPoints) -> float:
    return point.index


def _sigma(point: CriticalPoints) -> float:
    return point.sigma


def _slope(point: CriticalPoints) -> float:
    return point.saddle.slope


def test_the_index_counts_the_negative_eigenvalues_of_matrices(path: tuple[Minima, list[CriticalPoints]]) -> None:
    """k of the law of the labels, and ``int rho ln|x| dx`` in Sigma, against the eigenvalues of one large Hessian."""
    population, size = Population(RETRIEVAL, "quenched", 0.3, 0.1), 600
    point = path[1][9]
    u, y = _Cells.of(law_at(population, point.saddle)).draw(np.random.default_rng(0), 4 * size)
    force, curvature = lower((FIELD, SIGNAL_FIELD), [RETRIEVAL.force, RETRIEVAL.curvature])(u, y)
    x = np.random.default_rng(1).standard_normal((len(u), size))
    values = np.linalg.eigvalsh(x.T * curvature @ x / size) - (u * force).sum() / size
    assert 0.03 < point.index < 0.3
    assert abs((values < 0).mean() - point.index) < 0.02


@pytest.mark.parametrize("variance", [0.6, 1.0, 1.6])
def test_eigenvectors_are_the_critical_points_of_a_quadratic_loss(variance: float) -> None:
    """``l = u^2/2``: 2N critical points, one at each eigenvalue ``x = alpha E[u^2]`` of Marchenko and Pastur, whose
    resolvent is that at zero: ``x g^2 + (x + 1 - alpha) g + 1 = 0``. Sigma = 0 at any energy and any index."""
    alpha, landscape = 4.0, GeneralizedLinearLandscape(FIELD**2 / 2)
    x = alpha * variance
    g = np.roots([x, x + 1 - alpha, 1])[0]
    saddle = ComplexSaddle(float(g.real), abs(float(g.imag)), 1 / x, alpha)
    found, residuals = count(Population(landscape, "quenched", 0.0, 0.05), saddle)
    assert_allclose(residuals, 0, atol=1e-9)
    assert_allclose([found.sigma, found.energy], [0, x / 2], atol=1e-9)
    edges = (np.sqrt(alpha) - 1) ** 2, (np.sqrt(alpha) + 1) ** 2
    line = np.linspace(edges[0], x, 20001)
    density = np.sqrt((line - edges[0]) * (edges[1] - line)) / (2 * np.pi * line)
    assert_allclose(found.index, np.trapezoid(density, line), atol=1e-5)


def test_least_squares_on_the_sphere_has_no_more_than_a_few_critical_points() -> None:
    """The secular equation has at most 2N roots, so Sigma <= 0 at any overlap."""
    assert complexity(LinearRegression(), 4, overlap=0.5).sigma < 0


@pytest.mark.slow
def test_sigma_of_least_squares_at_overlap_zero_is_that_of_a_law() -> None:
    """No gradient along the signal is ``E[u y] = E[y^2]``; ``u - y`` then is what u is for ``l = u^2/2``, where Sigma
    is 0 at any energy. What is left is the relative entropy of ``u ~ N(y, v)`` to ``N(0, v)``: ``-alpha/2``, or
    ``-alpha/2 ln 2`` with y of any variance."""
    for labels, sigma in (("quenched", -1.0), ("annealed", -np.log(2))):
        found = complexity(LinearRegression(), 2, "total", labels=labels)  # type: ignore[arg-type]
        assert found.sigma == pytest.approx(sigma, abs=1e-8)
        assert found.flat and np.isnan(found.energy) and np.isnan(found.index)
    for energy in (0.3, 1.2):  # between (sqrt(2) - 1)^2/2 and (sqrt(2) + 1)^2/2
        at = complexity(LinearRegression(), 2, "total", energy=energy)
        assert at.sigma == pytest.approx(-1, abs=1e-7) and not at.flat
    lowest = complexity(LinearRegression(), 2).energy
    assert lowest == pytest.approx((np.sqrt(2) - 1) ** 2 / 2, abs=1e-8)
    assert not complexity(RETRIEVAL, 4, "total").flat


def test_minima_with_a_gap_are_all_there_is_near_the_signal() -> None:
    minima, total = (complexity(RETRIEVAL, 4, kind, overlap=0.9) for kind in ("minima", "total"))
    assert minima.sigma == total.sigma < 0 and minima.hessian.edge > 0.1 and total.index == 0


def test_sigma_of_the_energy_has_slope_s_and_its_maximum_without() -> None:
    for kind in KINDS:
        top = complexity(RETRIEVAL, 4, kind)
        below, above = (complexity(RETRIEVAL, 4, kind, energy=top.energy * k) for k in (0.95, 0.951))
        slope = (above.sigma - below.sigma) / (above.energy - below.energy)
        assert_allclose(slope, (above.tilt + below.tilt) / 2, rtol=1e-4)
        assert below.sigma < above.sigma < top.sigma and below.error < 1e-6


def test_annealed_labels_never_count_less() -> None:
    for kind in KINDS:
        quenched, annealed = (complexity(RETRIEVAL, 4, kind, labels=x).sigma for x in LABELS)
        assert quenched < annealed


LABELS: tuple[Labels, ...] = ("quenched", "annealed")


def test_a_curve_goes_through_single_points() -> None:
    curve = complexity_curve(RETRIEVAL, 4, "minima", [0.0, 0.2, 0.4])
    assert all(point is not None for point in curve)
    single = complexity(RETRIEVAL, 4, "minima", overlap=0.4)
    assert_allclose([point.sigma for point in curve if point][-1], single.sigma, atol=1e-6)
    assert single.stable


def test_signs_of_the_overlap_are_alike_for_an_even_loss() -> None:
    there, here = (complexity(RETRIEVAL, 3, overlap=q).sigma for q in (-0.4, 0.4))
    assert_allclose(there, here, atol=1e-8)


def test_on_the_circle_critical_points_are_counted() -> None:
    """N = 2: maxima and minima of H on many circles, against the exact Kac-Rice count; w* and -w* are apart."""
    data, expected = 6, expected_critical_points(RETRIEVAL, 2, 6, samples=8192, seed=3)
    rng, found = np.random.default_rng(0), []
    angles = np.linspace(0, np.pi, 2001)[:-1]
    circle = np.array([np.cos(angles), np.sin(angles)])
    loss = lower((FIELD, SIGNAL_FIELD), [RETRIEVAL.loss])
    for _ in range(1200):
        x = rng.standard_normal((data, 2))
        rise = np.diff(loss(x @ circle, x[:, :1])[0].sum(axis=0), append=np.nan)[:-1]
        rise = np.append(rise, rise[0])
        found.append(2 * int((rise[1:] * rise[:-1] < 0).sum()) - 2)
    value, error = expected.estimate()
    spread = np.std(found) / np.sqrt(len(found))
    assert error < 0.1 * value
    assert abs(value - np.mean(found)) < 4 * np.hypot(error, spread)


@pytest.mark.slow
def test_on_the_sphere_critical_points_are_counted_by_index() -> None:
    """N = 3: minima, saddles and maxima of H on a triangulated sphere (their alternating sum is 2), averaged over data,
    against the exact Kac-Rice count; w* and -w*, minima both, are apart."""
    data, triangulation = 9, _rings(6000)
    expected = expected_critical_points(RETRIEVAL, 3, data, samples=32768, seed=5)
    loss, rng = lower((FIELD, SIGNAL_FIELD), [RETRIEVAL.loss]), np.random.default_rng(0)
    found = []
    for _ in range(400):
        x = rng.standard_normal((data, 3))
        energy = loss(x @ triangulation[0].T, x[:, :1])[0].sum(axis=0)
        numbers = _extrema(energy, triangulation[1])
        assert numbers[0] - numbers[1] + numbers[2] == 2
        found.append(numbers)
    mean, spread = np.mean(found, axis=0) - np.array([2, 0, 0]), np.std(found, axis=0) / np.sqrt(len(found))
    for index in range(3):
        value, error = expected.estimate(np.arange(3) == index)
        assert error < 0.1 * mean[index]
        assert abs(value - mean[index]) < 4 * np.hypot(error, spread[index])


def _rings(count: int) -> tuple[Array, NDArray[np.int_]]:
    """Points on the unit sphere, and for each its neighbours in cyclic order (the last one repeated to fill)."""
    place = np.arange(count) + 0.5
    height, turn = 1 - 2 * place / count, np.pi * (1 + np.sqrt(5)) * place
    points = np.column_stack((np.sqrt(1 - height**2) * np.cos(turn), np.sqrt(1 - height**2) * np.sin(turn), height))
    around: list[set[int]] = [set() for _ in range(count)]
    for triangle in ConvexHull(points).simplices:
        for corner in triangle:
            around[corner] |= {int(other) for other in triangle if other != corner}
    rings = np.empty((count, max(map(len, around))), dtype=int)
    for i, near in enumerate(around):
        members = np.array(sorted(near))
        first = np.cross(points[i], points[members[0]])
        second = np.cross(points[i], first)
        order = members[np.argsort(np.arctan2(points[members] @ second, points[members] @ first))]
        rings[i] = np.pad(order, (0, rings.shape[1] - len(order)), mode="edge")
    return points, rings


def _extrema(energy: Array, rings: NDArray[np.int_]) -> tuple[int, int, int]:
    """Minima, saddles and maxima by how often the neighbours of a point change sides (Banchoff 1967)."""
    above = energy[rings] > energy[:, None]
    changes = (above != np.roll(above, 1, axis=1)).sum(axis=1)
    minima, maxima = int(above.all(axis=1).sum()), int((~above).all(axis=1).sum())
    return minima, int((changes[changes > 2] // 2 - 1).sum()), maxima


@pytest.mark.slow
def test_expected_numbers_at_finite_size_grow_with_the_annealed_complexity() -> None:
    """``ln E Crt(N) = N Sigma + O(ln N)``: Sigma from sizes 8 and 24, within the logarithm's share."""
    sigma = complexity(RETRIEVAL, 3, "total", labels="annealed").sigma
    sizes = np.array([8, 16, 24])
    counts = [expected_critical_points(RETRIEVAL, int(n), int(3 * n), samples=8192, seed=1) for n in sizes]
    values, errors = np.array([count.estimate() for count in counts]).T
    excess = np.log(values) - sizes * sigma
    growth = np.polyfit(np.log(sizes), excess, 1)[0]
    assert np.all(errors < 0.25 * values)
    assert -0.2 < growth < 1.2  # half a logarithm for each saddle-point integral, not N


@pytest.mark.slow
def test_a_curvature_without_lower_bound_is_the_limit_of_bounded_ones() -> None:
    """``a l_a -> (u^2 - y^2)^2/2`` with corrections in 1/a; the scale of a loss changes nothing."""
    quartic = dominant_bbp(GeneralizedLinearLandscape((FIELD**2 - SIGNAL_FIELD**2) ** 2 / 4))
    softened = [dominant_bbp(PhaseRetrieval(a)).value for a in (100, 1000)]
    limit = softened[1] + (softened[1] - softened[0]) / 9
    assert quartic.exists and abs(quartic.value - limit) < 0.005
    assert softened[0] < softened[1] < quartic.value


def test_mistakes_are_told_in_one_line() -> None:
    with pytest.raises(ValueError, match="kind = 'maxima' must be"):
        complexity(RETRIEVAL, 4, "maxima")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"overlap = 1\.0 must lie strictly"):
        complexity(RETRIEVAL, 4, overlap=1.0)
    with pytest.raises(ValueError, match="size = 1: expected a whole number >= 2"):
        expected_critical_points(RETRIEVAL, 1, 4)
    with pytest.raises(ValueError, match="a has no value"):
        complexity(PhaseRetrieval(), 4)


def test_laws_that_the_grid_does_not_hold_are_refused() -> None:
    """Above ``alpha = 1/2`` all data are nearly fitted; labels of ``y^2`` are beyond the largest fields too often."""
    nearly_fitted = GeneralizedLinearLandscape((FIELD - 1) ** 2 / 2)
    long_labels = GeneralizedLinearLandscape((FIELD - SIGNAL_FIELD) ** 2 / 2, (SIGNAL_FIELD**2 - 1) / sqrt(2))
    with pytest.raises(ConvergenceError, match=r"narrower than the grid .* next to configurations without force"):
        complexity(nearly_fitted, 0.51)
    with pytest.raises(ConvergenceError, match="fields beyond 10"):
        complexity(long_labels, 0.7)


def test_a_rational_parameter_changes_nothing() -> None:
    exact = replace(complexity(PhaseRetrieval(Rational(1, 2)), 4), error=0.0)
    assert_allclose(exact.sigma, complexity(PhaseRetrieval(0.5), 4).sigma, atol=1e-12)


def test_data_beyond_memory_are_refused() -> None:
    with pytest.raises(ValueError, match=r"size = 60 with 60000000 data needs .* GiB"):
        expected_critical_points(PhaseRetrieval(1), 60, 60_000_000)


@pytest.mark.slow
def test_saddles_of_large_index_at_few_data_are_on_the_branch_of_many() -> None:
    """Sigma(k = 0.8) hardly depends on alpha; the branch that reaches the minima has -0.1 there at alpha = 1.5, though
    nearly all negative directions (maxima exist) cost no more at few data than at many."""
    found = [complexity(RETRIEVAL, alpha, 0.8) for alpha in (1.5, 2.0)]
    assert_allclose([point.sigma for point in found], [0.264967, 0.265476], atol=1e-5)
    assert found[0].energy < found[1].energy
    # where the branch of the minima has more of them, it counts
    assert_allclose(complexity(RETRIEVAL, 1.5, 0.2).sigma, 0.442549, atol=1e-5)
