"""Losses where double precision overflows or rounds away, and their lowest curvature."""

from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Expr, Rational, cos, cosh, diff, erf, exp, lambdify, log, sech, sinh, sqrt, tanh

from numerics.errors import ConvergenceError
from numerics.generalized_linear import evaluate_critical, initial_bbp
from numerics.generalized_linear.curvature import curvature_floor, curvature_unit, floor_of
from numerics.generalized_linear.extended import LARGEST, evaluate
from numerics.generalized_linear.loss import loss_functions
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems import LinearRegression, PhaseRetrieval

U, Y = FIELD, SIGNAL_FIELD
SIZES = np.array([0, 1e-3, 0.3, 2.5, 30, 1e3, 1e6])
FIELDS = [grid.ravel() for grid in np.meshgrid(np.concatenate((-SIZES, SIZES)), np.concatenate((SIZES, -SIZES)))]


def exact(expression: Expr) -> list[float]:
    """To 80 digits, cut at 1e150 in size."""
    with mpmath.workdps(80):
        function = lambdify((U, Y), expression, "mpmath")
        values = [function(mpmath.mpf(u), mpmath.mpf(y)) for u, y in zip(*FIELDS, strict=True)]
        return [float(max(min(value, mpmath.mpf(LARGEST)), -mpmath.mpf(LARGEST))) for value in values]


@pytest.mark.parametrize(
    "loss",
    [
        log(cosh(U**2 - Y**2)),
        log(1 + exp(2 * (U**2 - Y**2))) - (U**2 - Y**2),
        exp(U) / (1 + exp(U)),
        (1 + exp(U)) ** -1,
        sqrt(1 + exp(U)),
        sinh(U) / cosh(U),
        sech(U * Y),
        Y * exp(-(U**2)),
        tanh(U**2 - Y**2) ** 2,
        log(exp(U) + exp(-U) + exp(Y)),
        (erf(U) - erf(Y)) ** 2,
    ],
)
def test_rounding_errors_are_bounded_and_nothing_overflows(loss: Expr) -> None:
    for part in (loss, diff(loss, U), diff(loss, U, 2)):
        value, error = evaluate(part, {U: FIELDS[0], Y: FIELDS[1]})
        truth = np.array(exact(part))
        assert np.all(np.isfinite(value))
        assert np.all(np.abs(value - truth) <= error + 2e-16 * np.abs(truth) + 1e-300)
        near = np.maximum(*np.abs(FIELDS)) < 3
        assert np.max(error[near] / (1 + np.abs(truth[near]))) < 1e-10


def test_a_true_pole_is_told_from_overflow() -> None:
    u = np.array([0.0, 1.0, 300.0])
    pole, _ = evaluate(1 / U, {U: u, Y: u})
    huge, error = evaluate(exp(U**2) * cosh(U) - exp(U**2) * sinh(U), {U: u, Y: u})
    assert abs(pole[0]) >= LARGEST and error[0] < 1e-14
    assert_allclose(huge[1], 1, rtol=1e-14)
    assert huge[2] == LARGEST or error[2] > huge[2]


@pytest.mark.parametrize(
    ("loss", "floor"),
    [
        (log(cosh(U**2 - Y**2)), -2),
        (log(1 + exp(2 * (U**2 - Y**2))) - (U**2 - Y**2), -2),
        (log(cosh(10 * (U**2 - Y**2))), -20),
        ((U**2 - Y**2) ** 2 / (3 + Y**4), -2 / np.sqrt(3)),
        ((sqrt(1 + U**2) - sqrt(1 + Y**2)) ** 2 / sqrt(1 + Y**2), -2),
        (U**2 * exp(-(Y**2) / 2) + cos(U) / 5, -0.2),
        (log(1 + exp(-Y * U)), 0),
        (exp(exp(U)), 0),
        (tanh(cos(U)), -0.9393685093653763),
        (U**2 / log(2 + U**2 + Y**2) + U**2, 0),
        (log(1 + (U**2 - Y**2) ** 2), -np.inf),
        (tanh(U**2 - Y**2) ** 2, -np.inf),
        (-(U**2) * log(1 + U**2), -np.inf),
        ((U**2 - Y**2) ** 2, -np.inf),
        (-exp(U**2), -np.inf),
    ],
)
@pytest.mark.parametrize("size", [Rational(1), Rational(10**12)])
def test_infimum_of_the_curvature(loss: Expr, floor: float, size: Expr) -> None:
    landscape = GeneralizedLinearLandscape(size * loss)
    found = curvature_floor(landscape)
    if floor == 0:
        assert found >= 0
    else:
        assert found == pytest.approx(float(size) * floor, rel=1e-9)
    if size != 1:
        one = curvature_unit(GeneralizedLinearLandscape(loss))
        assert curvature_unit(landscape) == pytest.approx(float(size) * one, rel=1e-9)


def test_limits_that_are_hardly_approached_are_refused() -> None:
    with pytest.raises(ConvergenceError, match="approached too slowly"):
        curvature_floor(GeneralizedLinearLandscape(-(U**2) / 2 * (1 - 1 / log(3 + Y**2) / 8)))


def test_the_size_of_an_unbounded_or_convex_loss_is_its_typical_curvature() -> None:
    assert curvature_unit(LinearRegression()) == pytest.approx(1)
    assert curvature_unit(PhaseRetrieval(2)) == pytest.approx(1)
    assert 0.3 < curvature_unit(GeneralizedLinearLandscape((U**2 - Y**2) ** 2 / 4)) < 3


@pytest.mark.parametrize(
    ("landscape", "decay"),
    [
        (PhaseRetrieval(2), 2),
        (GeneralizedLinearLandscape((sqrt(1 + U**2) - sqrt(1 + Y**2)) ** 2 / sqrt(1 + Y**2)), 1),
        (GeneralizedLinearLandscape((U**2 - Y**2) ** 2 / (3 + Y**4)), 0),
        (GeneralizedLinearLandscape(log(1 + U**2)), 0),
    ],
)
def test_how_the_infimum_is_approached(landscape: GeneralizedLinearLandscape, decay: float) -> None:
    assert floor_of(landscape).decay == pytest.approx(decay, abs=1e-3)


def test_a_pinned_edge_says_how_slowly_it_is_reached() -> None:
    slow = initial_bbp(GeneralizedLinearLandscape((sqrt(1 + U**2) - sqrt(1 + Y**2)) ** 2 / sqrt(1 + Y**2)))
    assert slow.value == pytest.approx(3.97817552, abs=1e-8) and "only like 1/sqrt(ln N)" in slow.note
    assert "only like 1/ln N" in initial_bbp(PhaseRetrieval(2)).note
    assert initial_bbp(PhaseRetrieval(1)).note == ""


@pytest.mark.parametrize(
    "loss",
    [log(cosh(U**2 - Y**2)), log(1 + exp(2 * (U**2 - Y**2))) - (U**2 - Y**2), log(exp(U**2 - Y**2) + exp(Y**2 - U**2))],
)
def test_one_loss_written_in_ways_that_overflow(loss: Expr) -> None:
    found = initial_bbp(GeneralizedLinearLandscape(loss))
    assert abs(found.value - 0.986810551945367) < found.error + 1e-14 < 1e-11


@pytest.mark.parametrize("stretch", [40, 100])
def test_values_on_the_grid_that_overflow_are_mended(stretch: int) -> None:
    u, y = np.linspace(-10, 10, 41)[:, None], np.linspace(-9, 10, 39)[None, :]
    first, second = (
        loss_functions(GeneralizedLinearLandscape(loss))(u, y)
        for loss in (
            log(cosh(stretch * (U**2 - Y**2))),
            log(1 + exp(2 * stretch * (U**2 - Y**2))) - log(2) - stretch * (U**2 - Y**2),
        )
    )
    assert all(np.all(np.isfinite(part)) for part in (*first, *second))
    x = stretch * (u**2 - y**2)
    assert_allclose(first[0], np.logaddexp(x, -x) - np.log(2), rtol=1e-12, atol=1e-12)
    for one, other in zip(first, second, strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("size", [Rational(1, 10**12), Rational(1, 10**5), 10**4, 10**12])
@pytest.mark.parametrize("loss", [PhaseRetrieval(1).loss, (U**2 - Y**2) ** 2 / 4], ids=["bounded", "unbounded"])
def test_no_threshold_depends_on_the_size_of_a_loss(loss: Expr, size: Any) -> None:
    keys = ("bbp_initial", "bbp_threshold_1rsb", "bbp_kac_rice_dominant_quenched")
    one, scaled = (evaluate_critical(GeneralizedLinearLandscape(k * loss), keys) for k in (1, size))
    for key in keys:
        assert one[key].exists == scaled[key].exists and one[key].note == scaled[key].note
        if one[key].exists:
            assert scaled[key].value == pytest.approx(one[key].value, rel=1e-11)
