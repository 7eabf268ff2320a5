"""Packed and diluted samples against dense tensors, finite differences, and the law that they are drawn from."""

from itertools import permutations
from math import comb, sqrt
from typing import Any, cast

import numpy as np
import pytest
from sympy import Rational, Symbol, cos, exp

from numerics.lowering import Array
from numerics.simulation import (
    DilutedLandscape,
    Sample,
    SampledLandscape,
    diluted,
    kernel,
    landscape_sample,
    memory_needed,
    packed,
    sample,
)
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, SpikedMatrixTensor

Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
SPIKED = SpikedMatrixTensor(3, Rational(3, 10), 1)
EVERYTHING = GaussianLandscape(
    1 + Q / 2 + Q**2 / 3 + Q**3 / 7 + Q**4 / 5 + Q**5 / 3, M / 3 + M**2 / 2 + M**4 / 3 + exp(M)
)
slow = pytest.mark.slow


def on_sphere(rows: int, size: int, seed: int) -> Array:
    x = np.random.default_rng(seed).standard_normal((rows, size))
    return cast(Array, x * np.sqrt(size / np.sum(x**2, axis=1))[:, None])


def dense(tensor: Array, degree: int, size: int) -> Array:
    """The symmetric tensor, every order of every set of indices filled in: ``H = sum T_i1...ip x_i1 ... x_ip``."""
    full = np.zeros((size,) * degree)
    for value, indices in zip(tensor, multisets(degree, size), strict=True):
        orders = set(permutations(indices))
        for order in orders:
            full[order] = value / len(orders)
    return full


def multisets(degree: int, size: int) -> list[tuple[int, ...]]:
    """``i1 >= ... >= ip``, last index fastest."""
    if degree == 0:
        return [()]
    return [(first, *rest) for first in range(size) for rest in multisets(degree - 1, first + 1)]


def contracted(full: Array, x: Array, free: int) -> Array:
    """``T x ... x`` with some indices left: ``grad = p T x^(p-1)``, ``H'' = p (p-1) T x^(p-2)``."""
    factor = 1.0
    for k in range(free):
        factor *= full.ndim - k
    for _ in range(full.ndim - free):
        full = full @ x
    return factor * full


def differences(value: Any, x: Array, step: float = 1e-5) -> Array:
    """Central differences of ``value`` (of a point) along each axis at x (N,)."""
    return np.array([(value(x + step * e) - value(x - step * e)) / (2 * step) for e in np.eye(x.size)])


def require_derivatives(drawn: Sample, x: Array, rtol: float = 1e-8) -> None:
    """Gradient against differences of the energy, Hessian against differences of the gradient, H''v against both."""
    _, gradient = drawn.gradient(x)
    hessian = drawn.hessian(x[0])
    v = on_sphere(3, x.shape[1], 77)
    for row, slope in zip(x, gradient, strict=True):
        expected = differences(lambda y: drawn.size * drawn.gradient(y[None])[0][0], row)
        assert np.max(np.abs(slope - expected)) < rtol * np.max(np.abs(slope))
    expected = differences(lambda y: drawn.gradient(y[None])[1][0], x[0])
    assert np.max(np.abs(hessian - expected)) < rtol * np.max(np.abs(hessian))
    assert np.max(np.abs(hessian - hessian.T)) < 1e-13 * np.max(np.abs(hessian))
    assert np.max(np.abs(drawn.hessian_vector(x[0], v) - v @ hessian)) < 1e-13 * np.max(np.abs(v @ hessian))


# Derivatives.


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5, 6])
def test_each_degree_against_the_dense_tensor(degree: int) -> None:
    size = 10 if degree < 5 else 6
    drawn = sample(GaussianLandscape(Q**degree), size, degree, dtype="float64")
    full = dense(drawn.tensors[degree], degree, size)
    x = np.random.default_rng(1).standard_normal((3, size))
    energy, gradient = drawn.gradient(x)
    for row in range(3):
        assert energy[row] * size == pytest.approx(float(contracted(full, x[row], 0)), rel=1e-12)
        assert np.allclose(gradient[row], contracted(full, x[row], 1), rtol=1e-12, atol=1e-12)
    if degree > 1:
        assert np.allclose(drawn.hessian(x[0]), contracted(full, x[0], 2), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("degree", "size"), [(2, 131), (3, 70), (4, 21)])
def test_sizes_that_are_no_multiple_of_a_block(degree: int, size: int) -> None:
    drawn = sample(GaussianLandscape(Q**degree), size, 0, dtype="float64")
    x = on_sphere(2, size, 2)
    full = dense(drawn.tensors[degree], degree, size)
    _, gradient = drawn.gradient(x)
    expected = np.array([contracted(full, row, 1) for row in x])
    assert np.max(np.abs(gradient - expected)) < 1e-12 * np.max(np.abs(expected))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_of_a_landscape_with_everything(dtype: packed.Precision) -> None:
    require_derivatives(sample(EVERYTHING, 11, 3, dtype=dtype), 0.9 * on_sphere(2, 11, 4))


def test_many_starts_are_one_by_one() -> None:
    drawn = sample(EVERYTHING, 17, 5)
    x = on_sphere(9, 17, 6)
    energy, gradient = drawn.gradient(x)
    for row in range(9):
        alone = drawn.gradient(x[row : row + 1])
        assert np.array_equal(alone[0], energy[row : row + 1]) and np.array_equal(alone[1], gradient[row : row + 1])


def test_single_precision_holds_the_same_disorder() -> None:
    x = on_sphere(2, 40, 1)
    single, double = (sample(SPIKED, 40, 8, dtype=dtype).gradient(x) for dtype in ("float32", "float64"))
    error = np.max(np.abs(single[1] - double[1])) / np.max(np.abs(double[1]))
    assert 1e-10 < error < 1e-6
    assert np.allclose(single[0], double[0], rtol=1e-6)


# The law.


@pytest.mark.parametrize("degree", [2, 3, 4, 5])
def test_covariance_is_exact_at_finite_size(degree: int) -> None:
    """``sum_multisets A^2 prod x x' = N f(q)`` when the coefficients are the standard deviations."""
    size = 6
    weights = np.ones(packed.entries(size, degree))
    kernel.weigh(weights, degree, size, packed.scale_of(0.7, degree, size))
    x = np.random.default_rng(0).standard_normal((2, size))
    variance = np.zeros(1)
    kernel.add_gradient(weights**2, degree, (x[0] * x[1])[None], variance, np.zeros((1, size)))
    assert variance[0] == pytest.approx(size * 0.7 * float(x[0] @ x[1] / size) ** degree, rel=1e-12)


def scores(products: Array, covariance: Array) -> Array:
    """z of the mean of products (samples, k) of Gaussian pairs of a known covariance."""
    error = products.std(axis=0, ddof=1) / sqrt(products.shape[0])
    return cast(Array, (products.mean(axis=0) - covariance) / error)


def test_mean_and_covariance_of_energy_and_gradient() -> None:
    """``E H = -N g``, ``Cov H = N f(q)``, ``Cov(u.grad H, u'.grad H') = f'(q) u.u' + f''(q) u.x' u'.x/N``."""
    size, count = 7, 3000
    x = np.random.default_rng(3).standard_normal((3, size))
    u = np.random.default_rng(4).standard_normal((3, size))
    f = [np.vectorize(lambda q, k=k: float(EVERYTHING.f(k, at=q))) for k in range(3)]
    centred, slopes = np.empty((count, 3)), np.empty((count, 3))
    for k in range(count):
        drawn = sample(EVERYTHING, size, k)
        energy, gradient = drawn.gradient(x)
        m = x @ drawn.signal / size
        mean, drift = m / 3 + m**2 / 2 + m**4 / 3 + np.exp(m), 1 / 3 + m + 4 * m**3 / 3 + np.exp(m)
        centred[k] = size * (energy + mean)
        slopes[k] = np.sum(u * (gradient + drift[:, None] * drawn.signal), axis=1)
    i, j = np.triu_indices(3)
    q = (x @ x.T / size)[i, j]
    across = (u @ x.T)[i, j] * (x @ u.T)[i, j] / size
    z = np.concatenate([
        centred.mean(axis=0) / (centred.std(axis=0) / sqrt(count)),
        slopes.mean(axis=0) / (slopes.std(axis=0) / sqrt(count)),
        scores(centred[:, i] * centred[:, j], size * f[0](q)),
        scores(slopes[:, i] * slopes[:, j], f[1](q) * (u @ u.T)[i, j] + f[2](q) * across),
    ])  # fmt: skip
    assert np.max(np.abs(z)) < 4 and 0.4 < np.sqrt(np.mean(z**2)) < 1.6
    wrong = scores(centred[:, i] * centred[:, j], 1.3 * size * f[0](q))
    assert np.max(np.abs(wrong)) > 6  # the test would see 30 per cent


def test_signal_is_uniform_on_the_sphere() -> None:
    signals = np.array([sample(GaussianLandscape(Q), 5, seed).signal for seed in range(2000)])
    assert np.max(np.abs(np.sum(signals**2, axis=1) - 5)) < 1e-13
    assert np.all(np.abs(signals.mean(axis=0)) < 4 / sqrt(2000))
    assert np.all(np.abs((signals**2).mean(axis=0) - 1) < 4 * sqrt(2 * 4 / 7 / 2000))  # var x_i^2 = 2(N-1)/(N+2)


# Seeds.


def test_seeds() -> None:
    x = on_sphere(1, 12, 0)

    def energy(seed: packed.Seed, landscape: GaussianLandscape = SPIKED) -> float:
        return float(sample(landscape, 12, seed).gradient(x)[0][0])

    sequence = np.random.SeedSequence(4)
    assert energy(4) == energy(4) == energy(sequence) == energy(sequence) != energy(5)
    assert all(energy(child) != energy(4) for child in sequence.spawn(3))
    one, other = np.random.default_rng(4), np.random.default_rng(4)
    first, second = energy(one), energy(one)
    assert (energy(other), energy(other)) == (first, second) and first != second


def test_each_degree_has_a_stream_of_its_own() -> None:
    alone, mixed = sample(CUBE, 9, 1), sample(CUBE + GaussianLandscape(Q**2 + Q**4), 9, 1)
    assert np.array_equal(alone.tensors[3], mixed.tensors[3])
    assert np.array_equal(alone.signal, mixed.signal)
    assert not np.array_equal(alone.tensors[3][:45], mixed.tensors[2][:45])


# Memory.


@pytest.mark.parametrize(("degree", "size"), [(2, 64), (3, 64), (4, 20)])
def test_each_entry_is_kept_once(degree: int, size: int) -> None:
    landscape = GaussianLandscape(Q**degree)
    drawn = sample(landscape, size, 0)
    assert drawn.memory == memory_needed(landscape, size) == 4 * comb(size + degree - 1, degree)
    assert memory_needed(landscape, size, "float64") == 2 * drawn.memory


def test_a_sample_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"size = 100000 needs 6\.21e\+05 GiB, of which .* are free; .*diluted"
    ) as found:
        sample(CUBE, 100_000, 0)
    assert "\n" not in str(found.value)
    with pytest.raises(ValueError, match="connectivity"):
        diluted(CUBE, 1_000_000, 0, connectivity=10_000)


# Errors.


@pytest.mark.parametrize("draw", [sample, diluted])
def test_landscapes_that_cannot_be_drawn(draw: Any) -> None:
    with pytest.raises(ValueError, match=r"parameters without a value: a; try landscape\.subs"):
        draw(GaussianLandscape(Symbol("a", positive=True) * Q**2), 8, 0)
    with pytest.raises(ValueError, match="needs a polynomial in q"):
        draw(GaussianLandscape(exp(Q)), 8, 0)
    for size in (1, 2.5, True, "8"):
        with pytest.raises(ValueError, match=r"size = .*: expected a whole number >= 2"):
            draw(CUBE, size, 0)
    for seed in (-1, 0.5, None, "a"):
        with pytest.raises(ValueError, match=r"seed = .*: expected an integer >= 0"):
            draw(CUBE, 8, seed)


def test_other_bad_arguments() -> None:
    with pytest.raises(ValueError, match="dtype = 'float16': expected 'float32' or 'float64'"):
        sample(CUBE, 8, 0, dtype=cast(Any, "float16"))
    drawn = sample(CUBE, 8, 0)
    for call in (
        lambda: drawn.gradient(np.zeros(8)),
        lambda: drawn.gradient(np.zeros((2, 7))),
        lambda: drawn.hessian(np.zeros((1, 8))),
        lambda: drawn.hessian_vector(np.zeros(8), np.zeros(8)),
    ):
        with pytest.raises(ValueError, match=r"has shape .*: expected \("):
            call()
    for name in ("connectivity", "frames"):
        with pytest.raises(ValueError, match=f"{name} = 0: expected a whole number >= 1"):
            diluted(CUBE, 8, 0, **{name: 0})
    with pytest.raises(ValueError, match="frames = 8: expected at most connectivity = 4"):
        diluted(CUBE, 8, 0, connectivity=4)
    with pytest.raises(ValueError, match="needs size >= 3"):
        diluted(CUBE, 2, 0)
    with pytest.raises(ValueError, match="N <= 4096; try hessian_vector"):
        diluted(GaussianLandscape(Q), 5000, 0).hessian(np.ones(5000))


# Diluted.


def test_derivatives_of_a_diluted_landscape() -> None:
    drawn = diluted(EVERYTHING, 16, 3, connectivity=9, frames=4)
    require_derivatives(drawn, on_sphere(2, 16, 4))
    assert sum(tensor.sites.size for frame in drawn.frames for tensor in frame.tensors) == 4 * 36 * (2 + 3 + 4 + 5)
    assert drawn.memory == 4 * 4 * 36 * (2 + 3 + 4 + 5)


def test_diluted_couplings_are_a_regular_hypergraph() -> None:
    drawn = diluted(CUBE, 300, 0, connectivity=16, frames=4)
    for frame in drawn.frames:
        (tensor,) = frame.tensors
        assert np.all(np.diff(np.sort(tensor.sites, axis=1), axis=1) > 0)
        assert np.all(np.bincount(tensor.sites.ravel(), minlength=300) == 3 * 4)


def test_diluted_mean_and_covariance() -> None:
    """``E H = -N g`` and, in one frame, ``N f_p e_p(y)/C(N, p)`` for each degree."""
    landscape = GaussianLandscape(1 + Q + Q**2 + Q**3, M**2 + cos(M))
    size, count = 9, 3000
    x = on_sphere(2, size, 1)
    energies = np.empty((count, 2))
    expected = np.empty((count, 3))
    for k in range(count):
        drawn = diluted(landscape, size, k, connectivity=2, frames=2)
        m = x @ drawn.signal / size
        energies[k] = size * (drawn.gradient(x)[0] + m**2 + np.cos(m))
        expected[k] = np.mean([elementary(frame.enter(x), size) for frame in drawn.frames], axis=0)
    mean = energies.mean(axis=0) / (energies.std(axis=0) / sqrt(count))
    products = energies[:, (0, 0, 1)] * energies[:, (0, 1, 1)]
    z = np.append(mean, scores(products - expected, np.zeros(3)))
    assert np.max(np.abs(z)) < 4


def elementary(y: Array, size: int) -> Array:
    """``N (1 + q + e_2(y y')/C(N, 2) + e_3(y y')/C(N, 3))`` of (0,0), (0,1), (1,1), by Newton's identities."""
    pairs = y[(0, 0, 1),] * y[(0, 1, 1),]
    p1, p2, p3 = (np.sum(pairs**k, axis=1) for k in (1, 2, 3))
    second, third = (p1**2 - p2) / 2, (p1**3 - 3 * p1 * p2 + 2 * p3) / 6
    return cast(Array, size * (1 + p1 / size + second / comb(size, 2) + third / comb(size, 3)))


def test_diluted_seeds() -> None:
    x = on_sphere(1, 30, 0)
    energies = [diluted(SPIKED, 30, seed).gradient(x)[0][0] for seed in (1, 1, 2)]
    assert energies[0] == energies[1] != energies[2]


MEAN_FIELD = {1.0: -0.7825081567, 10.0: -1.0815987671}
"""Energy of gradient flow of ``f = q^3/2`` from a random start (the two-time equations)."""


def energies_of_flow(drawn: DilutedLandscape | SampledLandscape, x: Array, step: float = 0.2) -> tuple[Array, Array]:
    """Energies (starts, 2) at t = 1 and 10 by Runge-Kutta, and the last point."""

    def velocity(y: Array) -> Array:
        gradient = drawn.gradient(y)[1]
        return cast(Array, np.mean(y * gradient, axis=1)[:, None] * y - gradient)

    found = []
    for k in range(1, round(10 / step) + 1):
        a = velocity(x)
        b = velocity(x + step / 2 * a)
        c = velocity(x + step / 2 * b)
        x = x + step / 6 * (a + 2 * b + 2 * c + velocity(x + step * c))
        x = x * np.sqrt(x.shape[1] / np.sum(x**2, axis=1))[:, None]
        if k in (round(1 / step), round(10 / step)):
            found.append(drawn.gradient(x)[0])
    return np.array(found).T, x


def diluted_flow(size: int, connectivity: int, samples: int) -> tuple[Array, Array]:
    """Mean and standard error of ``e - mean field`` at t = 1 and 10."""
    found = []
    for seed in range(samples):
        drawn = diluted(CUBE, size, seed, connectivity=connectivity)
        energies, x = energies_of_flow(drawn, on_sphere(1, size, 100 + seed))
        assert np.all(drawn.participation(x) < 4)
        found.append(energies[0] - list(MEAN_FIELD.values()))
    return np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / sqrt(samples)


def test_diluted_flow_is_that_of_mean_field() -> None:
    """To 1/c: the bias at t = 10 is about -0.4/c."""
    mean, error = diluted_flow(2000, 128, 6)
    assert np.all(np.abs(mean) < 4 * error + 1 / 128), f"{mean} +- {error}"
    assert np.all(error < 0.006)


@slow
def test_diluted_flow_extrapolates_to_mean_field() -> None:
    """A line in 1/c through connectivities 64 and 128, at a size whose own corrections are below the error."""
    (coarse, coarse_error), (fine, fine_error) = diluted_flow(8000, 64, 6), diluted_flow(8000, 128, 6)
    extrapolated, error = 2 * fine - coarse, np.hypot(2 * fine_error, coarse_error)
    assert np.all(np.abs(extrapolated) < 4 * error), f"{extrapolated} +- {error}"


def test_participation_tells_a_condensed_flow() -> None:
    """Few couplings in one frame: the weight ends on a few sites, at energies of order ``sqrt N``."""
    drawn = diluted(CUBE, 1000, 0, connectivity=8, frames=1)
    x = on_sphere(1, 1000, 1)
    assert drawn.participation(x)[0] < 4
    energies, x = energies_of_flow(drawn, x, 0.05)
    assert energies[0, -1] < -2 and drawn.participation(x)[0] > 100


def test_a_packed_flow_extrapolates_to_mean_field() -> None:
    """The corrections of packed samples are O(1/N): sizes 50 and 100, nothing fitted."""
    averages, errors = [], []
    for size in (50, 100):
        flows = [energies_of_flow(sample(CUBE, size, seed), on_sphere(2, size, seed))[0] for seed in range(60)]
        each = np.mean(flows, axis=1) - list(MEAN_FIELD.values())
        averages.append(each.mean(axis=0))
        errors.append(each.std(axis=0, ddof=1) / sqrt(60))
    extrapolated, error = 2 * averages[1] - averages[0], np.hypot(2 * errors[1], errors[0])
    assert np.all(np.abs(extrapolated) < 3 * error) and np.all(error < 0.015), f"{extrapolated} +- {error}"
    assert averages[0][1] > 8 * errors[0][1]  # what the extrapolation removes


def test_series_are_found_once() -> None:
    assert landscape_sample.series_of(SPIKED) is landscape_sample.series_of(SpikedMatrixTensor(3, Rational(3, 10), 1))
