"""Marginal points of losses against eigenvectors of matrices, Gaussian landscapes, replicas and descent."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.optimize import minimize, root
from sympy import Expr, Rational, exp, sin, sinh, sqrt

from numerics.complexity import complexity as of_landscape
from numerics.errors import ConvergenceError
from numerics.generalized_linear.complexity import complexity
from numerics.generalized_linear.field_law import Labels
from numerics.generalized_linear.finite_size import _Cells
from numerics.generalized_linear.loss import loss_functions
from numerics.generalized_linear.marginal import window
from numerics.generalized_linear.minima import Population
from numerics.generalized_linear.one_step import marginal_state
from numerics.generalized_linear.saddle_search import edge_at_zero, rough_minima
from numerics.lowering import Array, lower
from numerics.marginal import window as window_of_landscape
from theory import OVERLAP, GaussianLandscape
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import PhaseRetrieval

RETRIEVAL = PhaseRetrieval(1)
SCALE, ALPHA = 0.3, 4.0


@lru_cache
def secular(overlap: float, labels: Labels) -> tuple[float, float]:
    """Sigma and energy of ``l = (u - c y)^2/2`` where the least eigenvalue r of A = X^T X/N is minus the multiplier.

    ``w = c A/(A - r) w*``: that this has norm 1 and overlap q is rare by the weights p of w* on the eigenvectors of A,
    ``-Sigma = min_p 1/2 int rho ln(rho/p)``; quenched labels fix ``int p x = alpha``.
    """
    low, high = (np.sqrt(ALPHA) - 1) ** 2, (np.sqrt(ALPHA) + 1) ** 2
    angle = (np.arange(4000) + 0.5) * np.pi / 4000
    x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    density = np.sqrt((x - low) * (high - x)) / (2 * np.pi * x) * (high - low) / 2 * np.sin(angle) * np.pi / 4000
    answer = SCALE * x / (x - low)
    rows = np.array([answer - overlap, answer**2 - 1, *([x - ALPHA] if labels == "quenched" else [])])
    starts = np.random.default_rng(0).uniform(0, 1, (40, len(rows))) * np.array([1, 1, 0.05])[: len(rows)]

    def unbalanced(m: Array) -> Array:
        w = 1 + m @ rows
        return np.asarray(rows @ (density / np.abs(w))) * (1 if w.min() > 0 else 1e3)

    for start in starts:
        found = root(unbalanced, start)
        weight = 1 + found.x @ rows
        if found.success and weight.min() > 0:
            break
    assert np.abs(found.fun).max() < 1e-9
    energy = (density / weight) @ (x * (answer - SCALE) ** 2) / 2
    return float(-density @ np.log(weight) / 2), float(energy)


@pytest.mark.parametrize("labels", ["annealed", "quenched"])
@pytest.mark.parametrize("overlap", [0.6, 0.7])
def test_least_squares_on_the_sphere(overlap: float, labels: Labels) -> None:
    landscape = GeneralizedLinearLandscape((FIELD - Rational(3, 10) * SIGNAL_FIELD) ** 2 / 2)
    found = complexity(landscape, ALPHA, "marginal", overlap=overlap, labels=labels)
    assert (found.sigma, found.energy) == pytest.approx(secular(overlap, labels), abs=1e-9)
    assert found.sigma < -1e-3 and abs(found.hessian.edge) < 1e-12


def sine(alpha: int) -> GeneralizedLinearLandscape:
    """Sums of many small terms: the Gaussian landscape ``f = e^(-4) (sinh 4q - 4q)``, with corrections in 1/alpha."""
    value: Expr = sin(2 * FIELD) - 2 * exp(-2) * FIELD
    return GeneralizedLinearLandscape(value / sqrt(alpha))


GAUSSIAN = GaussianLandscape(exp(-4) * (sinh(4 * OVERLAP) - 4 * OVERLAP))


@pytest.mark.slow
def test_of_many_data_that_of_a_gaussian_landscape() -> None:
    """At an energy where most minima have a gap (xi < 0), where the marginal ones are most, and at the ends."""
    low, high = (float(end.value) for end in window_of_landscape(GAUSSIAN, 0))
    top = of_landscape(GAUSSIAN, 0, marginal=True)
    energy = 0.1 * float(top.energy) + 0.9 * low
    fewer, most = (
        float(of_landscape(GAUSSIAN, 0, energy=energy, marginal=held, kind=0).sigma) for held in (True, False)
    )
    assert most > fewer + 0.004
    exact = np.array([fewer, most, float(top.sigma), float(top.energy), low, high])
    rows = []
    for alpha in (100, 200, 400):
        held, free = (complexity(sine(alpha), alpha, kind, energy=energy).sigma for kind in ("marginal", "minima"))
        best, ends = complexity(sine(alpha), alpha, "marginal"), window(sine(alpha), alpha).points
        rows.append([held, free, best.sigma, best.energy, *(end.value for end in ends)])
    coarse, middle, fine = np.array(rows)
    extrapolated = (8 * fine - 6 * middle + coarse) / 3
    assert np.all(np.abs(extrapolated - exact) < 5e-6)
    assert np.all(np.abs(fine - exact) > 2e-4)


def test_a_matrix_of_that_law_ends_at_zero() -> None:
    """xi < 0; the lowest eigenvalue, without that along the signal, to ``N^(-2/3)``."""
    landscape, alpha, size = sine(20), 20.0, 300
    population = Population(landscape, step=0.1)
    found = edge_at_zero(population, rough_minima(landscape, alpha, 0.0, "quenched").saddle, -1.18)
    assert found.saddle.xi < -0.05
    u, y = _Cells.of(population.law(found.saddle)).draw(np.random.default_rng(0), int(alpha) * size)
    force, curvature = lower((FIELD, SIGNAL_FIELD), [landscape.force, landscape.curvature])(u, y)
    x = np.random.default_rng(1).standard_normal((len(u), size))
    values = np.linalg.eigvalsh(x.T * curvature @ x / size) - (u * force).sum() / size
    assert abs(values[0]) < 0.02 * np.ptp(values)
    shifted = replace(found.saddle, xi=0.0)
    assert abs(population.minima(shifted)[0].stability) > 1e-3


def test_with_no_pressure_on_the_edge_they_are_states_of_one_step() -> None:
    """Replicas, derived apart: at the energy of marginal 1RSB states ``xi = 0``, and Sigma is theirs."""
    state = marginal_state(RETRIEVAL, 4.0)
    found = complexity(RETRIEVAL, 4.0, "marginal", energy=state.energy)
    assert (found.sigma, found.tilt) == pytest.approx((state.sigma, state.s), abs=1e-7)
    assert found.hessian.resolvent == pytest.approx(state.chi, abs=1e-7)


@pytest.mark.slow
def test_minima_are_at_least_as_many_and_no_more_where_they_are_marginal() -> None:
    landscape = sine(20)
    touching = []
    for energy in (-1.18, -1.16, -1.05):
        minima, marginal = (complexity(landscape, 20, kind, energy=energy) for kind in ("minima", "marginal"))
        touching.append(abs(minima.hessian.edge) < 1e-9)
        assert abs(marginal.hessian.edge) < 1e-9
        gap = minima.sigma - marginal.sigma
        assert abs(gap) < 1e-10 if touching[-1] else gap > 1e-4
    assert touching == [False, False, True]


@pytest.mark.slow
def test_the_lowest_ones_have_their_transition_where_minima_do() -> None:
    """``bbp_kac_rice_zero_complexity``: b = 1 at ``Sigma = 0``; below it they are minima, above nothing is said."""
    below, above = (window(RETRIEVAL, alpha) for alpha in (6.85, 6.95))
    for found in (below, above):
        low, high = (end.value for end in found.points)
        ends = [complexity(RETRIEVAL, 6.85 if found is below else 6.95, "marginal", energy=e) for e in (low, high)]
        assert np.abs([end.sigma for end in ends]).max() < 1e-7
        assert ends[0].stable == (found is below) and not ends[1].stable
    assert below.minima[0].value == below.points[0].value
    assert "outlier along the signal below zero" in above.minima[0].reason


@pytest.mark.slow
def test_descent_ends_within_the_window() -> None:
    """Eight runs at N = 300, with too few data to find the signal."""
    low, high = (end.value for end in window(RETRIEVAL, 2).points)
    found = np.array([_descent(300, 2, seed) for seed in range(8)])
    assert np.abs(found[:, 1]).max() < 0.5
    assert low < found[:, 0].min() and found[:, 0].max() < high


def _descent(size: int, alpha: float, seed: int) -> tuple[float, float]:
    """Energy per dimension and overlap where quasi-Newton steps end."""
    rng = np.random.default_rng(seed)
    x, loss = rng.standard_normal((round(alpha * size), size)), loss_functions(RETRIEVAL)
    signal = np.eye(size)[0] * np.sqrt(size)
    y = x @ signal / np.sqrt(size)

    def energy(z: Array) -> tuple[float, Array]:
        w = z * np.sqrt(size) / np.linalg.norm(z)
        value, force, _ = loss(x @ w / np.sqrt(size), y)
        slope = x.T @ force / np.sqrt(size)
        return float(value.sum()), (slope - w * (w @ slope) / size) * np.sqrt(size) / np.linalg.norm(z)

    start = rng.standard_normal(size)
    found = minimize(energy, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 20000})
    return float(found.fun) / size, float(found.x[0] / np.linalg.norm(found.x))


def test_where_there_are_none() -> None:
    """Far below the window data of extreme curvature would hold the edge; near the signal no number is exponential."""
    with pytest.raises(ConvergenceError, match="where 1 \\+ g l'' vanishes for some data"):
        complexity(RETRIEVAL, 4, "marginal", energy=0.3)
    found = window(RETRIEVAL, 4, overlap=0.6)
    assert all("not exponentially many" in end.reason for end in (*found.points, *found.minima))
