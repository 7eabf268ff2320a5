"""Enumeration of critical points: derivatives, exact cases, completeness."""

import numpy as np
import pytest
from sympy import Rational

from numerics.errors import ConvergenceError
from numerics.simulation import sample
from numerics.simulation.critical_points import Dense, Enumeration, critical_points, symmetric
from numerics.simulation.packed import entries
from theory import OVERLAP as Q
from theory import SIGNAL_OVERLAP as M
from theory import GaussianLandscape, SpikedMatrixTensor

PURE = GaussianLandscape(Q**2 / 2)
ALL_DEGREES = GaussianLandscape(Q + Q**2 / 3 + Q**3 / 5 + Q**4 / 7 + Q**5 / 9, M / 3 + M**4 / 5)


@pytest.mark.parametrize("landscape", [ALL_DEGREES, GaussianLandscape(Q**2, M**3), GaussianLandscape(Q, M)])
def test_derivatives_are_those_of_the_sample(landscape: GaussianLandscape) -> None:
    size, random = 5, np.random.default_rng(0)
    drawn = sample(landscape, size, 3, dtype="float64")
    u = random.normal(size=(4, size))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    gradients, hessians = Dense(drawn).derivatives(u)
    _, euclidean = drawn.gradient(u * np.sqrt(size))
    for i in range(4):
        tangent = np.eye(size) - np.outer(u[i], u[i])
        mu = u[i] @ euclidean[i] / np.sqrt(size)
        bent = drawn.hessian(u[i] * np.sqrt(size)) - mu * np.eye(size)
        assert gradients[i] == pytest.approx(tangent @ euclidean[i] / np.sqrt(size), abs=1e-12)
        assert hessians[i] == pytest.approx(tangent @ bent @ tangent + np.outer(u[i], u[i]), abs=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_packed_and_symmetric_tensors_are_the_same_polynomial(degree: int) -> None:
    size = 4
    tensor = symmetric(np.arange(1.0, entries(size, degree) + 1), degree, size)
    for axes in ([*range(1, degree), 0], [*range(degree)][::-1]):
        assert np.array_equal(tensor, tensor.transpose(axes))
    # sum of all packed coefficients is the polynomial at (1, ..., 1)
    assert tensor.sum() == pytest.approx(entries(size, degree) * (entries(size, degree) + 1) / 2)


def test_all_eigenvectors_are_found() -> None:
    drawn = sample(PURE, 8, 0, dtype="float64")
    found = critical_points(drawn, 0)
    vectors = np.linalg.eigh(drawn.hessian(drawn.signal))[1]
    assert len(found.points) == 16
    assert np.sort(np.abs(found.points @ vectors) / np.sqrt(8), axis=1)[:, -1] == pytest.approx(1)
    assert np.bincount(found.index).tolist() == [2] * 8
    assert np.sum(found.points**2, axis=1) == pytest.approx(8)


@pytest.mark.parametrize(("size", "euler"), [(6, 0), (7, 2)])
def test_a_search_is_complete_and_repeats_itself(size: int, euler: int) -> None:
    drawn = sample(SpikedMatrixTensor(3, Rational(7, 10), 1), size, 4, dtype="float64")
    first, again, other = (critical_points(drawn, seed) for seed in (0, 0, 1))
    assert first.morse_sum == first.euler == euler
    assert np.array_equal(first.points, again.points) and np.array_equal(first.hits, again.hits)
    assert len(first.points) == len(other.points)
    closest = np.min(np.linalg.norm(first.points[:, None] - other.points, axis=2), axis=1)
    assert closest == pytest.approx(0, abs=1e-6)
    assert first.overlap == pytest.approx(first.points @ drawn.signal / size)
    assert first.hits.sum() <= first.starts and first.missing == 0


def test_capture_and_recapture_estimates_what_is_missing() -> None:
    """A hundred species of equal size, 150 captures: some twenty were never seen."""
    estimates, truth = [], []
    for seed in range(200):
        hits = np.bincount(np.random.default_rng(seed).integers(100, size=150), minlength=100)
        seen = hits[hits > 0]
        empty = np.empty((len(seen), 4))
        estimates.append(Enumeration(empty, np.zeros(len(seen), np.int64), empty[:, 0], seen, 150).missing)
        truth.append(np.count_nonzero(hits == 0))
    assert np.mean(estimates) == pytest.approx(np.mean(truth), rel=0.15)


def test_an_incomplete_search_says_so_and_keeps_what_it_found() -> None:
    drawn = sample(SpikedMatrixTensor(3, Rational(7, 10), 1), 10, 4, dtype="float64")
    for seed in range(50):
        try:
            critical_points(drawn, seed, patience=-1, limit=1)
        except ConvergenceError as error:
            assert "incomplete" in str(error)
            assert error.partial.morse_sum != error.partial.euler
            assert len(error.partial.points) > 0
            return
    pytest.fail("one batch was always enough")


def test_large_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"size = 200 takes dense tensors of .* entries; try a size up to 12"):
        critical_points(sample(GaussianLandscape(Q**3), 200, 0), 0)
