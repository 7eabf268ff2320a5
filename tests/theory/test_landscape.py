import pytest
from sympy import Rational, Symbol, log, oo, sin, sqrt, symbols

from theory import (
    OVERLAP,
    SIGNAL_OVERLAP,
    GaussianLandscape,
    MixedSpin,
    PureSpin,
    SpikedMatrixTensor,
    SpikedTensor,
    parse_number,
    parse_polynomial,
)


def test_spiked_matrix_tensor_is_the_sum_of_its_channels() -> None:
    delta_2, delta_p = symbols("delta_2 delta_p", positive=True)
    whole = SpikedTensor(2, delta_2, parameter="delta_2") + SpikedTensor(3, delta_p)
    assert whole.covariance == SpikedMatrixTensor(3, delta_2, delta_p).covariance
    assert [channel.label for channel in whole.channels] == ["2", "3"]


def test_everything_left_out_stays_a_symbol() -> None:
    landscape = SpikedMatrixTensor()
    assert [symbol.name for symbol in landscape.free_symbols] == ["delta_2", "delta_p", "p"]
    assert landscape.subs({"delta_2": 1, "delta_p": 2, "p": 3}) == SpikedMatrixTensor(3, 1, 2)


def test_an_infinite_noise_removes_its_channel() -> None:
    assert SpikedMatrixTensor(3, oo, 2).covariance == SpikedTensor(3, 2).covariance
    assert SpikedMatrixTensor(3, 2, oo).covariance == SpikedTensor(2, 2).covariance


def test_any_symbol_named_q_or_m_is_the_overlap() -> None:
    q, m = symbols("q m")
    landscape = GaussianLandscape(q**2 / 4 + q**3 / 7, m**2 / 3)
    assert landscape.covariance == OVERLAP**2 / 4 + OVERLAP**3 / 7
    assert landscape.mean == SIGNAL_OVERLAP**2 / 3
    assert [channel.label for channel in landscape.channels] == ["2", "3"]


def test_mixed_spins_compose_with_plus() -> None:
    assert (PureSpin(3, 1) + PureSpin(4, 1)).covariance == MixedSpin({3: Rational(1, 3), 4: Rational(1, 4)}).covariance


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SpikedMatrixTensor(2), "p = 2 must be a whole number >= 3"),
        (lambda: SpikedTensor(2.5), "p = 2.5 must be a whole number"),
        (lambda: SpikedTensor(3, -1), "delta_p = -1 must be a positive number"),
        (lambda: SpikedMatrixTensor(3, oo, oo), "nothing is observed"),
        (lambda: GaussianLandscape(-(OVERLAP**3)), r"coefficient of q\*\*3 must be >= 0"),
        (lambda: GaussianLandscape(Symbol("a")), "does not depend on q"),
        (lambda: GaussianLandscape("q**3"), "try theory.parse_polynomial"),
        (lambda: PureSpin(3).subs({"delta_2": 1}), "no parameter delta_2"),
        (lambda: MixedSpin({}), "is empty"),
        (lambda: GaussianLandscape(log(1 + OVERLAP)), r"coefficient of q\*\*2 must be >= 0"),
        (lambda: GaussianLandscape(sin(OVERLAP)), r"coefficient of q\*\*3 must be >= 0"),
        (lambda: GaussianLandscape(Symbol("E", real=True) * OVERLAP**2), "'E' is the name of another quantity"),
        (lambda: PureSpin(3).subs({"delta_p": "__import__('os').getpid()"}), "got the text"),
    ],
)
def test_mistakes_are_named(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_polynomials_are_read_exactly() -> None:
    q = OVERLAP
    assert parse_polynomial("0.1*(q + 1)^2 - -q", q) == ((q + 1) ** 2 / 10 + q).expand()
    assert parse_polynomial("q^2/4 + 0.1*q", q) == q**2 / 4 + q / 10
    assert parse_polynomial("m**2", SIGNAL_OVERLAP) == SIGNAL_OVERLAP**2


HOSTILE = [
    "__import__('os').system('true')",
    "q.__class__",
    "(lambda: q)()",
    "'q'",
    "[q]",
    "True*q",
    "1/q",
    "q/0",
    "q**0.5",
    "q**-1",
    "q**999999999",
    "((q + 1)**64)**64",
    "(((9**64)**64)**64)**64",
    "1e999999999",
    "1_000*q",
    "q(",
    "(" * 400,
    "-" * 900 + "q" * 200,
    "z**2",
    "q\0",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_but_a_polynomial_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_polynomial(text, OVERLAP)
    assert "\n" not in str(error.value)


def test_numbers_are_read_exactly() -> None:
    assert parse_number("x", "0.1") == parse_number("x", "1/10") == Rational(1, 10)
    assert parse_number("x", "-1.5e2") == -150
    for text in ("nan", "inf", "1/0", "0x1", "1e9999", "one", "1//2", ""):
        with pytest.raises(ValueError, match="is not a number"):
            parse_number("x", text)


def test_roots_of_numbers_of_a_hundred_digits() -> None:
    f = GaussianLandscape(OVERLAP**2 + OVERLAP**8 / 10**100)
    assert sqrt(f.f(2)) ** 2 == f.f(2) and sqrt(f.f(1)) ** 2 == f.f(1)
    assert sqrt(Rational((10**50 // 2 - 10**25 + 1) ** 2)) == 10**50 // 2 - 10**25 + 1
