"""Where all data lose their force: counts of configurations in closed form, and what is said where no number is."""

import numpy as np
import pytest
from scipy.special import xlogy
from sympy import Max

from numerics.errors import ConvergenceError
from numerics.generalized_linear.complexity import complexity
from numerics.generalized_linear.singular import singular_end
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

RETRIEVAL = PhaseRetrieval(1)
HINGE = GeneralizedLinearLandscape(Max(0, FIELD) ** 2)
GAP = GeneralizedLinearLandscape((FIELD**2 - SIGNAL_FIELD**2) ** 2 / (1 + FIELD**2))


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_signs_whose_shortest_solution_lies_on_the_sphere(alpha: float) -> None:
    """``x.w = +-y`` for all data: signs are coins, ``|X^+ b|^2 <= N`` has the rate of a Wishart matrix.

    ``1/(b (X X^T)^-1 b)`` is chi^2 of ``N - M`` degrees (Muirhead 1982) over ``|b|^2 = M``: a value of ``M/N`` has the
    rate ``(1 - alpha)/2 (1 + ln r) - r (1 - alpha)/2``, ``r = alpha/(1 - alpha)``.
    """
    ratio = alpha / (1 - alpha)
    wishart = (1 - alpha) / 2 * (1 + np.log(ratio) - ratio)
    limit = singular_end(RETRIEVAL, alpha, 0.0, "quenched", "minima", None)
    assert limit is not None and limit.energy == 0
    assert limit.sigma == pytest.approx(alpha * np.log(2) + wishart, abs=1e-9)
    assert (limit.stiffness < 1) == (alpha < 0.5) or alpha == 0.5


@pytest.mark.parametrize("alpha", [1.2, 1.5, 3.0])
def test_vertices_of_a_cone(alpha: float) -> None:
    """N of the data hold w with a force of the right sign, the others do not pull: ``binom(M, N) 2^-M``."""
    limit = singular_end(HINGE, alpha, 0.0, "quenched", "minima", None)
    counted = xlogy(alpha, alpha) - xlogy(alpha - 1, alpha - 1) - alpha * np.log(2)
    assert limit is not None and limit.filled and limit.sigma == pytest.approx(counted, abs=1e-8)
    assert (limit.stiffness < 1) == (alpha < 2)


def test_where_it_is_not_approached() -> None:
    assert singular_end(RETRIEVAL, 1.0, 0.0, "quenched", "minima", None) is None
    assert singular_end(GeneralizedLinearLandscape(FIELD**3), 0.5, 0.0, "quenched", "minima", None) is None
    least_squares = singular_end(LinearRegression(), 0.3, 0.0, "quenched", "minima", None)
    assert least_squares is not None and least_squares.sigma == -np.inf


def test_more_zeros_more_critical_points() -> None:
    minima, total = (singular_end(RETRIEVAL, 0.5, 0.0, "quenched", kind, None) for kind in ("minima", "total"))
    assert minima is not None and total is not None and minima.sigma < total.sigma and total.energy > 0
    there = singular_end(RETRIEVAL, 0.5, 0.0, "quenched", "total", total.energy)
    assert there is not None and there.sigma == pytest.approx(total.sigma, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("landscape", "alpha", "words"),
    [
        (RETRIEVAL, 0.4, "Sigma tends to 0.2556"),
        (RETRIEVAL, 0.9, "Sigma tends to 0.333694 at energy 0: they form continua"),
        (GeneralizedLinearLandscape((FIELD**2 - SIGNAL_FIELD**2) ** 2), 0.5, "Sigma tends to 0.346574"),
        (HINGE, 1.5, "Sigma tends to -0.0849495 at energy 0, so that typically there are none: they fill regions"),
        (HINGE, 1.9, "Sigma tends to -0.0026328"),
    ],
)
def test_no_number_where_zero_loss_leaves_directions_free(
    landscape: GeneralizedLinearLandscape, alpha: float, words: str
) -> None:
    with pytest.raises(ConvergenceError, match=words):
        complexity(landscape, alpha)


@pytest.mark.slow
def test_minima_of_few_data_above_energy_zero() -> None:
    """Sigma falls with the energy from its limit 0.347 at zero, with the slope s."""
    found = [complexity(RETRIEVAL, 0.5, energy=energy) for energy in (0.02, 0.0201)]
    slope = (found[1].sigma - found[0].sigma) / (found[1].energy - found[0].energy)
    assert found[0].sigma == pytest.approx(0.01811, abs=1e-4) and found[0].sigma < 0.347
    assert slope == pytest.approx(found[0].tilt, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("energy", [1.5, 3.0, 3.4])
def test_minima_are_no_fewer_than_marginal_ones_where_few_data_hold_the_edge(energy: float) -> None:
    """The curvature is unbounded below: ``E[t^2]`` diverges, and the edge is held by a xi lost between the nodes."""
    minima, marginal = (complexity(GAP, 3, kind, energy=energy) for kind in ("minima", "marginal"))
    assert minima.sigma >= marginal.sigma - marginal.error - minima.error
    assert minima.sigma == pytest.approx({1.5: 0.32325, 3.0: 0.12832, 3.4: 0.0313}[energy], abs=1e-4)
