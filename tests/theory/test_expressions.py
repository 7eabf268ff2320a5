"""What a user may type as a loss, and what is refused."""

import pytest
from sympy import Abs, Expr, Heaviside, Max, Min, Piecewise, Rational, Symbol, cos, exp, log, pi, sign, sqrt, tanh

from theory.expressions import FUNCTIONS, KINKED, parse_expression

U, Y = (Symbol(name, real=True) for name in "uy")
SYMBOLS = {"u": U, "y": Y}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(u**2 - y**2)**2/4", (U**2 - Y**2) ** 2 / 4),
        ("log(1 + (u^2 - y^2)^2)", log(1 + (U**2 - Y**2) ** 2)),
        ("-exp(-u**2/2) + 0.1*u", -exp(-(U**2) / 2) + U / 10),
        ("sqrt(1 + (u - y)**2)", sqrt(1 + (U - Y) ** 2)),
        ("(1 + u**2)**(3/2)", (1 + U**2) ** Rational(3, 2)),
        ("tanh(u)*cos(pi*y) + 1e-3", tanh(U) * cos(pi * Y) + Rational(1, 1000)),
    ],
)
def test_smooth_functions_are_read_exactly(text: str, value: object) -> None:
    assert parse_expression(text, SYMBOLS) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", "are read, got"),
        ("u.real", "are read, got"),
        ("[u for u in y]", "are read, got"),
        ("(lambda: 1)()", "are read, got"),
        ("exp(u, y)", "are read, got"),
        ("z + 1", "only numbers, pi, u, y"),
        ("1j*u", "is not a number"),
        ("True", "is not a number"),
        ("'u'", "is not a number"),
        ("9**9**9", "exponents are numbers up to 32"),
        ("u**0.41021", "exponents are numbers up to 32 in size, of three decimals"),
        ("u**y", "exponents are numbers up to 32"),
        ("((u + 1)**16)**16", "is too large"),
        ("10**12*10**12", "is too large"),
        ("exp(exp(exp(10)))", "more than 100 in size"),
        ("u/(y - y)", "divides by zero"),
        ("(y - y)**(-1)", "divides by zero"),
        ("sqrt(-1)*u", r"sqrt\(-1\) is not a finite real number"),
        ("(-8)**(1/3)*(u-y)**2", r"\(-8\) \*\* \(1 / 3\) is not a finite real number"),
        ("u*log(-2)", r"log\(-2\) is not a finite real number"),
        ("(u", "cannot read"),
        ("", "cannot read"),
        ("(" * 300 + "u" + ")" * 300, "cannot read"),
        ("u+" * 600 + "u", "too long"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_expression(text, SYMBOLS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abs(u - y) + sign(y)", Abs(U - Y) + sign(Y)),
        ("max(0, 1 - u*y)**2", Max(0, 1 - U * Y) ** 2),
        ("min(u, y, 1)*heaviside(u) + relu(-u)", Min(U, Y, 1) * Heaviside(U) + Max(0, -U)),
        ("Piecewise((u**2/2, abs(u) < y), (abs(u), True))", Piecewise((U**2 / 2, Abs(U) < Y), (Abs(U), True))),
    ],
)
def test_kinks_are_read_where_they_are_let_in(text: str, value: Expr) -> None:
    assert parse_expression(text, SYMBOLS, FUNCTIONS | KINKED) == value
    with pytest.raises(ValueError, match="are read, got"):
        parse_expression(text, SYMBOLS)


@pytest.mark.parametrize(
    "text", ["max(u)", "abs(u, y)", "Piecewise((u, u < y))", "Piecewise((u, 3), (y, True))", "u < y"]
)
def test_other_kinks_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="are read, got"):
        parse_expression(text, SYMBOLS, FUNCTIONS | KINKED)
