import numpy as np
import pytest
from scipy.integrate import quad
from sympy import Symbol, diff, integrate, log, simplify, sqrt

from numerics.lowering import lower
from theory.random_matrices import BBPTransition, density, index_cost, outlier_rate, phi
from theory.random_matrices.large_deviations import free_spherical_integral, goe_cost, in_shift
from theory.symbols import SHIFT as T
from theory.symbols import SPIKE as THETA

PHI = lower((T,), [phi()])
RATE = lower((THETA, T), [index_cost(0)])
TILTED = lower((THETA, T), [outlier_rate()])
DENSITY = lower((T,), [density()])


def test_density_has_unit_mass_and_variance() -> None:
    assert quad(lambda x: DENSITY(x)[0], -2, 2)[0] == pytest.approx(1, abs=1e-9)
    assert quad(lambda x: x**2 * DENSITY(x)[0], -2, 2)[0] == pytest.approx(1, abs=1e-9)
    assert DENSITY(2.5)[0] == 0


@pytest.mark.parametrize("t", [-3.0, -2.0, -0.7, 0.0, 1.3, 2.0, 2.5, 6.0])
def test_phi_is_the_logarithmic_potential(t: float) -> None:
    potential = quad(lambda a: np.log(abs(2 * np.cos(a) - t) + 1e-300) * 2 * np.sin(a) ** 2 / np.pi, 0, np.pi,
                     points=[float(np.arccos(t / 2))] if abs(t) < 2 else None, limit=200)[0]  # fmt: skip
    assert PHI(t)[0] == pytest.approx(potential + 0.5, abs=1e-7)


def test_cost_of_an_eigenvalue_outside_is_half_the_integral_of_the_root() -> None:
    x = Symbol("x", positive=True)
    assert simplify(diff(in_shift(goe_cost()), T).subs(T, x + 2) - sqrt((x + 2) ** 2 - 4) / 2) == 0
    assert in_shift(goe_cost()).subs(T, 2) == 0


def test_rate_at_the_edge() -> None:
    """L(theta, 2) = theta^2/4 - theta + 3/4 + 1/2 ln theta."""
    expected = THETA**2 / 4 - THETA + 0.75 + log(THETA) / 2
    theta = np.linspace(1.01, 4, 7)
    assert RATE(theta, 2.0)[0] == pytest.approx(lower((THETA,), [expected])(theta)[0], abs=1e-14)


def test_rate_is_the_formula_integrated_by_hand() -> None:
    for theta, t in ((1.5, 2.05), (2.0, 2.2), (3.0, 3.1)):
        edge = theta + 1 / theta
        integral = quad(lambda y: np.sqrt(y**2 - 4), edge, t)[0]
        expected = integral / 4 - theta / 2 * (t - edge) + (t**2 - edge**2) / 8
        assert RATE(theta, t)[0] == pytest.approx(expected, abs=1e-12)


def test_rate_vanishes_beyond_the_outlier_and_is_infinite_inside_the_bulk() -> None:
    assert RATE(2.0, 2.6)[0] == 0
    assert RATE(0.5, 2.1)[0] == 0
    assert RATE(-1.0, 2.1)[0] == 0
    assert RATE(2.0, 1.9)[0] == np.inf


def test_tilted_cost_touches_zero_at_the_outlier_with_zero_slope() -> None:
    theta = np.array([1.2, 2.0, 5.0])
    edge, step = theta + 1 / theta, 1e-4
    assert TILTED(theta, edge)[0] == pytest.approx(0, abs=1e-14)
    assert (TILTED(theta, edge + step)[0] - TILTED(theta, edge)[0]) / step == pytest.approx(0, abs=1e-3)


def test_tilted_cost_joins_the_plain_one_where_a_weak_spike_starts_to_help() -> None:
    theta = np.array([0.3, 0.8])
    edge = theta + 1 / theta
    plain = lower((T,), [in_shift(goe_cost())])(edge)[0]
    assert TILTED(theta, edge)[0] == pytest.approx(plain, abs=1e-12)


def test_free_spherical_integral_is_gaussian() -> None:
    """lim (1/N) ln E exp(N theta x_11/2) over the bulk: half the integral of the R-transform, R(g) = g."""
    g = Symbol("g")
    assert free_spherical_integral() == integrate(g, (g, 0, THETA)) / 2


def test_bbp_against_a_large_matrix() -> None:
    size, theta = 1500, 2.0
    generator = np.random.default_rng(5)
    noise = generator.normal(size=(size, size)) / np.sqrt(2 * size)
    matrix = noise + noise.T
    matrix[0, 0] += theta
    values, vectors = np.linalg.eigh(matrix)
    transition = BBPTransition()
    position, overlap = lower((THETA,), [transition.position, transition.overlap_squared])(theta)
    assert values[-1] == pytest.approx(float(position), abs=5 / np.sqrt(size))
    assert vectors[0, -1] ** 2 == pytest.approx(float(overlap), abs=5 / np.sqrt(size))
    assert transition.condition == (THETA > 1)


def test_cost_of_saddles_by_sampling_nothing_but_their_formulas() -> None:
    """Index k: the outlier is free below theta + 1/theta, every further negative eigenvalue costs I_1."""
    one = lower((T,), [in_shift(goe_cost())])
    for theta, t in ((2.0, 2.3), (3.0, 2.1)):
        for k in (1, 2, 4):
            cost = lower((THETA, T), [index_cost(k)])(theta, t)[0]
            assert cost == pytest.approx((k - 1) * one(t)[0], abs=1e-14)
    for theta, t in ((0.5, 2.3), (-1.0, 2.3), (0.0, 5.0)):
        cost = lower((THETA, T), [index_cost(3)])(theta, t)[0]
        assert cost == pytest.approx(3 * one(t)[0], abs=1e-14)
    for theta, t in ((0.8, 2.8), (2.0, 3.0)):
        cost = lower((THETA, T), [index_cost(2)])(theta, t)[0]
        assert cost == pytest.approx(TILTED(theta, t)[0] + one(t)[0], abs=1e-14)
        assert cost < 2 * one(t)[0]
