"""Kernels of losses whose parts overflow where the whole does not: against arithmetic that never does."""

import numpy as np
import pytest
from sympy import Expr, cosh, exp, log, sinh, tanh

from numerics.generalized_linear.extended import evaluate
from numerics.generalized_linear.simulation import sample_risk
from numerics.generalized_linear.simulation.sample import kernels
from numerics.overflow import without_overflow
from numerics.simulation.unit import unit_of
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

U, Y = FIELD, SIGNAL_FIELD
Z = 100 * (U**2 - Y**2)
FIELDS = [(0.0, 0.0), (1e-3, 2.0), *np.random.default_rng(0).normal(scale=3, size=(40, 2)).tolist()]


@pytest.mark.parametrize(
    "loss",
    [
        log(cosh(Z)),
        log(1 + exp(2 * Z)) - Z,
        log(3 + 2 * exp(Z)),
        log(1 + exp(-100 * U * Y)),
        tanh(Z) ** 2,
        sinh(Z) / cosh(Z),
        (U - Y) ** 2 / (1 + exp(-Z)),
    ],
)
def test_kernels_overflow_where_their_loss_does_and_nowhere_else(loss: Expr) -> None:
    landscape = GeneralizedLinearLandscape(loss)
    compiled = kernels(landscape)
    pairs = [(compiled.loss, loss), (compiled.force, landscape.force), (compiled.curvature, landscape.curvature)]
    u, y = np.array(FIELDS).T
    for function, expression in pairs:
        value, error = evaluate(expression, {U: u, Y: y})
        found = np.array([function(*fields) for fields in FIELDS])
        assert np.all(np.abs(found - value) <= error + 1e-11 * (1 + np.abs(value))), expression


def test_a_steep_loss_can_be_sampled() -> None:
    steep, gentle = (unit_of(sample_risk(GeneralizedLinearLandscape(log(cosh(k * Z))), 50, 3.0, 1)) for k in (1, 0.001))
    assert 0 < gentle < steep < 1e6 * gentle


def test_what_has_no_exponentials_is_left_alone() -> None:
    for expression in (U, (U**2 - Y**2) ** 2 / (1 + Y**2), tanh(U) / (1 + U**2)):
        assert without_overflow(expression) is expression
