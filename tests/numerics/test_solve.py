"""Predictions with integrals: any number of digits, an error that covers, or a reason."""

from typing import Any

import pytest
from mpmath import mp
from sympy import Eq, Expr, Gt, Integral, Lt, Matrix, Rational, Symbol, exp, log, oo, pi, sin, sqrt

from numerics.solve import solve_prediction, solve_threshold
from theory.laws import Eigenvalue, Explicit, Iteration, Roots
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


Y, T = Symbol("y"), Symbol("temperature", positive=True)


@pytest.mark.parametrize(
    ("law", "value"),
    [
        (Explicit(2), 2),  # type: ignore[arg-type]
        (Roots((Eq(sin(Y), 0),), (Y,), (Rational(-1), Rational(1))), 0),
        (Roots((Eq(Y**2, 2),), (Y,), start=(Rational(3, 2),)), mp.sqrt(2)),
        (Roots((Eq(Y, X * A), Eq(X**2, 9)), (Y, X), start=(Rational(4), Rational(2))), None),
    ],
)
def test_numbers_and_roots_as_a_stranger_writes_them(law: Any, value: Any) -> None:
    found = solve_prediction(Derived("v", "A number.", "nobody 2026", law), {A: 1})
    if value is None:  # Newton's method ends at 3, half of 2 away or more: it is not what was meant
        assert "left the root near (4.0, 2.0)" in found.reason
    else:
        assert abs(found.value - value) <= found.error < 1e-14


def test_a_threshold_with_an_unknown_starts_near_both() -> None:
    """``T q = 1, q e^q = 1``: one over the omega constant."""
    defining, start = (Eq(T * X, 1), Eq(X * exp(X), 1)), (Rational(2), Rational(1, 2))
    law = Roots(defining, (T, X), start=start)
    found = solve_threshold(Threshold("t", "A threshold.", T, defining, "", unknowns=(X,), by=law), {}, 20)
    assert abs(found.value - 1 / mp.lambertw(1)) < 1e-15 and found.record()["temperature"].startswith("1.76322283")


@pytest.mark.parametrize(
    ("law", "reason"),
    [
        (Explicit(log(A - 2)), "is not a finite real number"),
        (Explicit(1 / (A - 1)), "infinite or not defined"),
        (Explicit(A * X), "x is not given"),
        (Roots((Eq(1 / (Y - 1), 0),), (Y,), (Rational(1, 10), Rational(3))), "the sign changes near 0.965489"),
    ],
)
def test_what_is_no_real_number_says_why(law: Any, reason: str) -> None:
    found = solve_prediction(Derived("v", "A number.", "nobody 2026", law), {A: 1})
    assert not found.exists and reason in found.reason


@pytest.mark.parametrize("law", [Roots((Eq(Y, 1),), (Y,)), Roots((Eq(Y, 1),), (Y,), (0, oo))])
def test_a_root_that_nobody_says_where_to_look_for(law: Roots) -> None:
    with pytest.raises(ValueError, match=r"Roots in y: .*within = "):
        solve_prediction(Derived("v", "A number.", "nobody 2026", law), {})


@pytest.mark.parametrize("digits", [10, 40])
def test_an_eigenvalue_at_a_root(digits: int) -> None:
    """``[[x, 1], [1, x]] v = lambda diag(1, 4) v`` at ``x^2 = a``."""
    point: Any = {"sides": (Eq(X**2, A),), "unknowns": (X,), "start": (Rational(3, 2),)}
    laws = [
        Eigenvalue(**point, pencil=lambda x: (Matrix([[x, 1], [1, x]]), Matrix([[1, 0], [0, 4]])), place=place)
        for place in (0, 1)
    ]
    found = [solve_prediction(Derived("v", "A number.", "nobody 2026", law), {A: 2}, digits) for law in laws]
    with mp.workdps(digits + 20):
        exact = [(5 * mp.sqrt(2) + sign * mp.sqrt(34)) / 8 for sign in (-1, 1)]
        assert all(
            abs(one.value - value) <= one.error < mp.mpf(10) ** (1 - digits)
            for one, value in zip(found, exact, strict=True)
        )


@pytest.mark.parametrize("width", [3e-2, 1e-3, 1e-4])
def test_a_peak_that_the_quadrature_misses_is_refused(width: float) -> None:
    x = Symbol("x", real=True)
    peak = Integral(exp(-((x - Rational(1, 3)) ** 2) / Rational(repr(width)) ** 2), (x, 0, 1))
    found = solve_prediction(Derived("area", "Of a peak.", "nobody", Explicit(peak)), {})
    exact = float(sqrt(pi)) * width
    if found.value is None:
        assert "narrow peak; split its interval there" in found.note
    else:
        assert abs(float(found.value) - exact) <= float(found.error) + 1e-15 * exact
    assert found.value is not None or width < 1e-2


@pytest.mark.parametrize(
    ("integrand", "ends", "exact"),
    [
        (lambda x: 1 / sqrt(x), (0, 1), 2.0),
        (lambda x: x ** Rational(-2, 3), (0, 1), 3.0),
        (lambda x: exp(-x), (0, oo), 1.0),
        (lambda x: exp(-(x**2)), (-oo, oo), float(sqrt(pi))),
        (lambda x: x / (exp(x) - 1), (0, oo), float(pi**2) / 6),
    ],
)
def test_integrals_without_hidden_peaks_pass(integrand: Any, ends: tuple[Any, Any], exact: float) -> None:
    x = Symbol("x", positive=True)
    found = solve_prediction(Derived("area", "Of a curve.", "nobody", Explicit(Integral(integrand(x), (x, *ends)))), {})
    assert found.value is not None, found.note
    assert abs(float(found.value) - exact) <= float(found.error) + 1e-15


@pytest.mark.parametrize("digits", [12, 30])
def test_integrals_next_to_numbers(digits: int) -> None:
    """A sum of them, and a root of one: SymPy orders such terms by their values, which it would compute each time."""
    whole = Integral(exp(-X / A), (X, 0, oo))
    found = solve_prediction(number(sqrt((pi**2 - whole) ** 3) + whole), {A: Rational(3, 2)}, digits)
    with mp.workdps(digits + 20):
        exact = mp.sqrt((mp.pi**2 - mp.mpf(3) / 2) ** 3) + mp.mpf(3) / 2
        assert abs(found.value - exact) <= found.error < mp.mpf(10) ** (3 - digits)


def test_powers_of_whole_numbers_are_exact() -> None:
    found = solve_prediction(number(Integral(exp(-X), (X, 0, oo)) / (1 - 2**-A)), {A: 64}, 30)
    with mp.workdps(50):
        assert abs(found.value - 1 / (1 - mp.mpf(2) ** -64)) <= found.error < 1e-29


def test_a_peak_of_an_integral_with_symbols_is_refused() -> None:
    peak = Integral(exp(-((X - Rational(1, 3)) ** 2) / A**2), (X, 0, 1))
    found = solve_prediction(number(peak), {A: Rational(1, 10**4)})
    assert not found.exists and "narrow peak" in found.note


@pytest.mark.parametrize("digits", [15, 60])
def test_iteration(digits: int) -> None:
    """Newton's for a root, which is there after six steps; and one that is not given how many."""
    newton = Iteration(X, (X + A / X) / 2, A, Symbol("n"), X - 1)
    root = Derived("root", "Of a, less 1.", "nobody 2026", newton)
    found = solve_prediction(root, {A: Rational(2), Symbol("n"): 8}, digits)
    with mp.workdps(digits + 20):
        assert abs(found.value - mp.sqrt(2) + 1) <= found.error < mp.mpf(10) ** -digits
    assert solve_prediction(root, {A: Rational(2)}).note == "not computed: n is not given"
    assert r"x_{l + 1} &= \frac{a}{2 x} + \frac{x}{2}" in root.latex() and r"&= x_{n} - 1" in root.latex()
