"""Where activations are not smooth, which of them gradient flow can move, and averages of their slopes."""

import numpy as np
import pytest
from sympy import Expr, Rational, S, diff, lambdify, pi, sqrt

from numerics.lowering import lower_exact
from theory.networks.kernels import ACTIVATIONS, Activation, X
from theory.networks.smoothness import KINK, Trainable, orders, slope_averages


def read(text: str) -> Expr:
    return Trainable().accept("activation", text)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("relu", {0: KINK}),
        ("tanh", {}),
        ("abs(x - 1) + relu(x + 2)", {-2: KINK, 1: KINK}),
        ("x*abs(x)", {0: 0}),
        ("abs(x)**1.5", {0: -S.Half}),
        ("x**3", {}),
        ("abs(x**2 - 2)", {-sqrt(2): KINK, sqrt(2): KINK}),
        ("sqrt(1 + x**2)", {}),
        ("7", {}),
        # of several kinds at once, which took SymPy's limits minutes
        ("abs(x)**1.5 + abs(x - 1)", {0: -S.Half, 1: KINK}),
        ("abs(x)**1.5*abs(x - 1)**1.25 + relu(x + 2)", {-2: KINK, 0: -S.Half, 1: -Rational(3, 4)}),
        ("abs(abs(x) - 1)", {-1: KINK, 0: KINK, 1: KINK}),
    ],
)
def test_orders(text: str, places: dict[Expr, Expr]) -> None:
    assert orders(read(text)) == places


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/x", "not continuous at x = 0"),
        ("x/abs(x)", "not continuous at x = 0"),
        ("log(x)", "not a finite real number at x = -0.5"),
        ("abs(x)**0.5", "its slope is not bounded at x = 0"),
        ("tan(x)", r"where cos\(x\) vanishes cannot be told"),
        ("abs(x**3 - x - 1)", "vanishes cannot be told"),
        ("x*sin(1/x)", "without a limit at x = 0"),
        ("exp(x**2)", r"it grows like exp\(x\^2/4\)"),
        ("exp(exp(x))", r"it grows like exp\(x\^2/4\)"),
    ],
)
def test_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^activation = .*: .*{reason}.*; try activation = relu$"):
        read(text)


def test_functions_of_named_activations() -> None:
    assert read("relu(x)") == ACTIVATIONS["relu"]
    for text in ("relu(2*x - 1) - abs(x)", "erf(x)/2 + tanh(x)"):
        assert read(Activation().plain(read(text))) == read(text)


@pytest.mark.parametrize("text", ["tanh", "relu(x - 1) + x/3", "abs(x**2 - 2)/2", "exp(x/3)", "x*abs(x)"])
def test_averages_of_slopes_against_a_sum(text: str) -> None:
    """``E phi'^2, (E phi')^2, (E u phi')^2``."""
    activation = read(text)
    slope = lambdify(X, diff(activation, X), "numpy")
    x = np.linspace(-12, 12, 2_000_001) + 1e-9
    values = slope(x) * np.ones_like(x)
    weight = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    expected = [weight @ values**2, (weight @ values) ** 2, (weight @ (x * values)) ** 2]
    found = [float(value) for value in lower_exact((), slope_averages(activation))()]
    assert found == pytest.approx(expected, abs=2e-5)


def test_averages_in_closed_form() -> None:
    assert slope_averages(ACTIVATIONS["relu"]) == (S.Half, Rational(1, 4), 1 / (2 * pi))
    assert slope_averages(ACTIVATIONS["erf"])[1] == 4 / (3 * pi)
