"""Kinks of losses: which have a continuous slope, and what their curvature is."""

import numpy as np
import pytest
from sympy import Abs, DiracDelta, Expr, Heaviside, Max, Min, Piecewise, Rational, sign, sqrt

from numerics.generalized_linear.dynamics import solve_descent
from numerics.generalized_linear.simulation import simulate_risk
from numerics.lowering import lower
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.generalized_linear.kinks import broken_slope, gaps

U, Y = FIELD, SIGNAL_FIELD
HUBER = Piecewise(((U - Y) ** 2 / 2, Abs(U - Y) < 1), (Abs(U - Y) - Rational(1, 2), True))
HINGE = Max(0, 1 - U * Y) ** 2


def test_gaps() -> None:
    assert set(gaps(Abs(U) + Max(0, U - Y))) in ({U, U - Y}, {U, Y - U})
    assert gaps(U**2) == ()


@pytest.mark.parametrize(
    "loss", [HUBER, HINGE, U * Abs(U), Max(0, U) ** 2, U**2 * Abs(Y), (U - sign(Y)) ** 2, sqrt(1 + U**2)]
)
def test_slopes_that_are_continuous(loss: Expr) -> None:
    landscape = GeneralizedLinearLandscape(loss)
    landscape.require_slope()
    assert broken_slope(loss) is None and not landscape.curvature.has(DiracDelta)
    u, y = np.random.default_rng(0).uniform(-3, 3, (2, 200))
    step = 1e-5
    low, high = (lower((U, Y), [landscape.force])(u + s * step, y)[0] for s in (-1, 1))
    near = np.abs((high - low) / (2 * step) - lower((U, Y), [landscape.curvature])(u, y)[0])
    assert np.sort(near)[-3] < 1e-5


@pytest.mark.parametrize(
    "loss", [Abs(U - Y), Max(0, 1 - U * Y), Heaviside(U), Min(Abs(U), 1) ** 2, (Abs(U) - Abs(Y)) ** 2]
)
def test_slopes_that_jump_are_refused(loss: Expr) -> None:
    with pytest.raises(ValueError, match=r"has a slope that jumps where .* = 0:"):
        GeneralizedLinearLandscape(loss).require_slope()


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "teacher"), [(HINGE, sign(Y)), (HUBER, Y)], ids=["hinge", "huber"])
def test_dynamics_is_what_is_simulated(loss: Expr, teacher: Expr) -> None:
    landscape = GeneralizedLinearLandscape(loss, teacher)
    times = [0.25, 1.0]
    theory = solve_descent(landscape, 3.0, 1.0, overlap=0.2, times=times).at(times)
    seen = simulate_risk(landscape, 512, 3.0, 16, 0, t_max=1.0, overlap=0.2, at=times).at(times)
    for name in ("m", "energy"):
        assert np.asarray(seen[name]) == pytest.approx(np.asarray(theory[name]), abs=0.02)
