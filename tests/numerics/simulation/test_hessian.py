"""The Hessian on the sphere against dense algebra, and its spectrum against semicircle and outlier."""

from math import sqrt
from typing import Any, cast

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence
from sympy import Rational

from numerics.errors import ConvergenceError
from numerics.lowering import Array
from numerics.simulation import Modes, Sample, diluted, hessian, inverse, lowest, sample, spectrum
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, SpikedMatrixTensor

Q, M = OVERLAP, SIGNAL_OVERLAP
MIXED = GaussianLandscape(Q / 2 + Q**2 / 3 + Q**3 / 2, M**2 / 2 + M**3)
SPIKED = SpikedMatrixTensor(3, Rational(3, 10), 1)


def point(size: int, seed: int) -> Array:
    x = np.random.default_rng(seed).standard_normal(size)
    return cast(Array, x * sqrt(size) / np.linalg.norm(x))


def with_overlap(drawn: Sample, m: float, seed: int) -> Array:
    """A point with ``x.x*/N = m``, otherwise random."""
    y = point(drawn.size, seed)
    y -= drawn.signal * (y @ drawn.signal) / drawn.size
    return cast(Array, m * drawn.signal + sqrt((1 - m**2) * drawn.size) * y / np.linalg.norm(y))


def projected(drawn: Sample, x: Array) -> Array:
    """``P (H'' + mu) P`` (N, N), from differences of gradients: one more eigenvalue, 0, along x."""
    step = 1e-5
    rows = [drawn.gradient(np.array([x + step * e, x - step * e]))[1] for e in np.eye(x.size)]
    second = np.array([(up - down) / (2 * step) for up, down in rows])
    mu = -float(drawn.gradient(x[None])[1][0] @ x) / x.size
    projector = np.eye(x.size) - np.outer(x, x) / x.size
    return cast(Array, projector @ (second + mu * np.eye(x.size)) @ projector)


@pytest.mark.parametrize("draw", [sample, diluted])
def test_spectrum_is_that_of_the_projected_hessian(draw: Any) -> None:
    drawn: Sample = draw(MIXED, 20, 1)
    x = point(20, 2)
    values, v = np.linalg.eigh(projected(drawn, x))
    radial = int(np.argmin(np.abs(values)))
    assert abs(values[radial]) < 1e-8 and np.max(np.abs(np.delete(values, radial))) > 0.1
    found = spectrum(drawn, x, vectors=True)
    assert np.allclose(found.values, np.delete(values, radial), atol=1e-7)
    tangent = drawn.signal - x * (drawn.signal @ x) / 20
    overlaps = (tangent @ v / np.linalg.norm(tangent)) ** 2
    assert np.allclose(found.overlaps, np.delete(overlaps, radial), atol=1e-6)
    assert np.sum(found.overlaps) == pytest.approx(1, abs=1e-12)
    require_modes(found, x)


def require_modes(found: Modes, x: Array) -> None:
    """Orthonormal and tangent."""
    vectors = cast(Array, found.vectors)
    assert np.max(np.abs(vectors @ vectors.T - np.eye(vectors.shape[0]))) < 1e-12
    assert np.max(np.abs(vectors @ x)) < 1e-11


@pytest.mark.parametrize("size", [30, 200])
def test_lowest_are_the_first_of_the_spectrum(size: int) -> None:
    drawn = sample(SPIKED, size, 3)
    x = with_overlap(drawn, 0.1, 4)
    found, full = lowest(drawn, x, 4), spectrum(drawn, x, vectors=True)
    assert np.allclose(found.values, full.values[:4], atol=1e-10)
    assert np.allclose(found.overlaps, full.overlaps[:4], atol=1e-8)
    alignment = np.abs(cast(Array, found.vectors) @ cast(Array, full.vectors)[:4].T)
    assert np.allclose(alignment, np.eye(4), atol=1e-6)
    assert (found.energy, found.mu) == (full.energy, full.mu)
    require_modes(found, x)


@pytest.mark.parametrize("draw", [sample, diluted])
def test_lowest_without_the_matrix(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Sample = draw(SPIKED, 150, 3)
    x = with_overlap(drawn, 0.1, 4)
    expected = lowest(drawn, x, 2)
    monkeypatch.setattr(hessian, "LARGEST_DENSE", 100)
    found = lowest(drawn, x, 2)
    assert np.allclose(found.values, expected.values, atol=1e-10)
    assert np.allclose(found.overlaps, expected.overlaps, atol=1e-8)


def test_energy_and_multiplier() -> None:
    """``mu = -x.grad H/N``: for a homogeneous degree p, ``-p e``."""
    drawn = sample(GaussianLandscape(Q**4), 24, 0)
    x = point(24, 1)
    found = lowest(drawn, x)
    assert found.energy == drawn.gradient(x[None])[0][0]
    assert found.mu == pytest.approx(-4 * found.energy, rel=1e-12)


def test_a_quadratic_landscape_is_known_exactly() -> None:
    """``H = -N m^2/2`` and nearly no noise: eigenvalues ``m^2`` and, along the signal, ``m^2 - (1 - m^2)``."""
    drawn = sample(GaussianLandscape(Q**2 * Rational(1, 10**20), M**2 / 2), 40, 0)
    x = with_overlap(drawn, 0.6, 1)
    found = spectrum(drawn, x)
    assert found.values[0] == pytest.approx(0.36 - 0.64, abs=1e-8)
    assert found.overlaps[0] == pytest.approx(1, abs=1e-8)
    assert np.allclose(found.values[1:], 0.36, atol=1e-8)
    assert found.energy == pytest.approx(-0.18, abs=1e-8)


def test_overlap_is_zero_at_the_signal() -> None:
    drawn = sample(SPIKED, 30, 0)
    assert np.array_equal(lowest(drawn, drawn.signal).overlaps, [0.0])


@pytest.mark.parametrize("first", [3.0, -3.0, 0.0])
def test_tangent_coordinates(first: float) -> None:
    x = np.array([first, 1.0, -2.0, 0.5])
    tangent = hessian.Tangent(x)
    basis = tangent.embed(np.eye(3))
    assert np.allclose(basis.T @ basis, np.eye(3)) and np.allclose(x @ basis, 0)
    assert np.allclose(tangent.coordinates(basis), np.eye(3))
    assert np.allclose(tangent.coordinates(x), 0)


# Random matrices.


def test_bulk_is_a_semicircle() -> None:
    """Off the outlier: ``mu + sqrt(f''(1)) GOE``, moments to O(1/N), distribution to O(1/N)."""
    size = 400
    drawn = sample(SPIKED, size, 5)
    found = spectrum(drawn, with_overlap(drawn, 0.0, 6))
    scaled = (found.values[1:] - found.mu) / sqrt(float(SPIKED.f(2)))
    assert abs(np.mean(scaled**2) - 1) < 4 / size and abs(np.mean(scaled**4) - 2) < 20 / size
    y = np.clip(scaled, -2, 2)
    semicircle = 0.5 + y * np.sqrt(4 - y**2) / (4 * np.pi) + np.arcsin(y / 2) / np.pi
    empirical = (np.arange(scaled.size) + 0.5) / scaled.size
    assert np.max(np.abs(semicircle - empirical)) < 5 / size


@pytest.mark.parametrize("m", [0.0, 0.5])
def test_outlier_and_its_overlap(m: float) -> None:
    """``mu - sqrt(f'') (theta + 1/theta)``, overlap ``1 - 1/theta^2``; ``theta = g''(m) (1 - m^2)/sqrt(f''(1))``."""
    size, count = 200, 40
    landscape = SpikedMatrixTensor(3, Rational(1, 5), 1)
    scale = sqrt(float(landscape.f(2)))
    theta = float(landscape.g(2, at=m)) * (1 - m**2) / scale
    assert 1.6 < theta < 2
    rows = np.empty((count, 2))
    for seed in range(count):
        drawn = sample(landscape, size, seed)
        found = lowest(drawn, with_overlap(drawn, m, seed))
        rows[seed] = (found.values[0] - found.mu) / scale, found.overlaps[0]
    error = rows.std(axis=0, ddof=1) / sqrt(count)
    expected = np.array([-theta - 1 / theta, 1 - theta**-2])
    assert np.all(np.abs(rows.mean(axis=0) - expected) < 3.5 * error + 2 / size), f"{rows.mean(axis=0)} {error}"
    assert np.all(error < 0.025)


def test_edge_below_the_transition() -> None:
    """No outlier at ``theta < 1``: the lowest is ``-2 - N^(-2/3) <TW_1>`` with the mean -1.2065 of Tracy and Widom."""
    size, count = 150, 60
    landscape = SpikedMatrixTensor(3, 2, 1)
    scale = sqrt(float(landscape.f(2)))
    edges, overlaps = np.empty(count), np.empty(count)
    for seed in range(count):
        drawn = sample(landscape, size, seed)
        found = lowest(drawn, with_overlap(drawn, 0.0, seed))
        edges[seed], overlaps[seed] = (found.values[0] - found.mu) / scale, found.overlaps[0]
    expected = -2 + 1.2065336 * (size - 1) ** (-2 / 3)
    assert abs(edges.mean() - expected) < 4 * edges.std(ddof=1) / sqrt(count) + 1 / size
    assert overlaps.mean() < 0.05


# Errors.


def test_bad_points_and_counts() -> None:
    drawn = sample(SPIKED, 20, 0)
    x = point(20, 0)
    for bad in (1.01 * x, np.zeros(20), np.full(20, np.nan)):
        with pytest.raises(ValueError, match=r"\|x\|\^2/N = .*: expected a point on the sphere"):
            lowest(drawn, bad)
    for count in (0, 20):
        with pytest.raises(ValueError, match=f"count = {count}: expected 1 ... 19"):
            lowest(drawn, x, count)
    with pytest.raises(ValueError, match=r"x has shape \(2, 20\): expected \(20,\)"):
        spectrum(drawn, np.array([x, x]))
    large = diluted(GaussianLandscape(Q), 5000, 0)
    with pytest.raises(ValueError, match=r"size = 5000: a full spectrum needs N <= 4096; try lowest"):
        spectrum(large, point(5000, 0))


def test_lanczos_that_stalls_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stalled(*_: Any, **__: Any) -> None:
        raise ArpackNoConvergence("No convergence (%s)", np.zeros(0), np.zeros((0, 0)))

    monkeypatch.setattr(inverse, "eigsh", stalled)
    drawn = sample(SPIKED, 150, 0)
    with pytest.raises(ConvergenceError, match="lowest eigenvalues"):
        lowest(drawn, point(150, 0))
