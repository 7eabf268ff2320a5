"""What a user may type as a number or a polynomial, and what is refused."""

import pytest
from sympy import Rational

from theory import GaussianLandscape, parse_number, parse_polynomial
from theory.parsing import read_number
from theory.symbols import OVERLAP as Q


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+q**3", Q**3),
        ("+(+q) - -q", 2 * Q),
        ("q**3/2 +\nq**4/4", Q**3 / 2 + Q**4 / 4),
        ("\tq **\n3 /\r\n2\n", Q**3 / 2),
        ("q**3.0", Q**3),
        ("q^3/(1/(1/(1/3)))", 3 * Q**3),
        ("1e100*q", 10**100 * Q),
        ("1e999*q", 10**999 * Q),
        ("1e-999*q", Rational(1, 10**999) * Q),
        (".5e1*q + 0.*q", 5 * Q),
        ("-0", 0),
        ("m**2", Q**2),
        ("-" * 900 + "q", Q),
        ("9" * 900 + "*q", (10**900 - 1) * Q),
    ],
)
def test_polynomials_are_read_exactly(text: str, value: object) -> None:
    assert parse_polynomial(text, Q) == value


REFUSED = [
    "", " \n", "2q", "q**-1", "q**(1+2)", "q**0x3", "q**1_0", "q**True", "q**1e2", "q**q", "q**" + "9" * 500, "1_000*q",
    "0x10*q", "True*q", "1j*q", "nan", "inf*q", "1/0", "q/(q - q)", "q/q", "q\0", "q\udcff", "٣*q", "q − 1", "q²",
    "q**3 # half", "q # \n + q**2", "1" * 5000, "9" * 900 + "**64", "(1e999*q)**9", "q*m", "q + x",
    "(" * 300 + "q" + ")" * 300,
    "q if 1 else 2", "1if 2else 3", "q.real", "q(1)", "q()", "lambda: q", "[q]", "{q}", "'q'", "f'{q}'", "q == q", "~q",
    "not q", "q and q", "q//2", "q % 2", "q@q", "...", "None", "q; q", "*q", "q := 1", "(q := 3)", "q,", "q)+(q",
    "yield q", "await q", "q**65", "((q + 1)**8)**9", "z**3",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused_in_a_short_line(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_polynomial(text, Q)
    assert type(refusal.value) is ValueError and len(str(refusal.value)) < 300 and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", " ", "+-5", "--5", "1/-3", "1/0", "1/0.0", "1//3", "1/2/3", "1 /2", "٣", "1_000", "0x1", "1e", "e1",
             ".", "nan", "inf", "1j", "True", "1,5", "1\0", "1" * 5000, "1e5000", "0.5 0.5", "−1"],
)  # fmt: skip
def test_no_number(text: str) -> None:
    assert read_number(text) is None
    with pytest.raises(ValueError, match=r"is not a number; try x = 0\.5"):
        parse_number("x", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+5", 5),
        (" -.5", Rational(-1, 2)),
        ("2/4", Rational(1, 2)),
        ("-0", 0),
        ("1.e3", 1000),
        ("1E-9", Rational(1, 10**9)),
    ],
)
def test_numbers_are_read_exactly(text: str, value: object) -> None:
    assert parse_number("x", text) == value


@pytest.mark.parametrize("text", ["1e10", "-1e999", "1e-10", "1e-999", "5/1e999"])
def test_parameters_have_a_range(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse_number("x", text)


@pytest.mark.parametrize("text", ["1e999*q**3", "1e-999*q**3", "q**2 + 1e101*q**3", "q**2 + 1e-101*q**3"])
def test_coefficients_fit_into_double_precision(text: str) -> None:
    for build in (GaussianLandscape, lambda f: GaussianLandscape(Q**2, f)):
        with pytest.raises(ValueError, match="from 1e-100 to 1e100 in size"):
            build(parse_polynomial(text, Q))


def test_coefficients_are_finite_and_real() -> None:
    from sympy import I, nan, oo

    for bad in (oo, nan, I, float("nan"), float("inf")):
        for build in (GaussianLandscape, lambda f: GaussianLandscape(Q**2, f)):
            with pytest.raises(ValueError, match="finite and real"):
                build(bad * Q)
