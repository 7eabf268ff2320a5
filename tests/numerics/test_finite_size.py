"""The exact finite-size count against exact results and against complete enumerations of sampled landscapes."""

import numpy as np
import pytest
from numpy.polynomial.chebyshev import poly2cheb
from numpy.typing import NDArray
from scipy.special import betainc
from sympy import Poly, Rational, Symbol, exp

from numerics.finite_size import ExpectedCount, expected_critical_points
from numerics.simulation import sample
from numerics.simulation.critical_points import critical_points
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP as Q
from theory.symbols import SIGNAL_OVERLAP as M

Array = NDArray[np.float64]
PURE = GaussianLandscape(Q**2 / 2)
MATRIX_TENSOR = GaussianLandscape(Q**2 / Rational(7, 5) + Q**3 / 3, M**2 / Rational(7, 5) + M**3 / 3)
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7, M**2 / 3)
EDGES = np.array([-1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0])


def test_a_random_matrix_has_two_critical_points_of_each_index() -> None:
    count = expected_critical_points(PURE, 5, overlap_edges=[-1, 1], samples=65536)
    for k in range(5):
        value, error = count.estimate(np.eye(1, 5, k))
        assert error < 0.02
        assert value == pytest.approx(2, abs=4 * error)


def test_eigenvectors_are_uniform_on_the_sphere() -> None:
    size, count = 7, expected_critical_points(PURE, 7, overlap_edges=EDGES, samples=64)
    below = np.sign(EDGES) * betainc(0.5, (size - 1) / 2, EDGES**2) / 2
    assert count.total[0] / count.estimate()[0] == pytest.approx(np.diff(below), rel=1e-7)


@pytest.mark.parametrize(("size", "euler"), [(2, 0), (5, 2), (8, 0), (9, 2)])
@pytest.mark.parametrize("landscape", [MATRIX_TENSOR, GaussianLandscape(Q**2 / 4 + Q**4 / 20, M / 3 + M**3 / 4)])
def test_morse_sum_is_the_euler_characteristic(landscape: GaussianLandscape, size: int, euler: int) -> None:
    value, error = expected_critical_points(landscape, size).estimate((-1.0) ** np.arange(size))
    assert error < 0.5
    assert value == pytest.approx(euler, abs=4 * error + 1e-9)


def test_a_strong_signal_leaves_one_minimum_and_one_maximum() -> None:
    count = expected_critical_points(GaussianLandscape(Q**2 / 50, M), 6, overlap_edges=[-1, 0, 1])
    values, errors = count.by_index
    expected = np.zeros((2, 6))
    expected[1, 0] = expected[0, -1] = 1
    assert np.all(np.abs(values - expected) < 4 * errors + 1e-6)
    assert np.max(errors) < 0.01


def test_a_very_strong_signal_of_high_degree_costs_no_more() -> None:
    """A minimum at the signal, a maximum opposite; elsewhere points only where the signal hardly pulls."""
    count = expected_critical_points(GaussianLandscape(0.3 * Q**4, 100 * M**3 + 2 * M**4 + 0.3 * M**8), 5)
    morse, noise = count.estimate((-1.0) ** np.arange(5))
    assert noise < 0.1
    assert morse == pytest.approx(2, abs=4 * noise)
    assert count.by_index[0][[0, -1], [-1, 0]] == pytest.approx(1, abs=1e-5)
    assert np.all(count.total[0][[1, 2, 3, 6, 7, 8]] < 1e-12)


def test_a_signal_beyond_the_quadrature_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the signal needs .* overlaps in a bin, at most 16384"):
        expected_critical_points(GaussianLandscape(Q**4, 10**7 * M**3), 5)


def test_an_even_landscape_has_antipodal_critical_points() -> None:
    values, _ = expected_critical_points(GaussianLandscape(Q**2 / 3 + Q**4 / 5, M**4), 6, samples=256).by_index
    assert values == pytest.approx(values[::-1], rel=1e-9)


def test_bins_add_up_and_the_quadrature_has_converged() -> None:
    fine, coarse = (expected_critical_points(MATRIX_TENSOR, 8, overlap_edges=e, samples=64) for e in (EDGES, [-1, 1]))
    assert fine.by_index[0].sum(axis=0) == pytest.approx(coarse.by_index[0][0], rel=2e-4)


def test_any_covariance_is_accepted() -> None:
    series = sum(Q**k * Rational(1, int(np.prod(range(1, k + 1)))) for k in range(12))
    counts = [expected_critical_points(GaussianLandscape(f), 4, samples=64).total[0] for f in (exp(Q), series)]
    assert counts[0] == pytest.approx(counts[1], rel=1e-6)


def test_the_same_seed_gives_the_same_count() -> None:
    first, again, other = (expected_critical_points(MADE_UP, 5, samples=64, seed=s).batches for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_result_prints_as_a_table() -> None:
    text = str(expected_critical_points(MADE_UP, 5, overlap_edges=[-1, 0, 1], samples=64))
    assert text.startswith("expected critical points, N = 5")
    assert len(text.splitlines()) == 5


@pytest.mark.parametrize(
    ("landscape", "size", "options", "message"),
    [
        (PURE, 1, {}, "size = 1: expected a whole number >= 2"),
        (PURE, 2.5, {}, "size = 2.5"),
        (PURE, 4, {"samples": 10}, "samples = 10"),
        (PURE, 4, {"overlap_edges": [0.5, 0.2]}, "overlap_edges = "),
        (PURE, 4, {"overlap_edges": [0, 1.5]}, "overlap_edges = "),
        (GaussianLandscape(Q), 4, {}, r"f''\(1\) = 0 gives no Hessian"),
        (GaussianLandscape(Q**2 * Symbol("a")), 4, {}, "free parameters"),
        (GaussianLandscape(Q**2, 1 / M), 4, {}, "finite on"),
    ],
)
def test_bad_arguments_are_named(
    landscape: GaussianLandscape, size: int, options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        expected_critical_points(landscape, size, **options)


def test_trigonometric_polynomials_on_the_circle() -> None:
    landscape = GaussianLandscape(Q**2 / 4 + Q**3 / 7, M**2 / 3 + M / 2)
    theory = expected_critical_points(landscape, 2, overlap_edges=EDGES)
    _assert_agreement(theory, _enumerate_circles(landscape, 20000, np.random.default_rng(1)))


@pytest.mark.slow
@pytest.mark.parametrize("landscape", [MATRIX_TENSOR, MADE_UP], ids=["matrix-tensor", "made-up"])
def test_all_critical_points_of_sampled_landscapes(landscape: GaussianLandscape) -> None:
    size, samples = 8, 240
    theory = expected_critical_points(landscape, size, overlap_edges=EDGES, samples=65536)
    counts = np.array([_enumerate(landscape, size, seed) for seed in range(samples)])
    _assert_agreement(theory, ExpectedCount(size, EDGES, counts))


def _assert_agreement(theory: ExpectedCount, found: ExpectedCount) -> None:
    """Total, minima and each index within 3.5 standard errors, bin by bin as well; 15% more or less is rejected."""
    everything, minima = np.ones(theory.size), np.eye(1, theory.size)
    print(theory, found, sep="\n\n")
    for (value, error), (seen, noise) in ((theory.total, found.total), (theory.minima, found.minima)):
        assert np.all(np.abs(value - seen) < 3.5 * np.hypot(error, noise))
    for k in range(theory.size):
        assert abs(_deviation(theory, found, np.eye(1, theory.size, k))) < 3.5
    for weights in (everything, minima):
        assert abs(_deviation(theory, found, weights)) < 3.5
        assert _deviation(theory, found, weights, 1.15) > 3.5
        assert _deviation(theory, found, weights, 0.85) < -3.5


def _deviation(theory: ExpectedCount, found: ExpectedCount, weights: Array, factor: float = 1.0) -> float:
    (value, error), (seen, noise) = theory.estimate(weights), found.estimate(weights)
    return float((factor * value - seen) / np.hypot(factor * error, noise))


def _coefficients(landscape: GaussianLandscape) -> list[Array]:
    """Coefficients of ``f`` and ``g``, constant first, up to degree 3."""
    pairs = ((landscape.covariance, Q), (landscape.mean, M))
    return [np.array([float(Poly(f, symbol).coeff_monomial(symbol**k)) for k in range(4)]) for f, symbol in pairs]


def _enumerate_circles(landscape: GaussianLandscape, samples: int, generator: np.random.Generator) -> ExpectedCount:
    """Roots of ``dH/dphi`` on the unit circle ``z = e^(i phi)``, with ``H/N = Re sum_k c_k z^k``."""
    f, g = (np.pad(c, (0, 4 - c.size)) for c in map(poly2cheb, _coefficients(landscape)))
    noise = generator.normal(size=(samples, 4)) + 1j * generator.normal(size=(samples, 4))
    amplitudes, k = np.sqrt(f / 2) * noise - g, np.arange(4)
    slopes = 1j * k * amplitudes
    polynomial = np.concatenate([np.conj(slopes[:, :0:-1]), slopes], axis=1)
    companion = np.tile(np.eye(6, k=-1, dtype=np.complex128), (samples, 1, 1))
    companion[:, :, -1] = -polynomial[:, :-1] / polynomial[:, -1:]
    roots = np.linalg.eigvals(companion)
    bending = np.sum(-(k**2) * amplitudes[:, None, :] * roots[:, :, None] ** k, axis=2).real
    on_circle = np.abs(np.abs(roots) - 1) < 1e-6
    counts = np.zeros((samples, EDGES.size - 1, 2))
    bins = np.clip(np.searchsorted(EDGES, roots.real) - 1, 0, EDGES.size - 2)
    np.add.at(counts, (np.nonzero(on_circle)[0], bins[on_circle], (bending < 0).astype(int)[on_circle]), 1)
    return ExpectedCount(2, EDGES, counts)


def _enumerate(landscape: GaussianLandscape, size: int, seed: int) -> Array:
    """Number of critical points of one sample by bin of ``m`` and index."""
    found = critical_points(sample(landscape, size, seed, dtype="float64"), seed)
    counts = np.zeros((EDGES.size - 1, size))
    np.add.at(counts, (np.searchsorted(EDGES, found.overlap) - 1, found.index), 1)
    return counts
