"""Predictions with integrals: any number of digits, an error that covers, or a reason."""

from typing import Any

import pytest
from mpmath import mp
from sympy import Eq, Expr, Gt, Integral, Lt, Rational, Symbol, exp, log, sqrt

from numerics.solve import solve_prediction, solve_threshold
from theory.laws import Explicit, Roots
from theory.prediction import Condition, Derived, Threshold

X, A = Symbol("x", positive=True), Symbol("a", positive=True)


def number(value: Expr, *conditions: Condition) -> Derived:
    return Derived("v", "A number.", "nobody 2026", Explicit(value), conditions)


@pytest.mark.parametrize("digits", [10, 40])
@pytest.mark.parametrize(
    ("integrand", "exact"),
    [
        (1 / sqrt(X), lambda: mp.mpf(2)),
        (log(X), lambda: mp.mpf(-1)),
        (X / (exp(X / A) - 1), lambda: _bose(mp.mpf(3))),
        (1 / (X + A), lambda: mp.log(4)),
    ],
)
def test_integrals(integrand: Expr, exact: Any, digits: int) -> None:
    found = solve_prediction(number(Integral(integrand, (X, 0, 1))), {A: Rational(1, 3)}, digits)
    with mp.workdps(digits + 20):
        assert abs(found.value - exact()) <= found.error
        assert found.error < mp.mpf(10) ** (2 - digits)


def _bose(b: Any) -> Any:
    return (mp.zeta(2) - mp.polylog(2, mp.exp(-b))) / b**2 + mp.log1p(-mp.exp(-b)) / b


def test_a_root_of_an_integral_that_loses_digits_at_its_end() -> None:
    """``int x^(-1/2) = 2``: what lies below the lowest node costs half of them."""
    equation = Eq(A * Integral(1 / sqrt(X), (X, 0, 1)), 2)
    root = Threshold("t", "A threshold.", A, (equation,), "", within=(Rational(1, 2), Rational(2)))
    found = solve_threshold(root, {}, 15)
    assert abs(found.value - 1) <= found.error < 1e-13


def test_an_integral_that_diverges_is_no_number() -> None:
    found = solve_prediction(number(Integral(1 / X, (X, 0, 1))), {})
    assert not found.exists and "an integral is known to" in found.reason


def test_conditions_on_integrals_are_decided_by_numbers() -> None:
    whole = Integral(exp(-X / A), (X, 0, 1))
    below = Condition(Lt(whole, Rational(1, 2), evaluate=False), "too warm")
    assert solve_prediction(number(A, below), {A: Rational(1, 2)}).exists
    assert solve_prediction(number(A, below), {A: 1}).reason == "too warm"
    assert solve_prediction(number(A, Condition(Gt(A, 2), "too cold")), {A: 1}).reason == "too cold"


def test_a_root_beside_a_condition() -> None:
    law = Roots((Eq(A**2, 2),), (A,), (Rational(1), Rational(2)))
    found = solve_prediction(Derived("v", "A root.", "", law), {}, 50)
    with mp.workdps(60):
        assert abs(found.value - mp.sqrt(2)) <= found.error < mp.mpf(10) ** -48
