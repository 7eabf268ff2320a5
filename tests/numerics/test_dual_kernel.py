"""Gaussian averages as series: against closed forms, exact polynomials, and errors that cover."""

import numpy as np
import pytest
from sympy import Abs, erf, sin, tanh

from numerics.dual_kernel import dual_values, series
from numerics.errors import ConvergenceError
from numerics.lowering import lower
from theory.networks.kernels import ACTIVATIONS, RHO, X, dual

RHO_VALUES = np.array([-1, -0.9, -0.3, 0, 0.5, 0.99, 1])


@pytest.mark.parametrize("name", ["relu", "abs", "erf"])
def test_series_of_what_has_a_closed_form(name: str) -> None:
    exact = lower([RHO], [dual(ACTIVATIONS[name])])(RHO_VALUES)[0]
    value, error = series(ACTIVATIONS[name], (0.0,))(RHO_VALUES)
    assert np.all(abs(value - exact) <= error + 1e-14)
    assert np.all(error[abs(RHO_VALUES) <= 0.9] < 1e-9)
    assert dual_values(ACTIVATIONS[name], RHO_VALUES)[0] == pytest.approx(exact, abs=1e-14)


def test_series_of_functions_that_are_known() -> None:
    """``e^-1/2 sinh rho`` of the sine; ``tanh`` by a sum over the plane."""
    value, error = dual_values(sin(X), RHO_VALUES)
    assert value == pytest.approx(np.exp(-1) * np.sinh(RHO_VALUES), abs=1e-13) and np.all(error < 1e-12)
    x, w = np.polynomial.hermite_e.hermegauss(160)
    w = w / np.sqrt(2 * np.pi)
    for rho in (-0.3, 0.5):
        expected = w @ (np.tanh(x)[:, None] * np.tanh(rho * x[:, None] + np.sqrt(1 - rho**2) * x)) @ w
        value, error = dual_values(tanh(X), np.array(rho))
        assert float(value) == pytest.approx(expected, abs=1e-6) and float(error) < 1e-9


def test_kinks_away_from_zero() -> None:
    value, error = dual_values(Abs(X - 1), np.array([0.0, 1.0]), (1.0,))
    mean = float(erf(1 / 2**0.5)) + np.sqrt(2 / np.pi) * np.exp(-0.5)
    assert value == pytest.approx([mean**2, 2], abs=1e-12) and np.all(error < 1e-12)


def test_what_is_not_resolved_is_refused() -> None:
    with pytest.raises(ConvergenceError, match="is known to"):
        series(sin(1000 * X))
