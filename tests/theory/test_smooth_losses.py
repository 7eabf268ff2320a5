"""Which losses and teachers are taken, and how the others are refused."""

import pytest
from sympy import (
    Abs,
    Expr,
    Function,
    Heaviside,
    Max,
    Piecewise,
    Rational,
    Symbol,
    asin,
    besselj,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    floor,
    log,
    sech,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from theory.generalized_linear import FIELD, SIGNAL_FIELD, BayesChannel, GeneralizedLinearLandscape
from theory.generalized_linear.smooth import vanishes
from theory.generalized_linear.teacher import core, is_even, is_monotone

U, Y = FIELD, SIGNAL_FIELD


@pytest.mark.parametrize(
    "loss",
    [
        (erf(U) - erf(Y)) ** 2,
        erfc(U * Y) + U**2,
        sech(U - Y) * U,
        log(2 + cos(U * Y)),
        sqrt(2 + cos(U)),
        (1 + exp(U)) ** -1,
        (1 + U**2) ** Rational(1, 3),
        U**2 / (Symbol("a", positive=True) + Y**2),
        exp(exp(exp(U))),
        U * Abs(Y),
        U * sign(Y),
        (U**2 - Max(0, Y, Y - 1)) ** 2,
    ],
)
def test_smooth_losses_are_taken(loss: Expr) -> None:
    landscape = GeneralizedLinearLandscape(loss)
    landscape.require_smooth()
    assert landscape.loss == loss


@pytest.mark.parametrize("loss", [besselj(0, U), Rational(-8) ** Rational(1, 3) * (U - Y) ** 2, Function("f")(U)])
def test_what_has_no_value_is_refused_at_once(loss: Expr) -> None:
    with pytest.raises(ValueError, match="contains"):
        GeneralizedLinearLandscape(loss)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ((sqrt(U**2) - sqrt(Y**2)) ** 2 / 2, r"contains Abs\(.\), which has a kink: the first derivative jumps"),
        (Abs(U - Y), "the first derivative jumps"),
        (U * Abs(U), "the second derivative jumps"),
        ((U**2) ** Rational(3, 2), "the third derivative jumps"),
        (Max(0, U - Y), "the first derivative jumps"),
        (Max(0, U - Y) ** 2, "the second derivative jumps"),
        (sqrt(U**2 + U**4), "not smooth where .* vanishes"),
        (sqrt(U**2 - 2 * U * Y + Y**2), "not smooth where .* vanishes"),
        ((U**2 + Y**2) ** Rational(1, 3), "not smooth where .* vanishes"),
        (U * Heaviside(U), "which jumps"),
        (Piecewise((U**2, U > 0), (0, True)), "which has a kink"),
        (Rational(-8) ** Rational(1, 3) * (U - Y) ** 2, r"\(-1\)\*\*\(1/3\), which is not a finite real number"),
        (U * log(-2), "not a finite real number"),
        (log(U) * Y, r"log\(u\), so that l is not finite"),
        (log(U**2 + Y**2), "l is not finite"),
        (1 / (U - Y), "has a pole where u - y vanishes"),
        (tan(U), "which has poles"),
        (besselj(0, U), r"besselj\(0, u\), which is not known here"),
        (asin(U), "which is not known here"),
        (Function("f")(U), r"f\(u\), which is not known here"),
    ],
)
def test_others_are_refused_by_name(loss: Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GeneralizedLinearLandscape(loss).require_smooth()


@pytest.mark.parametrize("teacher", [floor(Y), 1 / Y, log(Y), tan(Y), sqrt(Y)])
def test_teachers_are_finite_as_well(teacher: Expr) -> None:
    with pytest.raises(ValueError, match=r"teacher = .* contains"):
        GeneralizedLinearLandscape((U - Y) ** 2, teacher).require_smooth()


def test_identities_are_told_from_near_ones() -> None:
    assert vanishes(log(exp(U) + exp(-U)) - log(2 * cosh(U))) and vanishes((U - Y) ** 2 - U**2 + 2 * U * Y - Y**2)
    assert not vanishes((U - Y) ** 2 - U**2 - Y**2) and not vanishes(exp(U) - exp(U) * (1 + U / 10**20))


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        (tanh(Y**2), Y**2),
        (3 - 2 * exp(-(Y**2)), Y**2),
        (1 / (1 + Y**2), Y**2),
        (sinh(Y) ** 3, Y),
        (cosh(Y), Y**2),
        (sqrt(1 + Y**4), Y**4),
        (cos(Y), cos(Y)),
        (Y**4 - Y**2, Y**4 - Y**2),
        (tanh(Abs(Y)), Y**2),
    ],
)
def test_one_to_one_functions_around_a_label_show_the_same(label: Expr, inside: Expr) -> None:
    assert core(label) == inside


@pytest.mark.parametrize(
    "label", [tanh(Y), Y**3, Y**3 + Y, sinh(Y), erf(Y), Y + sin(Y) / 2, exp(Y), Y + sin(Y), Y + sign(Y)]
)
def test_monotone_teachers_show_everything(label: Expr) -> None:
    channel = BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, label))
    assert channel.invertible and channel.preimages == (Y,) and channel.variance == 0


@pytest.mark.parametrize(
    "label", [Y**2, Y**3 - Y, Y + 2 * sin(Y), cos(Y), Y * exp(-(Y**2)), Y**3 - Y / 100, Max(0, Y), Y - sign(Y)]
)
def test_others_do_not(label: Expr) -> None:
    assert not is_monotone(core(label))
    assert is_even(label) == (label in (Y**2, cos(Y)))
    assert is_monotone(core(label), positive=True) == (label in (Y**2, Max(0, Y), Y - sign(Y)))


@pytest.mark.parametrize(
    ("expression", "is_zero"),
    [
        (Heaviside(2 - U) - Heaviside(2 + U), False),
        (Heaviside(20 - U) - Heaviside(20 + U), False),
        (Max(0, U - 3) - Max(0, -U - 3), False),
        (floor(U) - floor(-U), False),
        (Abs(U**2 - Y**2) - Abs((U - Y) * (U + Y)), True),
        (Max(U, Y) - (U + Y + Abs(U - Y)) / 2, True),
    ],
)
def test_what_vanishes_up_to_a_kink_need_not_beyond(expression: Expr, is_zero: bool) -> None:
    assert vanishes(expression) is is_zero


def test_kinks_far_from_zero_are_not_even() -> None:
    assert not is_even(Heaviside(Y - 2)) and is_even(Heaviside(Abs(Y) - 2))
    assert not GeneralizedLinearLandscape(Heaviside(2 - U)).is_even
