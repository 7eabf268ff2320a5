"""Large deviations of the largest eigenvalue of ``GOE + theta e e^T`` against sampled random matrices.

The matrix enters through its Householder form started at ``e``: diagonal ``N(theta, 2/N), N(0, 2/N), ...`` and squared
off-diagonals ``chi^2_(N-1)/N, chi^2_(N-2)/N, ...``, all independent. The cheapest way to hold the largest eigenvalue
at ``t`` gives ``e`` the spectral measure ``rho(x)/(theta (t - x)) + weight delta_t``; importance sampling draws the
entries around the Jacobi matrix of that measure.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import hessenberg
from scipy.special import log_ndtr, logsumexp

from numerics.lowering import lower
from theory.random_matrices import index_cost, outlier_rate
from theory.symbols import SHIFT, SPIKE

Array = NDArray[np.float64]
HELD_BACK = [(2.0, 2.2), (2.5, 2.3), (2.0, 2.0)]
PULLED_OUT = [(0.8, 2.8), (0.9, 2.5), (1.2, 2.5)]
SIZES = np.array([40, 80, 160, 320, 640])

_rates = lower((SPIKE, SHIFT), [index_cost(0), outlier_rate()])


def _below(theta: float, t: float) -> float:
    return float(_rates(theta, t)[0])


def _above(theta: float, t: float) -> float:
    return float(_rates(theta, t)[1])


@pytest.mark.parametrize(("theta", "t"), HELD_BACK + PULLED_OUT)
def test_rate_is_the_action_of_the_optimal_entries(theta: float, t: float) -> None:
    """``sum_i (a_i - theta delta_i0)^2/4 + (b_i^2 - 1 - ln b_i^2)/2``; slow to converge at t = 2."""
    diagonal, squares = _optimal_entries(theta, t, 200)
    diagonal[0] -= theta
    action = np.sum(diagonal**2) / 4 + np.sum(squares - 1 - np.log(squares)) / 2
    rate = _below(theta, t) if t < theta + 1 / theta else _above(theta, t)
    assert action == pytest.approx(float(rate), rel=1e-4 if t == 2 else 1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(("theta", "t"), HELD_BACK)
def test_held_back_eigenvalue(theta: float, t: float) -> None:
    """``ln P(largest < t) = -N L(theta, t) + c ln N + ...`` for ``2 <= t < theta + 1/theta``."""
    rate, error = _fitted_rate(theta, t, held_back=True)
    expected = float(_below(theta, t))
    assert error < 0.01 * expected
    assert abs(rate - expected) < 3.5 * error
    assert abs(rate - expected * 1.05) > 3.5 * error


@pytest.mark.slow
@pytest.mark.parametrize(("theta", "t"), PULLED_OUT)
def test_pulled_out_eigenvalue(theta: float, t: float) -> None:
    """``ln P(largest > t) = -N I_theta(t) + c ln N + ...`` for ``t > theta + 1/theta``, unlike without a spike."""
    rate, error = _fitted_rate(theta, t, held_back=False)
    expected = float(_above(theta, t))
    assert error < 0.01 * expected
    assert abs(rate - expected) < 3.5 * error
    assert abs(rate - expected * 1.05) > 3.5 * error
    assert abs(rate - _goe_rate(t)) > 10 * error


def _goe_rate(t: float) -> float:
    """``1/2 int_2^t sqrt(x^2 - 4) dx``."""
    root = np.sqrt(t**2 - 4)
    return float(t * root / 4 - np.log((t + root) / 2))


def _fitted_rate(theta: float, t: float, *, held_back: bool) -> tuple[float, float]:
    """Slope of ``-ln P = N rate - c ln N - constant - d/N`` and its standard error."""
    generator = np.random.default_rng(0)
    points = np.array([_log_probability(theta, t, size, generator, held_back=held_back) for size in SIZES])
    columns = np.stack([-SIZES, np.log(SIZES), np.ones(SIZES.size), 1 / SIZES], axis=1) / points[:, 1:]
    covariance = np.linalg.inv(columns.T @ columns)
    fit = covariance @ columns.T @ (points[:, 0] / points[:, 1])
    error = float(np.sqrt(covariance[0, 0]))
    print(f"theta = {theta}, t = {t}: rate {fit[0]:.6f} +- {error:.6f}, power of N {fit[1]:.2f}")
    return float(fit[0]), error


def _log_probability(
    theta: float, t: float, size: int, generator: np.random.Generator, *, held_back: bool, samples: int = 50000
) -> tuple[float, float]:
    """``ln P(largest < t)`` (or ``> t``) and its standard error, from the pivots of ``t - matrix``.

    The first diagonal entry is integrated out; the others carry the likelihood ratio ``log_weight``.
    """
    depth = min(30, size - 1)
    diagonal, squares = (np.pad(part, (0, size - depth)) for part in _optimal_entries(theta, t, depth))
    squares[depth:] = 1
    log_weight, carried, positive = np.zeros(samples), np.zeros(samples), np.ones(samples, dtype=bool)
    for i in range(size - 1, 0, -1):
        entry = generator.normal(diagonal[i], np.sqrt(2 / size), samples)
        chi_squared = generator.chisquare(size - i, samples)
        log_weight += size * diagonal[i] * (diagonal[i] - 2 * entry) / 4
        log_weight += ((size - i) * np.log(squares[i - 1]) - chi_squared * (squares[i - 1] - 1)) / 2
        pivot = t - entry - carried
        positive &= pivot > 0
        carried = squares[i - 1] * chi_squared / size / pivot
    room = np.sqrt(size / 2) * (t - theta - carried)
    conditional = np.where(positive, log_ndtr(room if held_back else -room), -np.inf if held_back else 0.0)
    total = logsumexp(log_weight + conditional)
    return float(total - np.log(samples)), float(np.sqrt(np.sum(np.exp(2 * (log_weight + conditional - total)))))


def _optimal_entries(theta: float, t: float, depth: int, nodes: int = 600) -> tuple[Array, Array]:
    """Jacobi matrix of ``rho(x)/(theta (t - x)) + weight delta_t``: diagonal and squared off-diagonal."""
    angles = np.arange(1, nodes + 1) * np.pi / (nodes + 1)
    positions = 2 * np.cos(angles)
    weights = 2 / (nodes + 1) * np.sin(angles) ** 2 / (theta * (t - positions))
    arrow = np.diag(np.concatenate([[0, t], positions]))
    arrow[0, 1:] = arrow[1:, 0] = np.sqrt(np.concatenate([[1 - np.sum(weights)], weights]))
    jacobi = np.asarray(hessenberg(arrow), dtype=np.float64)
    return np.diag(jacobi)[1 : depth + 1].copy(), np.diag(jacobi, 1)[1 : depth + 1] ** 2
